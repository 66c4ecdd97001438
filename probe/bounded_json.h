// JSON that others wrote, as a tree: of bounded depth, so that neither building nor destroying it can run out of stack
// or memory. The text's length is bounded by whoever read it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "probe/result.h"

namespace diffcheck {

/// Errors (invalid), with `file` as their place: not JSON, no object, nested deeper than any configuration is.
Result<nlohmann::json> parse_json_object(std::string_view text, const std::string& file);

}  // namespace diffcheck
