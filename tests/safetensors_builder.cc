#include "tests/safetensors_builder.h"

namespace diffcheck {

std::string safetensors_bytes(std::string_view header, std::size_t data_bytes, std::uint64_t told_length) {
  std::string bytes;
  for (unsigned i = 0; i < sizeof(told_length); ++i) bytes += static_cast<char>(told_length >> (8 * i) & 0xffU);
  return bytes.append(header).append(data_bytes, '\0');
}

std::string safetensors_bytes(std::string_view header, std::size_t data_bytes) {
  return safetensors_bytes(header, data_bytes, header.size());
}

SafetensorsBuilder& SafetensorsBuilder::tensor(const std::string& name, const std::string& dtype, std::int64_t bits,
                                               const std::vector<std::int64_t>& shape) {
  std::string sides;
  std::int64_t elements = 1;
  for (const std::int64_t side : shape) {
    sides += (sides.empty() ? "" : ",") + std::to_string(side);
    elements *= side;
  }
  const std::size_t end = data_bytes_ + static_cast<std::size_t>(elements * bits / 8);
  tensors_ += R"(,")" + name + R"(":{"dtype":")" + dtype + R"(","shape":[)" + sides + R"(],"data_offsets":[)" +
              std::to_string(data_bytes_) + "," + std::to_string(end) + "]}";
  data_bytes_ = end;
  return *this;
}

}  // namespace diffcheck
