#include "report/request_options.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "probe/text.h"
#include "report/model_name.h"
#include "rules/nearest.h"

namespace diffcheck {
namespace {

using Json = nlohmann::json;

Error invalid(const RequestOption& option, const std::string& expected) {
  return {Error::Kind::invalid, option.source, "expected " + expected + ", not \"" + option.value.substr(0, 80) + "\""};
}

/// Names that are told in more than one way.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> k_dtype_aliases = {
    {{"bfloat16", "bf16"}, {"float16", "fp16"}, {"half", "fp16"}, {"float32", "fp32"}}};

std::string dtype_id(std::string_view name) {
  const std::string small = lower_case(name);
  for (const auto& [alias, id] : k_dtype_aliases) {
    if (small == alias) return std::string(id);
  }
  return small;
}

std::string kernel_id(const std::string& name, const Knowledge& knowledge) {
  const auto is_called = [&](const Kernel& kernel) {
    return std::find(kernel.aliases.begin(), kernel.aliases.end(), name) != kernel.aliases.end();
  };
  if (find_entry(knowledge.kernels, name) != nullptr) return name;
  const auto found = std::find_if(knowledge.kernels.begin(), knowledge.kernels.end(), is_called);
  return found == knowledge.kernels.end() ? name : found->id;
}

/// Options that are shorthands for a pin, and the pin's name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> k_pin_options = {{{"attention", "attention"},
                                                                                          {"dtype", "dtype"},
                                                                                          {"ulysses", "ulysses"},
                                                                                          {"ring", "ring"},
                                                                                          {"cfg-parallel", "cfg"},
                                                                                          {"pipefusion", "pipefusion"},
                                                                                          {"tensor", "tensor"},
                                                                                          {"fsdp", "fsdp"},
                                                                                          {"offload", "offload"},
                                                                                          {"vae-tiling", "vae_tiling"},
                                                                                          {"quant", "quantization"},
                                                                                          {"compile", "compile"}}};
constexpr std::array<std::string_view, 16> k_plain_options = {
    "engine",        "model",     "model-dir", "task",        "size",
    "frames",        "steps",     "batch",     "gpus",        "nodes",
    "guidance",      "objective", "pin",       "allow-lossy", "measured-step-seconds",
    "gpu-hour-price"};

class RequestReader {
 public:
  explicit RequestReader(const Knowledge& knowledge) : knowledge_(knowledge) {}

  std::optional<Error> read(const RequestOption& option) {
    if (option.value.empty()) return invalid(option, "a value");
    for (const auto& [name, pin] : k_pin_options) {
      if (option.name == name) return read_pin(option, std::string(pin), option.value);
    }
    if (option.name == "pin") return read_pin_pair(option);
    if (option.name == "engine") return read_engine(option);
    if (option.name == "model") return set(request_.model, option, model_id(option.value, knowledge_));
    if (option.name == "model-dir") return set(request_.model_dir, option, option.value);
    if (option.name == "task") return set(request_.task, option, lower_case(option.value));
    if (option.name == "objective") return set(request_.objective, option, lower_case(option.value));
    if (option.name == "size") return read_size(option);
    if (option.name == "guidance") return read_number(option, request_.guidance_scale, "a number such as 5.0");
    if (option.name == "measured-step-seconds")
      return read_positive(option, request_.measured_step_seconds, "seconds above 0 and up to a million, such as 2.5");
    if (option.name == "gpu-hour-price")
      return read_positive(option, request_.gpu_hour_price, "a price above 0 and up to a million, such as 1.99");
    if (option.name == "allow-lossy") return read_lossy(option);
    return read_count(option);
  }

  Request request() && { return std::move(request_); }

 private:
  template <class T>
  std::optional<Error> set(Fact<T>& fact, const RequestOption& option, T value) {
    fact = known(std::move(value), option.source);
    return std::nullopt;
  }

  std::optional<Error> read_engine(const RequestOption& option) {
    const std::size_t at = option.value.find('@');
    if (at == 0 || at + 1 == option.value.size()) return invalid(option, "NAME or NAME@VERSION");
    request_.engine = known(lower_case(option.value.substr(0, at)), option.source);
    request_.engine_version = {};
    if (at != std::string::npos) request_.engine_version = known(option.value.substr(at + 1), option.source);
    return std::nullopt;
  }

  std::optional<Error> read_size(const RequestOption& option) {
    const std::size_t between = option.value.find_first_of("xX*");
    const auto width = parse_integer<std::int64_t>(std::string_view(option.value).substr(0, between));
    const auto height = between == std::string::npos
                            ? std::nullopt
                            : parse_integer<std::int64_t>(std::string_view(option.value).substr(between + 1));
    if (!width || !height) return invalid(option, "a size such as 832x480");
    request_.width = known(*width, option.source);
    request_.height = known(*height, option.source);
    return std::nullopt;
  }

  std::optional<Error> read_number(const RequestOption& option, Fact<double>& fact, const char* expected) {
    double value = 0;
    const char* const last = option.value.data() + option.value.size();
    const auto [end, code] = std::from_chars(option.value.data(), last, value);
    if (code != std::errc() || end != last || !std::isfinite(value)) return invalid(option, expected);
    return set(fact, option, value);
  }

  std::optional<Error> read_positive(const RequestOption& option, Fact<double>& fact, const char* expected) {
    if (auto error = read_number(option, fact, expected)) return error;
    constexpr double most = 1e6;
    return fact.value() > 0 && fact.value() <= most ? std::nullopt : std::optional<Error>(invalid(option, expected));
  }

  std::optional<Error> read_lossy(const RequestOption& option) {
    if (option.value != "on" && option.value != "off") return invalid(option, "on or off");
    return set(request_.allow_lossy, option, option.value == "on");
  }

  std::optional<Error> read_count(const RequestOption& option) {
    const auto value = parse_integer<std::int64_t>(option.value);
    if (!value) return invalid(option, "a whole number");
    const std::array<std::pair<std::string_view, Fact<std::int64_t>*>, 5> counts = {{{"frames", &request_.frames},
                                                                                     {"steps", &request_.steps},
                                                                                     {"batch", &request_.batch},
                                                                                     {"gpus", &request_.gpus},
                                                                                     {"nodes", &request_.nodes}}};
    for (const auto& [name, fact] : counts) {
      if (option.name == name) *fact = known(*value, option.source);
    }
    return std::nullopt;
  }

  std::optional<Error> read_pin_pair(const RequestOption& option) {
    const std::size_t equals = option.value.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == option.value.size())
      return invalid(option, "NAME=VALUE such as ring=2");
    return read_pin(option, option.value.substr(0, equals), option.value.substr(equals + 1));
  }

  std::optional<Error> read_pin(const RequestOption& option, const std::string& pin, const std::string& value) {
    const std::string small = lower_case(value);
    const std::string id = pin == "dtype" ? dtype_id(value) : pin == "attention" ? kernel_id(small, knowledge_) : small;
    Fact<std::string>& fact = request_.pins[pin];
    // The command line goes before a request file, but says each thing once.
    if (fact.is_known() && fact.source().starts_with("--") && fact.value() != id) {
      return Error{Error::Kind::invalid, option.source,
                   pin + " is already pinned to " + fact.value() + " by " + fact.source()};
    }
    fact = known(id, option.source);
    return std::nullopt;
  }

  const Knowledge& knowledge_;
  Request request_;
};

std::vector<std::string> option_names() {
  std::vector<std::string> names(k_plain_options.begin(), k_plain_options.end());
  for (const auto& [name, pin] : k_pin_options) names.emplace_back(name);
  return names;
}

/// Text as it is, numbers as they are written; anything else is not a value.
std::optional<std::string> scalar_text(const std::string& option, const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_number()) return json.dump();
  if (json.is_boolean() && (option == "vae-tiling" || option == "allow-lossy")) return json.get<bool>() ? "on" : "off";
  return std::nullopt;
}

/// {"ring": 2} and ["ring=2"] both give "ring=2".
std::optional<std::vector<std::string>> pin_texts(const Json& json) {
  std::vector<std::string> texts;
  if (json.is_object()) {
    for (const auto& [name, value] : json.items()) {
      const auto text = scalar_text(name == "vae_tiling" ? "vae-tiling" : name, value);
      if (!text) return std::nullopt;
      texts.push_back(name + "=" + *text);
    }
    return texts;
  }
  if (!json.is_array()) return std::nullopt;
  for (const Json& item : json) {
    if (!item.is_string()) return std::nullopt;
    texts.push_back(item.get<std::string>());
  }
  return texts;
}

}  // namespace

Result<std::vector<RequestOption>> request_options_from_json(std::string_view text, const std::string& file) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    return Error{Error::Kind::invalid, file, "not valid JSON at byte " + std::to_string(error.byte)};
  }
  if (!json.is_object())
    return Error{Error::Kind::invalid, file, "expected an object such as {\"model\": \"wan2.1-t2v-1.3b\"}"};
  const std::vector<std::string> names = option_names();
  std::vector<RequestOption> options;
  for (const auto& [name, value] : json.items()) {
    const std::string source = file + ": " + name;
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      return Error{Error::Kind::invalid, source, "no such option" + nearest_clause(name, names)};
    }
    if (name == "pin") {
      const auto pins = pin_texts(value);
      if (!pins) return Error{Error::Kind::invalid, source, "expected an object such as {\"ring\": 2}"};
      for (const std::string& pin : *pins) options.push_back({name, pin, source});
    } else if (const auto scalar = scalar_text(name, value)) {
      options.push_back({name, *scalar, source});
    } else {
      return Error{Error::Kind::invalid, source, "expected text or a number"};
    }
  }
  return options;
}

Result<Request> request_from(const std::vector<RequestOption>& options, const Knowledge& knowledge) {
  RequestReader reader(knowledge);
  for (const RequestOption& option : options) {
    if (auto error = reader.read(option)) return *error;
  }
  return std::move(reader).request();
}

}  // namespace diffcheck
