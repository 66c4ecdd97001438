// What can be said about attention where nothing is planned, as no engine or no model was named.
#pragma once

#include <vector>

#include "rules/diagnosis.h"
#include "rules/finding.h"
#include "rules/judged_case.h"

namespace diffcheck {

/// The kernel that the user fixed, the pick of the engine that was named, and the installed packages none of whose
/// kernels runs here. `kernels` is kernels_on_machine(judged).
std::vector<Finding> kernel_findings(const JudgedCase& judged, const std::vector<KernelOnMachine>& kernels);

}  // namespace diffcheck
