// What is wrong on the nodes of a run: on each by itself, and in what they should agree and do not.
#pragma once

#include <functional>
#include <vector>

#include "rules/finding.h"
#include "rules/judged_case.h"

namespace diffcheck {

/// Findings of each node, by `judge`; what is not the same on all of them names the nodes. Then the differences between
/// them. `judged` is the case of the whole run.
std::vector<Finding> node_findings(const JudgedCase& judged,
                                   const std::function<std::vector<Finding>(const JudgedCase&)>& judge);

}  // namespace diffcheck
