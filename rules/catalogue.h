// The catalogue of models on this machine: what each would give up to run.
#pragma once

#include <vector>

#include "rules/diagnosis.h"
#include "rules/judged_case.h"

namespace diffcheck {

/// Each model at its default job, with the first engine that runs it and the kernel that engine takes by itself there.
/// Empty without a GPU.
std::vector<ModelOnMachine> models_on_machine(const JudgedCase& machine);

}  // namespace diffcheck
