// Which of the packages' modules load, and what is missing for the others.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "probe/linked_process.h"
#include "probe/linking.h"
#include "probe/package_files.h"
#include "probe/system.h"
#include "probe/version.h"

namespace diffcheck {

std::vector<LinkDefectFacts> defect_facts(const std::vector<LinkDefect>& defects);
Fact<bool> loads_fact(const LoadOutcome& outcome, const std::string& source);

/// By path, of the files that Python imports. `process` is one that has imported torch, where `torch_loads`.
std::map<std::string, ModuleLinking> judge_modules(const System& system, const NativeFiles& files,
                                                   const Version& python, LinkedProcess& process, LinkObjects& objects,
                                                   bool torch_loads);

}  // namespace diffcheck
