// Weights in a memory budget: what a component has, and what a stage keeps of it on the GPU.
#pragma once

#include <string>
#include <vector>

#include "rules/memory_case.h"

namespace diffcheck {

/// Parameters of a transformer that stand in none of its blocks.
double params_outside_blocks(const MemoryCase& run);

/// The dtype in which a component's weights lie on the GPU, before any quantisation.
std::string weight_dtype(const MemoryCase& run, const std::string& component);

/// All weights of a component on one rank, with no memory mode.
MemoryTerm component_weights(const MemoryCase& run, const std::string& component, UnknownTerms& unknown);

/// What a stage keeps of a component.
MemoryTerm resident_term(const MemoryCase& run, const ResidentPart& part, UnknownTerms& unknown);

}  // namespace diffcheck
