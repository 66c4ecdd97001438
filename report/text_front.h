// The Pareto front of a plan, as a table.
#pragma once

#include "report/page.h"
#include "report/phrases.h"
#include "rules/diagnosis.h"

namespace diffcheck {

/// Nothing where there is no choice: fewer than two ways.
void write_front(Page& page, const Diagnosis& diagnosis, const Phrases& words);

}  // namespace diffcheck
