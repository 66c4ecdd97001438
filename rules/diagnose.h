// Diagnosis diagnose(...): the whole of rules/ in one pure function.
#pragma once

#include <vector>

#include "rules/diagnosis.h"
#include "rules/judged_case.h"
#include "rules/knowledge.h"
#include "rules/request.h"

namespace diffcheck {

/// What is wrong with the machine, its packages and the request, whatever is planned; most severe first.
std::vector<Finding> machine_findings(const JudgedCase& judged, bool simulated);

/// The snapshot with what follows from it: facts of GPU products and of torch builds. Of a machine that was only named
/// (`simulated`) also what data/assumptions takes for granted, which `assumptions` then says.
Snapshot with_derived_facts(Snapshot snapshot, const Knowledge& knowledge, bool simulated,
                            std::vector<Message>& assumptions);

/// `simulated`: the machine was only named (--machine), so that data/assumptions may fill what stays unknown.
Diagnosis diagnose(Snapshot snapshot, const Request& request, const Knowledge& knowledge, bool simulated = false);

}  // namespace diffcheck
