// What a plan asks of the host: memory for weights that wait there, and disk for the checkpoint.
#pragma once

#include <vector>

#include "rules/finding.h"
#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

std::vector<Finding> host_findings(const JudgedCase& judged, const Plan& plan);

}  // namespace diffcheck
