// Everything that is read of a checkpoint, on bytes that nobody wrote: headers, indexes and configurations. What is
// checked beside the sanitizers: what is given back is bounded by what was given.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "probe/checkpoint_config.h"
#include "probe/checkpoint_files.h"
#include "probe/safetensors.h"
#include "probe/tensor_totals.h"

namespace {

using namespace diffcheck;

void require(bool condition) {
  if (!condition) std::abort();
}

void read_header(const std::string& bytes) {
  const auto header = read_safetensors_header(ByteSource::of("fuzz", bytes));
  if (!header) {
    require(!header.error().what.empty() && header.error().where == "fuzz");
    return;
  }
  std::int64_t tensor_bytes = 0;
  for (const StoredTensor& tensor : header->tensors) {
    require(tensor.bytes >= 0 && tensor.elements >= 0 && tensor.elements <= 2 * tensor.bytes);
    tensor_bytes += tensor.bytes;
  }
  require(header->header_bytes + tensor_bytes == static_cast<std::int64_t>(bytes.size()));
  TensorTotals totals;
  totals.add(*header);
  CheckpointPart part;
  totals.tell(part, "fuzz");
  require(part.tensor_bytes.value().count == tensor_bytes);
}

void read_texts(const std::string& text) {
  if (const auto config = parse_checkpoint_config(text, "fuzz")) require(!config->layers.is_unset());
  const auto index = parse_weight_index(text, "fuzz");
  if (!index) return;
  require(index->size() <= text.size());
  if (const auto groups = group_weight_files(*index, {}, "fuzz")) require(groups->size() <= index->size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read_header(bytes);
  read_texts(bytes);
  return 0;
}
