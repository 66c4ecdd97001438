#include "probe/tensor_totals.h"

#include <array>
#include <string_view>
#include <utility>

#include "probe/text.h"

namespace diffcheck {
namespace {

/// Integers beside floating-point weights are indices and masks; more of them are packed weights.
constexpr double k_most_integer_share = 0.01;
/// Exponents by which blocks of weights are scaled: no weights, and no integers that hold some.
constexpr std::string_view k_scale_dtype = "F8_E8M0";

/// The project's names of the format's types.
constexpr std::array<std::pair<std::string_view, std::string_view>, 5> k_dtype_names = {
    {{"BF16", "bf16"}, {"F16", "fp16"}, {"F32", "fp32"}, {"F8_E4M3", "fp8"}, {"F8_E5M2", "fp8"}}};

std::string dtype_name(std::string_view stored) {
  for (const auto& [theirs, ours] : k_dtype_names) {
    if (stored == theirs) return std::string(ours);
  }
  return lower_case(stored);
}

}  // namespace

void TensorTotals::add(const SafetensorsHeader& header) {
  tensors_ += static_cast<std::int64_t>(header.tensors.size());
  for (const StoredTensor& tensor : header.tensors) {
    // No overflow: the bytes lie in files of bounded size, and an element has four bits or more.
    Sum& sum = by_dtype_[tensor.dtype];
    sum.elements += tensor.elements;
    sum.bytes += tensor.bytes;
  }
}

void TensorTotals::tell(CheckpointPart& part, const std::string& source) const {
  Sum all;
  std::int64_t params = 0;
  std::int64_t integer_bytes = 0;
  std::map<std::string, Sum> by_name;
  for (const auto& [stored, sum] : by_dtype_) {
    all.bytes += sum.bytes;
    if (is_floating_dtype(stored)) params += sum.elements;
    if (!is_floating_dtype(stored) && stored != k_scale_dtype) integer_bytes += sum.bytes;
    Sum& named = by_name[dtype_name(stored)];
    named.elements += sum.elements;
    named.bytes += sum.bytes;
  }
  part.tensors = known(tensors_, source);
  part.tensor_bytes = known(Bytes{all.bytes}, source);
  part.dtype = absent<std::string>(source);
  std::int64_t most_bytes = 0;
  for (const auto& [dtype, sum] : by_name) {
    part.dtypes[dtype] = known(sum.elements, source);
    if (sum.bytes <= most_bytes) continue;
    most_bytes = sum.bytes;
    part.dtype = known(dtype, source);
  }
  const bool packed = static_cast<double>(integer_bytes) > k_most_integer_share * static_cast<double>(all.bytes);
  part.params = packed ? unknown<std::int64_t>(source, "stored as integers, in which quantized weights are packed")
                       : known(params, source);
}

}  // namespace diffcheck
