// What a plan is to make small, and by how much one layout beats another.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

enum class Objective {
  latency,     ///< Seconds until all outputs that were asked for are there.
  throughput,  ///< Seconds for each output, replicas counted.
  cost,        ///< GPU seconds for each output.
  memory,      ///< Peak bytes on a GPU.
};
constexpr std::string_view name_of(Objective objective) {
  switch (objective) {
    case Objective::latency:
      return "latency";
    case Objective::throughput:
      return "throughput";
    case Objective::cost:
      return "cost";
    case Objective::memory:
      return "memory";
  }
  return "latency";
}
/// nullopt for no name of one.
std::optional<Objective> objective_from(std::string_view name);
/// Latency where nothing was asked for.
Objective objective_of(const Request& request);

/// Of GPUs that are held while the layout runs, for one output. Seconds.
double gpu_seconds_per_output(const JudgedCase& judged, const Layout& layout, double total_seconds);

/// What a layout's run comes to under the objective, in seconds; nullopt where its time is not known. For memory, which
/// no time measures, the seconds of the run.
std::optional<double> objective_seconds(const JudgedCase& judged, const Layout& layout,
                                        const std::optional<double>& total_seconds);

/// Best first under the objective, those of unknown time last; equal ones stay in their order.
void sort_by_objective(const JudgedCase& judged, std::vector<LayoutCandidate>& candidates);

/// Two predicted times nearer than this are one: no prediction is better than that.
constexpr double k_told_apart = 1.005;

}  // namespace diffcheck
