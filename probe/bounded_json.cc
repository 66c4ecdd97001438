#include "probe/bounded_json.h"

#include <algorithm>
#include <cstddef>

namespace diffcheck {
namespace {

constexpr std::size_t k_deepest = 64;

/// Brackets that are open at once, outside of texts. Exact for JSON; what is none fails to parse anyway.
std::size_t depth_of(std::string_view text) {
  std::size_t depth = 0;
  std::size_t deepest = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char character = text[i];
    if (in_text) {
      if (character == '\\') ++i;
      if (character == '"') in_text = false;
    } else if (character == '"') {
      in_text = true;
    } else if (character == '{' || character == '[') {
      deepest = std::max(deepest, ++depth);
    } else if ((character == '}' || character == ']') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<nlohmann::json> parse_json_object(std::string_view text, const std::string& file) {
  if (depth_of(text) > k_deepest) {
    return Error{Error::Kind::invalid, file,
                 "is nested deeper than " + std::to_string(k_deepest) + " levels; expected a configuration"};
  }
  try {
    auto json = nlohmann::json::parse(text);
    if (!json.is_object()) return Error{Error::Kind::invalid, file, "is no JSON object"};
    return json;
  } catch (const nlohmann::json::parse_error& error) {
    return Error{Error::Kind::invalid, file, "is not valid JSON at byte " + std::to_string(error.byte)};
  } catch (const nlohmann::json::out_of_range&) {
    return Error{Error::Kind::invalid, file, "holds a number that is out of range"};
  }
}

}  // namespace diffcheck
