// The header of a safetensors file: which tensors it holds, of which types and shapes. The tensors themselves are never
// read. Format: https://github.com/huggingface/safetensors README.md, "Format"; what is refused here, its own reader
// (safetensors/src/tensor.rs) refuses as well.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probe/byte_source.h"
#include "probe/result.h"

namespace diffcheck {

struct StoredTensor {
  std::string name;
  std::string dtype;  ///< As the format calls it: "BF16".
  std::vector<std::int64_t> shape;
  std::int64_t elements = 0;  ///< Product of the shape; 1 for a scalar.
  std::int64_t bytes = 0;
};

struct SafetensorsHeader {
  std::vector<StoredTensor> tensors;  ///< In the order of their data.
  std::int64_t header_bytes = 0;      ///< With the eight bytes of its length.
};

/// Whether its elements are numbers of a model: floating point, and no exponents of a scale (F8_E8M0).
bool is_floating_dtype(std::string_view dtype);

/// Errors (invalid): what is wrong with the header and what was expected; the tensors' data must be exactly the rest of
/// the file, so a file that was cut short is refused. Or what the file says when it is read.
Result<SafetensorsHeader> read_safetensors_header(const ByteSource& file);

}  // namespace diffcheck
