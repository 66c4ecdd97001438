// The plan, for people: what was asked, the choices with what was rejected and why, and how to start it.
#pragma once

#include "report/page.h"
#include "report/phrases.h"
#include "rules/diagnosis.h"

namespace diffcheck {

void write_request(Page& page, const Diagnosis& diagnosis, const Phrases& words);
void write_attention(Page& page, const Diagnosis& diagnosis, const Phrases& words);
void write_layouts(Page& page, const Diagnosis& diagnosis, const Phrases& words);
/// What was chosen, in a few rows, and the command that starts it.
void write_way_out(Page& page, const Diagnosis& diagnosis, const Phrases& words);
void write_assumptions(Page& page, const Diagnosis& diagnosis, const Phrases& words);

}  // namespace diffcheck
