// Every format that `diffcheck import` reads: all of them look at each paste.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "probe/pasted/import_paste.h"

namespace {

/// Writing a snapshot and reading it back takes several times as long as the import, and is the same for all of them:
/// one in sixteen inputs is enough, and the same input always is.
bool is_written_too(const std::uint8_t* data, std::size_t size) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < size; ++i) sum += data[i];
  return sum % 16 == 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const diffcheck::pasted::PasteImport result =
      diffcheck::pasted::import_paste({reinterpret_cast<const char*>(data), size});
  // What is imported has to be a snapshot that every other command takes.
  if (!is_written_too(data, size)) return 0;
  if (!diffcheck::snapshot_from_json(diffcheck::snapshot_to_json(result.snapshot), "fuzz")) std::abort();
  return 0;
}
