// Facts as people read them: the value, "none", or "unknown: why".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probe/fact_table.h"
#include "probe/snapshot.h"
#include "report/phrases.h"
#include "rules/plan.h"

namespace diffcheck {

std::string fact_text(const AnyFact& fact, const Phrases& words);
template <class T>
std::string fact_text(const Fact<T>& fact, const Phrases& words) {
  return fact_text(any(fact), words);
}

/// Absent where the list of packages is complete without it, else unknown.
Fact<Version> package_version(const Snapshot& snapshot, const std::string& name);

/// "47.98 GiB", always in GiB with two decimals, so that numbers of one report compare at a glance.
std::string gibibytes(std::int64_t bytes);
/// "6.10 GiB (5.80 to 6.40)".
std::string gibibyte_range(const Estimate& estimate, const Phrases& words);
/// "0.35 s", "18.3 s", "1840 s": three digits, always in seconds, so that numbers of one report compare at a glance.
std::string seconds_text(double seconds);
/// "18.3 s (15.1 to 22.9)".
std::string seconds_range(const Duration& duration, const Phrases& words);
/// The word for yes, no or unknown.
std::string truth_text(Truth truth, const Phrases& words);
/// "a, b, c"
std::string joined(const std::vector<std::string>& items, std::string_view between = ", ");

}  // namespace diffcheck
