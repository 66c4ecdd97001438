// One run as it would be started, for which a budget is worked out, and the arithmetic that all its terms share.
#pragma once

#include <string>
#include <string_view>
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

/// A whole number of bytes that stays inside int64 whatever the formula gives.
std::int64_t whole_bytes(double bytes);
Estimate around(double bytes, double low_factor, double high_factor);
Estimate around(double bytes, const Overhead& factors);
Estimate scaled(const Estimate& estimate, double factor);

/// The entry of data/models/overheads.json; no bytes and factors of 1 where there is none.
const Overhead& overhead(const JudgedCase& judged, std::string_view id);

/// How far a coefficient goes for this engine: another's code says only roughly what its own needs.
struct Trust {
  double low_factor, high_factor;
  Grade grade;
};
template <class Coefficient>
Trust trust_in(const JudgedCase& judged, const Coefficient& coefficient, const Implementation& implementation) {
  if (!implementation.borrowed) return {coefficient.low_factor, coefficient.high_factor, coefficient.grade};
  const Overhead& borrowed = overhead(judged, "borrowed-implementation");
  return {coefficient.low_factor * borrowed.factor_low, coefficient.high_factor * borrowed.factor_high, Grade::assumed};
}

}  // namespace diffcheck
