#include "probe/safetensors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "probe/little_endian.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t k_length_bytes = 8;
constexpr std::int64_t k_longest_header_bytes = ByteSource::largest_read_bytes;  // The format allows 100 MB.
constexpr std::size_t k_most_tensors = 200'000;                                  // A large model has a few thousand.
constexpr std::size_t k_most_dimensions = 16;
constexpr std::int64_t k_bits_per_byte = 8;
constexpr std::string_view k_metadata = "__metadata__";

struct DtypeSize {
  std::string_view name;
  std::int64_t bits;
  bool floating;
};
// safetensors/src/tensor.rs, enum Dtype and bitsize().
constexpr std::array<DtypeSize, 19> k_dtypes = {{{"BOOL", 8, false},
                                                 {"F4", 4, true},
                                                 {"F6_E2M3", 6, true},
                                                 {"F6_E3M2", 6, true},
                                                 {"U8", 8, false},
                                                 {"I8", 8, false},
                                                 {"F8_E5M2", 8, true},
                                                 {"F8_E4M3", 8, true},
                                                 {"F8_E8M0", 8, false},
                                                 {"I16", 16, false},
                                                 {"U16", 16, false},
                                                 {"F16", 16, true},
                                                 {"BF16", 16, true},
                                                 {"I32", 32, false},
                                                 {"U32", 32, false},
                                                 {"F32", 32, true},
                                                 {"C64", 64, true},
                                                 {"F64", 64, true},
                                                 {"I64", 64, false}}};

const DtypeSize* find_dtype(std::string_view name) {
  if (name == "U64") name = "I64";
  const auto found =
      std::find_if(k_dtypes.begin(), k_dtypes.end(), [&](const auto& dtype) { return dtype.name == name; });
  return found == k_dtypes.end() ? nullptr : &*found;
}

std::optional<std::int64_t> product(std::int64_t left, std::int64_t right) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(left, right, &result)) return std::nullopt;
  return result;
}

/// A tensor as the header tells it, with the place of its data.
struct DeclaredTensor {
  StoredTensor tensor;
  std::vector<std::int64_t> offsets;
  bool has_shape = false;
};

/// Takes the header's JSON as it is parsed: nothing of it is kept but the tensors, whatever its depth and size.
class HeaderReader : public nlohmann::json_sax<Json> {
 public:
  std::vector<DeclaredTensor> take() && { return std::move(tensors_); }
  const std::string& problem() const { return problem_; }

  bool null() override { return wrong_value("null"); }
  bool boolean(bool) override { return wrong_value("a boolean"); }
  bool number_integer(number_integer_t) override { return wrong_value("a negative number"); }
  bool number_float(number_float_t, const string_t&) override {
    return wrong_value("a fraction or too large a number");
  }
  bool binary(binary_t&) override { return false; }

  bool number_unsigned(number_unsigned_t value) override {
    if (place_ != Place::shape && place_ != Place::offsets) return wrong_value("a number");
    if (value > static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max()))
      return wrong_value("a number above 2^63");
    std::vector<std::int64_t>& list = place_ == Place::shape ? tensors_.back().tensor.shape : tensors_.back().offsets;
    if (list.size() == k_most_dimensions) return fail("more than " + std::to_string(k_most_dimensions) + " numbers");
    list.push_back(static_cast<std::int64_t>(value));
    return true;
  }

  bool string(string_t& text) override {
    if (place_ == Place::metadata) return true;
    if (place_ != Place::dtype) return wrong_value("text");
    tensors_.back().tensor.dtype = text;
    place_ = Place::tensor;
    return true;
  }

  bool key(string_t& name) override {
    if (place_ == Place::metadata) return true;
    if (place_ == Place::header) return start_tensor(name);
    if (name == "dtype") {
      place_ = Place::dtype;
    } else if (name == "shape") {
      place_ = Place::shape_list;
    } else if (name == "data_offsets") {
      place_ = Place::offsets_list;
    } else {
      return fail("has a member " + quote(name) + "; expected dtype, shape and data_offsets");
    }
    return true;
  }

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::start:
        place_ = Place::header;
        return true;
      case Place::tensor_value:
        place_ = in_metadata_ ? Place::metadata : Place::tensor;
        return true;
      default:
        return wrong_value("an object");
    }
  }

  bool end_object() override {
    place_ = place_ == Place::header ? Place::end : Place::header;
    in_metadata_ = false;
    return true;
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::shape_list) {
      tensors_.back().has_shape = true;
      tensors_.back().tensor.shape.clear();
      place_ = Place::shape;
    } else if (place_ == Place::offsets_list) {
      tensors_.back().offsets.clear();
      place_ = Place::offsets;
    } else {
      return wrong_value("a list");
    }
    return true;
  }

  bool end_array() override {
    place_ = Place::tensor;
    return true;
  }

  bool parse_error(std::size_t byte, const std::string&, const nlohmann::detail::exception&) override {
    return fail("is not valid JSON at byte " + std::to_string(byte));
  }

 private:
  enum class Place {
    start,
    header,
    tensor_value,
    metadata,
    tensor,
    dtype,
    shape_list,
    shape,
    offsets_list,
    offsets,
    end
  };

  bool start_tensor(const std::string& name) {
    in_metadata_ = name == k_metadata;
    if (!in_metadata_) {
      if (tensors_.size() == k_most_tensors)
        return fail("lists more than " + std::to_string(k_most_tensors) + " tensors");
      tensors_.emplace_back();
      tensors_.back().tensor.name = name;
    }
    place_ = Place::tensor_value;
    return true;
  }

  bool fail(std::string what) {
    if (problem_.empty()) problem_ = place_name() + what;
    return false;
  }

  bool wrong_value(const char* what) {
    switch (place_) {
      case Place::dtype:
        return fail(std::string("has ") + what + " as its dtype; expected text such as BF16");
      case Place::shape_list:
      case Place::shape:
      case Place::offsets_list:
      case Place::offsets:
        return fail(std::string("has ") + what + " in shape or data_offsets; expected lists of whole numbers");
      case Place::metadata:
        return fail(std::string("has ") + what + " in __metadata__; expected text");
      default:
        return fail(std::string("holds ") + what + "; expected an object of tensors");
    }
  }

  std::string place_name() const {
    const bool in_tensor = place_ != Place::start && place_ != Place::header && place_ != Place::end;
    if (!in_tensor || in_metadata_ || tensors_.empty()) return "its header ";
    return "its tensor " + quote(tensors_.back().tensor.name) + " ";
  }

  Place place_ = Place::start;
  bool in_metadata_ = false;
  std::vector<DeclaredTensor> tensors_;
  std::string problem_;
};

/// What is wrong with one tensor by itself; "" where nothing is. Works out its elements and bytes.
std::string settle(DeclaredTensor& declared) {
  StoredTensor& tensor = declared.tensor;
  const DtypeSize* dtype = find_dtype(tensor.dtype);
  if (dtype == nullptr) return "has the unknown dtype " + quote(tensor.dtype);
  if (!declared.has_shape) return "has no shape";
  if (declared.offsets.size() != 2 || declared.offsets[0] > declared.offsets[1])
    return "has no data_offsets of the form [begin, end]";
  std::optional<std::int64_t> elements = 1;
  for (const std::int64_t length : tensor.shape) elements = elements ? product(*elements, length) : elements;
  const auto bits = elements ? product(*elements, dtype->bits) : std::nullopt;
  if (!bits) return "has a shape of more elements than there can be";
  tensor.elements = *elements;
  tensor.bytes = declared.offsets[1] - declared.offsets[0];
  if (*bits % k_bits_per_byte != 0 || *bits / k_bits_per_byte != tensor.bytes) {
    return "needs " + std::to_string(*bits) + " bits by its dtype and shape, but its data_offsets hold " +
           std::to_string(tensor.bytes) + " bytes";
  }
  return "";
}

/// The tensors must fill the data without holes, in some order, as the format's own reader demands.
std::string check_places(std::vector<DeclaredTensor>& tensors, std::int64_t data_bytes) {
  std::sort(tensors.begin(), tensors.end(),
            [](const DeclaredTensor& left, const DeclaredTensor& right) { return left.offsets < right.offsets; });
  std::int64_t expected = 0;
  for (const DeclaredTensor& declared : tensors) {
    if (declared.offsets[0] != expected) {
      return "its tensor " + quote(declared.tensor.name) + " starts at byte " + std::to_string(declared.offsets[0]) +
             " of the data; expected " + std::to_string(expected) + ", where the tensor before it ends";
    }
    expected = declared.offsets[1];
  }
  if (expected == data_bytes) return "";
  const std::string sizes = "its header describes " + std::to_string(expected) + " bytes of tensors, but " +
                            std::to_string(data_bytes) + " follow it";
  return expected > data_bytes ? sizes + ": the file was cut short, download it again" : sizes;
}

std::string check_names(const std::vector<DeclaredTensor>& tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const DeclaredTensor& declared : tensors) names.emplace_back(declared.tensor.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  return twice == names.end() ? "" : "its header names the tensor " + quote(*twice) + " twice";
}

Result<std::string> header_text(const ByteSource& file) {
  const auto invalid = [&](std::string what) { return Error{Error::Kind::invalid, file.path(), std::move(what)}; };
  if (file.size_bytes() < k_length_bytes)
    return invalid("has " + std::to_string(file.size_bytes()) + " bytes; expected a safetensors file");
  const auto start = file.read_at(0, k_length_bytes);
  if (!start) return start.error();
  const auto length = little_endian<std::uint64_t>(*start, 0);
  const auto rest = static_cast<std::uint64_t>(file.size_bytes() - k_length_bytes);
  if (length > rest) {
    return invalid("says that its header has " + std::to_string(length) + " bytes, but only " + std::to_string(rest) +
                   " follow; expected a safetensors file");
  }
  if (length > static_cast<std::uint64_t>(k_longest_header_bytes))
    return invalid("says that its header has " + std::to_string(length) + " bytes; at most 64 MiB are read");
  return file.read_at(k_length_bytes, static_cast<std::int64_t>(length));
}

}  // namespace

bool is_floating_dtype(std::string_view dtype) {
  const DtypeSize* found = find_dtype(dtype);
  return found != nullptr && found->floating;
}

Result<SafetensorsHeader> read_safetensors_header(const ByteSource& file) {
  const auto invalid = [&](std::string what) { return Error{Error::Kind::invalid, file.path(), std::move(what)}; };
  const auto text = header_text(file);
  if (!text) return text.error();
  HeaderReader reader;
  const bool parsed = Json::sax_parse(*text, &reader);
  if (!reader.problem().empty()) return invalid(reader.problem());
  if (!parsed) return invalid("its header is not valid JSON");
  std::vector<DeclaredTensor> tensors = std::move(reader).take();
  for (DeclaredTensor& declared : tensors) {
    const std::string problem = settle(declared);
    if (!problem.empty()) return invalid("its tensor " + quote(declared.tensor.name) + " " + problem);
  }
  SafetensorsHeader header;
  header.header_bytes = k_length_bytes + static_cast<std::int64_t>(text->size());
  if (auto problem = check_names(tensors); !problem.empty()) return invalid(std::move(problem));
  if (auto problem = check_places(tensors, file.size_bytes() - header.header_bytes); !problem.empty())
    return invalid(std::move(problem));
  header.tensors.reserve(tensors.size());
  for (DeclaredTensor& declared : tensors) header.tensors.push_back(std::move(declared.tensor));
  return header;
}

}  // namespace diffcheck
