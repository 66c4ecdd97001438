// What a VAE needs while it encodes or decodes.
#pragma once

#include <optional>

#include "rules/memory_case.h"

namespace diffcheck {

/// nullopt, with a name in `unknown`, where nobody counted this VAE. `reserved_factor` becomes that of the call.
std::optional<MemoryTerm> vae_term(const MemoryCase& run, bool encodes, double& reserved_factor, UnknownTerms& unknown);

}  // namespace diffcheck
