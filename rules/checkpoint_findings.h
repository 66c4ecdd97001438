// Findings about a checkpoint on disk that is not quite the model that was named.
#pragma once

#include <vector>

#include "rules/finding.h"
#include "rules/judged_case.h"

namespace diffcheck {

/// Empty where no checkpoint was read, or where it is what the model's card says.
std::vector<Finding> checkpoint_findings(const JudgedCase& judged);

}  // namespace diffcheck
