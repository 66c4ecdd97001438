// The Pareto front of a case: the ways to run it that no other way beats in time, GPU time, memory and what is given up
// all together.
#pragma once

#include <vector>

#include "rules/judged_case.h"
#include "rules/layout_options.h"
#include "rules/plan.h"

namespace diffcheck {

/// Of all legal layouts in that dtype with every memory choice that surely fits and slows no step, fastest first. Of
/// ways that no prediction tells apart only the first is kept. Empty where times are not known. On more than
/// `k_most_layouts_for_front` layouts: of the best ones under the objective, and of the fastest for each number of
/// GPUs.
std::vector<FrontPoint> pareto_front(const JudgedCase& judged, LayoutOptions& options, const DtypeOption& dtype);
constexpr std::size_t k_most_layouts_for_front = 256;

}  // namespace diffcheck
