// What the search for libraries reads: /etc/ld.so.cache, what a file tells the dynamic linker, the lists in torch's own
// source. Every reader looks at each input.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "probe/byte_source.h"
#include "probe/ld_cache.h"
#include "probe/link_object.h"
#include "probe/torch_process.h"

namespace {

using namespace diffcheck;

constexpr std::uint16_t k_x86_64 = 62;
constexpr std::uint16_t k_aarch64 = 183;

void require(bool condition) {
  if (!condition) std::abort();
}

void read_cache(const std::string& bytes) {
  const auto cache = LdCache::parse("/etc/ld.so.cache", bytes);
  if (!cache) return;
  for (const char* name : {"libc.so.6", "libcudart.so.12", ""}) {
    for (const std::uint16_t machine : {k_x86_64, k_aarch64}) {
      // An entry is 24 bytes; a path is text of the file.
      const auto paths = cache->find(name, machine);
      require(paths.size() <= bytes.size() / 24);
      for (const std::string& path : paths) require(path.size() < bytes.size());
    }
  }
}

void read_object(const std::string& bytes) {
  const ByteSource source = ByteSource::of("x.so", bytes);
  const auto object = read_link_object(source);
  if (object) require(object->interpreter.size() <= bytes.size());
  const auto other = is_for_another_machine(source, k_x86_64);
  // What is read for this machine is not for another.
  if (object && other && object->machine == k_x86_64) require(!*other);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read_cache(bytes);
  read_object(bytes);
  const TorchPreloads preloads = parse_torch_preloads(bytes);
  require(preloads.after.size() + preloads.instead.size() <= size);
  return 0;
}
