#include "report/stacked_bar.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace diffcheck {
namespace {

constexpr std::array<std::string_view, k_bar_fills> k_unicode_fills = {"█", "▓", "▒", "░"};
constexpr std::array<std::string_view, k_bar_fills> k_ascii_fills = {"#", "=", "%", "."};

std::size_t place_of(std::int64_t value, std::int64_t full, std::size_t columns) {
  if (full <= 0) return 0;
  const double share = static_cast<double>(value) / static_cast<double>(full);
  return static_cast<std::size_t>(std::lround(std::clamp(share, 0.0, 1.0) * static_cast<double>(columns)));
}

}  // namespace

std::string bar_fill(std::size_t part, const Style& style) {
  return std::string(style.unicode ? k_unicode_fills.at(part) : k_ascii_fills.at(part));
}

std::string stacked_bar(const std::vector<std::int64_t>& parts, std::int64_t full, std::optional<std::int64_t> limit,
                        std::size_t columns, const Style& style) {
  std::vector<std::string> cells(columns, " ");
  std::int64_t sum = 0;
  std::size_t from = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    sum += parts[i];
    const std::size_t to = place_of(sum, full, columns);
    for (std::size_t column = from; column < to; ++column) cells[column] = bar_fill(i, style);
    from = to;
  }
  if (limit) {
    const std::size_t place = place_of(*limit, full, columns);
    cells.insert(cells.begin() + static_cast<std::ptrdiff_t>(place), "|");
  }
  while (!cells.empty() && cells.back() == " ") cells.pop_back();
  std::string bar;
  for (const std::string& cell : cells) bar += cell;
  return bar;
}

}  // namespace diffcheck
