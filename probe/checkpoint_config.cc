#include "probe/checkpoint_config.h"

#include <array>
#include <cstddef>
#include <initializer_list>
#include <optional>

#include "probe/bounded_json.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

using Json = nlohmann::json;

constexpr std::int64_t k_largest_dimension = 1'000'000;
constexpr std::size_t k_longest_text = 256;
constexpr std::size_t k_most_patch_sides = 3;

class ConfigReader {
 public:
  ConfigReader(const Json& json, const std::string& file) : json_(json), file_(file) {}

  const std::optional<Error>& error() const { return error_; }

  /// The first of `keys` that is there and not null.
  Fact<std::string> text(std::initializer_list<const char*> keys) {
    const auto [key, value] = find(keys);
    if (value == nullptr) return absent<std::string>(file_);
    if (!value->is_string()) return failed<std::string>(key, "text", *value);
    return known(printable(value->get<std::string>(), k_longest_text), file_);
  }

  Fact<std::int64_t> number(std::initializer_list<const char*> keys) {
    const auto [key, value] = find(keys);
    if (value == nullptr) return absent<std::int64_t>(file_);
    // A UNet tells one number for each of its stages.
    if (value->is_array() && !value->empty() && is_dimension(value->front()))
      return unknown<std::int64_t>(file_, std::string(key) + " differs from stage to stage");
    if (!is_dimension(*value)) return failed<std::int64_t>(key, expected_number(), *value);
    return known(value->get<std::int64_t>(), file_);
  }

  /// 2, or [1, 2, 2]: "2", "1x2x2".
  Fact<std::string> patch(const char* key) {
    const auto found = find({key});
    const Json* const value = found.value;
    if (value == nullptr) return absent<std::string>(file_);
    if (is_dimension(*value)) return known(value->dump(), file_);
    if (!value->is_array() || value->empty() || value->size() > k_most_patch_sides)
      return failed<std::string>(key, "a whole number or up to three of them", *value);
    std::string sides;
    for (const Json& side : *value) {
      if (!is_dimension(side)) return failed<std::string>(key, "whole numbers", *value);
      sides += (sides.empty() ? "" : "x") + side.dump();
    }
    return known(std::move(sides), file_);
  }

  Fact<std::string> quantization() {
    const auto found = find({"quantization_config"});
    if (found.value == nullptr) return absent<std::string>(file_);
    if (!found.value->is_object()) return failed<std::string>(found.key, "an object", *found.value);
    const ConfigReader inner(*found.value, file_);
    const auto method = inner.find({"quant_method", "quant_type"});
    const std::string name = method.value != nullptr && method.value->is_string()
                                 ? printable(method.value->get<std::string>(), k_longest_text)
                                 : "not named";
    for (const char* bits : {"4bit", "8bit"}) {
      const auto load = found.value->find(std::string("load_in_") + bits);
      if (load != found.value->end() && load->is_boolean() && load->get<bool>()) return known(name + " " + bits, file_);
    }
    return known(name, file_);
  }

 private:
  struct Member {
    const char* key = "";
    const Json* value = nullptr;
  };

  Member find(std::initializer_list<const char*> keys) const {
    for (const char* key : keys) {
      const auto found = json_.find(key);
      if (found != json_.end() && !found->is_null()) return {key, &*found};
    }
    return {};
  }

  static std::string expected_number() { return "a whole number from 1 to " + std::to_string(k_largest_dimension); }

  static bool is_dimension(const Json& value) {
    return value.is_number_unsigned() && value.get<std::uint64_t>() >= 1 &&
           value.get<std::uint64_t>() <= static_cast<std::uint64_t>(k_largest_dimension);
  }

  template <class T>
  Fact<T> failed(const char* key, const std::string& expected, const Json& found) {
    const std::string text = found.dump(-1, ' ', true, Json::error_handler_t::replace);
    if (!error_)
      error_ = Error{Error::Kind::invalid, file_ + ": " + key, "expected " + expected + ", not " + quote(text)};
    return unknown<T>(file_, "of the wrong type");
  }

  const Json& json_;
  const std::string& file_;
  std::optional<Error> error_;
};

Fact<std::int64_t> sum_of(const Fact<std::int64_t>& layers, const Fact<std::int64_t>& more, std::int64_t times) {
  if (!layers.is_known() || !more.is_known()) return layers;
  return known(layers.value() + times * more.value(), layers.source());
}

/// Whichever of heads x head_dim = hidden is not told follows from the others.
void complete(CheckpointConfig& config) {
  if (config.class_name.is_known() && config.class_name.value().starts_with("UNet")) {
    // diffusers' UNet2DConditionModel calls the number of heads attention_head_dim (its issue 2011).
    config.head_dim = unknown<std::int64_t>(config.class_name.source(), "a UNet's heads differ from stage to stage");
    return;
  }
  if (!config.heads.is_known()) return;
  const std::int64_t heads = config.heads.value();
  if (config.head_dim.is_absent() && config.hidden.is_known()) {
    const std::int64_t hidden = config.hidden.value();
    config.head_dim = hidden % heads == 0
                          ? known(hidden / heads, config.hidden.source())
                          : unknown<std::int64_t>(config.hidden.source(), "its width is no multiple of its heads");
  } else if (config.hidden.is_absent() && config.head_dim.is_known()) {
    config.hidden = known(heads * config.head_dim.value(), config.head_dim.source());
  }
}

}  // namespace

Result<CheckpointConfig> parse_checkpoint_config(std::string_view text, const std::string& file) {
  const auto json = parse_json_object(text, file);
  if (!json) return json.error();
  ConfigReader reader(*json, file);
  CheckpointConfig config;
  config.class_name = reader.text({"_class_name"});
  if (config.class_name.is_absent() && json->contains("architectures")) {
    const Json& names = (*json)["architectures"];
    if (names.is_array() && !names.empty() && names.front().is_string())
      config.class_name = known(printable(names.front().get<std::string>(), k_longest_text), file);
  }
  config.name = reader.text({"_name_or_path"});
  config.layers =
      sum_of(reader.number({"num_layers", "n_layers", "num_hidden_layers"}), reader.number({"num_single_layers"}), 1);
  // Z-Image refines noise and context with as many blocks each.
  config.layers = sum_of(config.layers, reader.number({"n_refiner_layers"}), 2);
  config.heads = reader.number({"num_attention_heads", "num_heads", "n_heads"});
  config.head_dim = reader.number({"attention_head_dim", "head_dim", "d_kv"});
  config.hidden = reader.number({"dim", "hidden_size", "d_model"});
  config.ffn = reader.number({"ffn_dim", "intermediate_size", "d_ff"});
  config.in_channels = reader.number({"in_channels", "in_dim"});
  config.patch = reader.patch("patch_size");
  config.quantization = reader.quantization();
  complete(config);
  if (reader.error()) return *reader.error();
  return config;
}

}  // namespace diffcheck
