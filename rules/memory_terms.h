// The stages of a memory budget: weights that each keeps, and what it needs besides them.
#pragma once

#include <string>
#include <vector>

#include "rules/memory_case.h"

namespace diffcheck {

/// text_encode, vae_encode (where an image or a clip goes in), denoise and vae_decode, in that order.
std::vector<std::string> stages_of(const JudgedCase& judged);

StageBudget stage_budget(const MemoryCase& run, const std::string& stage, UnknownTerms& unknown);

}  // namespace diffcheck
