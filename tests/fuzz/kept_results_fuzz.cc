// The file in the user's cache folder, on bytes that nobody wrote; with a checksum that fits as well, behind which a
// fuzzer would hardly get. What is checked beside the sanitizers: what is taken for whole stays within its limits, and
// is written and read again without loss.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "probe/binary_bytes.h"
#include "probe/kept_results.h"

namespace {

using namespace diffcheck;

constexpr KeptResults::Limits k_limits{64, 1 << 16};

void require(bool condition) {
  if (!condition) std::abort();
}

std::string bytes_of(ResultKey key) {
  std::string bytes;
  for (const std::uint64_t half : {key.high, key.low}) {
    for (unsigned i = 0; i < 8; ++i) bytes += static_cast<char>(half >> (8 * i));
  }
  return bytes;
}

void read(const std::string& bytes, ResultKey reader) {
  KeptResults results = KeptResults::parse(bytes, reader, k_limits);
  require(results.size() <= k_limits.entries);
  results.keep(ResultKey::of("new"), "result");
  const std::string again = results.to_bytes();
  require(again.size() <= k_limits.bytes);
  KeptResults read_again = KeptResults::parse(again, reader, k_limits);
  require(read_again.size() <= results.size() && read_again.size() > 0);
  require(read_again.find(ResultKey::of("new")) == "result");
}

void read_facts(std::string_view bytes) {
  const std::string path = "/x.so";
  if (const auto facts = binary_from_bytes(bytes, path)) require(to_bytes(*facts, path) == bytes);
  if (const auto names = names_from_bytes(bytes, path)) require(to_bytes(*names, path) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const ResultKey reader = ResultKey::of("reader");
  read(bytes, reader);
  read_facts(bytes);
  constexpr std::size_t magic_bytes = 8;
  constexpr std::size_t header_bytes = 40;
  if (size < header_bytes) return 0;
  const std::string summed = bytes.substr(header_bytes);
  const std::string magic = KeptResults(reader).to_bytes().substr(0, magic_bytes);
  read(magic + bytes_of(reader) + bytes_of(ResultKey::of(summed)) + summed, reader);
  return 0;
}
