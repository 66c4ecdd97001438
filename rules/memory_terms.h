// The terms of a memory budget: weights that a stage keeps, and what the stage needs besides them.
#pragma once

#include <string>
#include <vector>

#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

/// What is worked out: one run as it would be started.
struct MemoryCase {
  const JudgedCase& judged;
  const Kernel& kernel;
  const std::string& dtype;
  const Layout& layout;
  const MemoryChoice& choice;
};

/// What could not be counted, by name.
using UnknownTerms = std::vector<std::string>;

/// All weights of a component on one rank, with no memory mode.
MemoryTerm component_weights(const MemoryCase& run, const std::string& component, UnknownTerms& unknown);

/// text_encode, vae_encode (where an image or a clip goes in), denoise and vae_decode, in that order.
std::vector<std::string> stages_of(const JudgedCase& judged);

StageBudget stage_budget(const MemoryCase& run, const std::string& stage, UnknownTerms& unknown);

/// A whole number of bytes that stays inside int64 whatever the formula gives.
std::int64_t whole_bytes(double bytes);
Estimate around(double bytes, double low_factor, double high_factor);
Estimate scaled(const Estimate& estimate, double factor);

}  // namespace diffcheck
