// The search over dtype, layout, kernel and memory mode: what the engine does by itself, what is chosen instead, and
// what was rejected with its reason.
//
// Order of choice: a kernel that writes no score matrix before one that does; what surely fits before what may; what
// costs time once an output before what changes results, and that before what slows every step; the engine's own dtype
// before others. Among what is equal so far the objective decides, and of two that no prediction tells apart the one
// that gives up least. All layouts are looked at, best first, and the search stops when no later one can win.
#pragma once

#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

/// Needs an engine variant and a model in the case.
Plan make_plan(const JudgedCase& judged);

}  // namespace diffcheck
