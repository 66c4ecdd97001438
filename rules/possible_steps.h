// Lists of steps in data/, of which the first whose condition holds is taken: which may be taken where conditions are
// unknown.
#pragma once

#include <vector>

#include "rules/condition.h"
#include "rules/scope.h"
#include "rules/truth.h"

namespace diffcheck {

/// How a list of steps, each taken when its condition holds, comes out.
template <class Step>
struct PossibleSteps {
  std::vector<const Step*> steps;  ///< All that may be the one that is taken.
  bool one_is_taken = false;       ///< Surely one of them; otherwise nobody knows what happens behind the last.
};

template <class Step>
PossibleSteps<Step> possible_steps(const std::vector<Step>& steps, const Scope& scope) {
  PossibleSteps<Step> possible;
  for (const Step& step : steps) {
    const Truth taken = step.when ? decide(*step.when, scope) : Truth::yes;
    if (taken != Truth::no) possible.steps.push_back(&step);
    possible.one_is_taken = taken == Truth::yes;
    if (possible.one_is_taken) break;
  }
  return possible;
}

}  // namespace diffcheck
