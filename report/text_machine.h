// The machine, for people: one row a subject, with what is unknown and why.
#pragma once

#include "report/page.h"
#include "report/phrases.h"
#include "rules/diagnosis.h"

namespace diffcheck {

/// The machines that were named one by one, where they were.
void write_nodes(Page& page, const Diagnosis& diagnosis, const Phrases& words);
void write_machine(Page& page, const Diagnosis& diagnosis, const Phrases& words);
/// Which kernels run here, what memory a run can have, and which known models fit: the answer when nothing was asked.
void write_abilities(Page& page, const Diagnosis& diagnosis, const Phrases& words);

}  // namespace diffcheck
