// One run as it would be started, for which a budget is worked out, and the arithmetic that all its terms share.
#pragma once

#include <string>
#include <vector>

#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

struct MemoryCase {
  const JudgedCase& judged;
  const Kernel& kernel;
  const std::string& dtype;
  const Layout& layout;
  const MemoryChoice& choice;
};

/// What could not be counted, by name; each once.
using UnknownTerms = std::vector<std::string>;
void assume(UnknownTerms& unknown, const std::string& what);

/// Bytes of an element of a dtype or quantisation.
double bytes_of(const MemoryCase& run, const std::string& dtype);

/// Of the outputs that are asked for, those that one replica makes at once.
double outputs_of_a_replica(const MemoryCase& run);

/// A whole number of bytes that stays inside int64 whatever the formula gives.
std::int64_t whole_bytes(double bytes);
Estimate around(double bytes, double low_factor, double high_factor);
Estimate scaled(const Estimate& estimate, double factor);

/// How far a coefficient goes for this engine: another's code says only roughly what its own needs.
struct Trust {
  double low_factor, high_factor;
  Grade grade;
};
template <class Coefficient>
Trust trust_in(const Coefficient& coefficient, const Implementation& implementation) {
  // More often too much than too little: engines save what a library keeps.
  constexpr double borrowed_low = 0.4, borrowed_high = 1.25;
  if (!implementation.borrowed) return {coefficient.low_factor, coefficient.high_factor, coefficient.grade};
  return {coefficient.low_factor * borrowed_low, coefficient.high_factor * borrowed_high, Grade::assumed};
}

}  // namespace diffcheck
