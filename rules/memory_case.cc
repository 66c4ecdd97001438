#include "rules/memory_case.h"

#include <algorithm>
#include <cmath>

#include "rules/budget.h"

namespace diffcheck {
namespace {

constexpr double k_largest_bytes = 4e18;  // sums of two stay inside int64

}  // namespace

void assume(UnknownTerms& unknown, const std::string& what) {
  if (std::find(unknown.begin(), unknown.end(), what) == unknown.end()) unknown.push_back(what);
}

double bytes_of(const MemoryCase& run, const std::string& dtype) {
  return bytes_per_element(run.judged.knowledge, dtype).value_or(2);
}

std::int64_t whole_bytes(double bytes) {
  return static_cast<std::int64_t>(std::llround(std::clamp(bytes, 0.0, k_largest_bytes)));
}

Estimate around(double bytes, double low_factor, double high_factor) {
  return {whole_bytes(bytes * low_factor), whole_bytes(bytes), whole_bytes(bytes * high_factor)};
}

Estimate around(double bytes, const Overhead& factors) {
  return {whole_bytes(bytes * factors.factor_low), whole_bytes(bytes * factors.factor),
          whole_bytes(bytes * factors.factor_high)};
}

Estimate scaled(const Estimate& estimate, double factor) {
  const auto times = [&](std::int64_t bytes) { return whole_bytes(static_cast<double>(bytes) * factor); };
  return {times(estimate.low), times(estimate.bytes), times(estimate.high)};
}

const Overhead& overhead(const JudgedCase& judged, std::string_view id) {
  static const Overhead k_none;
  const Overhead* entry = find_entry(judged.knowledge.overheads, id);
  return entry == nullptr ? k_none : *entry;
}

}  // namespace diffcheck
