// One bar of stacked parts against a limit, for a terminal: "████████▓▓▒  |".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "report/style.h"

namespace diffcheck {

/// How the n-th part of a bar looks, for a legend. n below k_bar_fills.
constexpr std::size_t k_bar_fills = 4;
std::string bar_fill(std::size_t part, const Style& style);

/// `columns` columns stand for `full`; the limit is a line of its own column, in front of what exceeds it. Each part
/// that is not nothing gets what is left of its rounded place, so that the bar's end is right to half a column.
std::string stacked_bar(const std::vector<std::int64_t>& parts, std::int64_t full, std::optional<std::int64_t> limit,
                        std::size_t columns, const Style& style);

}  // namespace diffcheck
