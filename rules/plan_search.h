// The search over dtype, layout, kernel and memory mode: what the engine does by itself, what is chosen instead, and
// what was rejected with its reason.
//
// Order of choice: a fused kernel that surely fits; one that may fit; only then a kernel that builds the score matrix.
// Within each: the engine's own dtype first, then the layout order of rules/layout.h, the kernel's rank, and the memory
// modes in the engine's order. Kernels that change results are taken only when pinned.
#pragma once

#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

/// Needs an engine variant and a model in the case.
Plan make_plan(const JudgedCase& judged);

/// The same choice alone: no lists of what else there is, and no reasons.
Plan choose(const JudgedCase& judged);

}  // namespace diffcheck
