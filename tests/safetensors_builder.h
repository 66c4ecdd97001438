// Safetensors files that a test writes: honest ones, and ones whose header lies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace diffcheck {

/// Eight bytes of length, the header as it is, and `data_bytes` zero bytes.
std::string safetensors_bytes(std::string_view header, std::size_t data_bytes);
/// The same, with a length that is told instead of the header's own.
std::string safetensors_bytes(std::string_view header, std::size_t data_bytes, std::uint64_t told_length);

class SafetensorsBuilder {
 public:
  /// `bits` are those of one element of `dtype`.
  SafetensorsBuilder& tensor(const std::string& name, const std::string& dtype, std::int64_t bits,
                             const std::vector<std::int64_t>& shape);
  std::string build() const { return safetensors_bytes("{" + tensors_ + "}", data_bytes_); }

 private:
  std::string tensors_ = R"("__metadata__":{"format":"pt"})";
  std::size_t data_bytes_ = 0;
};

}  // namespace diffcheck
