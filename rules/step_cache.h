// Caches that engines keep from step to step so as to skip work: TeaCache, first-block caches, TaylorSeer and the like.
// They change results, so only a pin brings one in.
#pragma once

#include <optional>
#include <string>

#include "rules/memory_case.h"

namespace diffcheck {

/// The cache that the user fixed; nullptr: none, or one that this engine's variant does not have.
const StepCache* step_cache_of(const JudgedCase& judged);

/// What it keeps on one rank in a stage. nullopt: no cache, or none in that stage, or with a name in `unknown` where
/// the model's width is not known.
std::optional<MemoryTerm> step_cache_term(const MemoryCase& run, const std::string& stage, UnknownTerms& unknown);

}  // namespace diffcheck
