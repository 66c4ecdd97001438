#include "rules/nearest.h"

#include <algorithm>
#include <cctype>

#include "probe/fact_table.h"

namespace diffcheck {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return result;
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view wanted, const std::vector<std::string>& names,
                                       std::size_t count) {
  const std::string folded = lower(wanted);
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const std::string& name : names) {
    const std::string candidate = lower(name);
    const bool inside = !folded.empty() && candidate.find(folded) != std::string::npos;
    ranked.emplace_back(inside ? 0 : edit_distance(folded, candidate), name);
  }
  std::sort(ranked.begin(), ranked.end());
  ranked.erase(std::unique(ranked.begin(), ranked.end()), ranked.end());
  std::vector<std::string> nearest;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) nearest.push_back(ranked[i].second);
  return nearest;
}

std::string nearest_clause(std::string_view wanted, const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : nearest_names(wanted, names)) text += (text.empty() ? "; nearest: " : ", ") + name;
  return text;
}

}  // namespace diffcheck
