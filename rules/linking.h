// What dynamic linking means for people: which package holds a library that is missing, why another file of it is
// taken, and whether torch itself loads.
#pragma once

#include <string>
#include <vector>

#include "probe/linking.h"
#include "rules/finding.h"
#include "rules/judged_case.h"
#include "rules/knowledge.h"
#include "rules/words.h"

namespace diffcheck {

/// Why something does not load, in words.
struct LinkExplanation {
  Message what;     ///< The linker's own words.
  Message meaning;  ///< What they mean here.
  Message remedy;
  std::vector<std::string> commands;
};

/// `package` is that of the file that does not load. Only for a defect whose facts are known.
LinkExplanation explain(const LinkDefectFacts& defect, const std::string& package, const Snapshot& snapshot,
                        const Knowledge& knowledge);

/// Whether all facts of a defect that are needed to speak of it are known.
bool is_told(const LinkDefectFacts& defect);

/// The library with that name in data/libraries; nullptr without one.
const SharedLibrary* shared_library(const Knowledge& knowledge, const std::string& name);

/// NVIDIA's driver brings it, and no package does.
bool is_of_driver(const SharedLibrary& library);

/// torch that does not load; libraries that are taken instead of those that torch's packages bring.
std::vector<Finding> linking_findings(const JudgedCase& judged);

}  // namespace diffcheck
