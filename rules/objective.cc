#include "rules/objective.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "rules/run_size.h"

namespace diffcheck {

std::optional<Objective> objective_from(std::string_view name) {
  for (const Objective one : {Objective::latency, Objective::throughput, Objective::cost, Objective::memory}) {
    if (name == name_of(one)) return one;
  }
  return std::nullopt;
}

Objective objective_of(const Request& request) {
  if (!request.objective.is_known()) return Objective::latency;
  return objective_from(request.objective.value()).value_or(Objective::latency);
}

double gpu_seconds_per_output(const JudgedCase& judged, const Layout& layout, double total_seconds) {
  return total_seconds * static_cast<double>(layout.world_size) / static_cast<double>(outputs_at_once(judged, layout));
}

std::optional<double> objective_seconds(const JudgedCase& judged, const Layout& layout,
                                        const std::optional<double>& total_seconds) {
  if (!total_seconds) return std::nullopt;
  switch (objective_of(judged.request)) {
    case Objective::throughput:
      return *total_seconds / static_cast<double>(outputs_at_once(judged, layout));
    case Objective::cost:
      return gpu_seconds_per_output(judged, layout, *total_seconds);
    case Objective::latency:
    case Objective::memory:
      break;
  }
  return total_seconds;
}

void sort_by_objective(const JudgedCase& judged, std::vector<LayoutCandidate>& candidates) {
  if (objective_of(judged.request) == Objective::memory) {
    const auto key = [](const LayoutCandidate& one) {
      return std::pair(one.peak_bytes.value_or(std::numeric_limits<std::int64_t>::max()),
                       one.time.total ? one.time.total->seconds : std::numeric_limits<double>::infinity());
    };
    return std::stable_sort(candidates.begin(), candidates.end(),
                            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  }
  const auto value_of = [&](const LayoutCandidate& one) {
    const auto total = one.time.total ? std::optional<double>(one.time.total->seconds) : std::nullopt;
    return objective_seconds(judged, one.layout, total).value_or(std::numeric_limits<double>::infinity());
  };
  std::stable_sort(candidates.begin(), candidates.end(),
                   [&](const LayoutCandidate& a, const LayoutCandidate& b) { return value_of(a) < value_of(b); });
}

}  // namespace diffcheck
