// The memory budget, for people: what is given up, whether it fits, and the stages as bars against the GPU's limit.
#pragma once

#include "report/page.h"
#include "report/phrases.h"
#include "rules/diagnosis.h"

namespace diffcheck {

void write_memory(Page& page, const Diagnosis& diagnosis, const Phrases& words);
/// "model + vae-tiling", as it can be pinned.
std::string choice_text(const MemoryChoice& choice, const Phrases& words);

}  // namespace diffcheck
