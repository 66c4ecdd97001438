// A kernel that was asked for by name, on a machine of which too little is known to say whether it runs: what may stand
// against it there, so that people know which fact to look up.
#pragma once

#include <vector>

#include "rules/judged_finding.h"

namespace diffcheck {

/// One undecided finding for each kind of refusal that this GPU makes possible; else one about how the kernel's package
/// and torch fit, where one of them is unknown; else one about the first open reason. `reasons` are those of the judged
/// kernel; empty gives none.
std::vector<Finding> untold_kernel(const JudgedCase& judged, const Kernel& kernel, const std::vector<Reason>& reasons,
                                   const Message& way_out);

}  // namespace diffcheck
