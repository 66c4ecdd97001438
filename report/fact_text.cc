#include "report/fact_text.h"

#include <array>
#include <cstdio>

namespace diffcheck {
namespace {

constexpr double k_bytes_per_gib = 1024.0 * 1024.0 * 1024.0;

std::string gib_number(std::int64_t bytes) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.2f", static_cast<double>(bytes) / k_bytes_per_gib);
  return buffer.data();
}

}  // namespace

std::string fact_text(const AnyFact& fact, const Phrases& words) {
  if (fact.is_known()) return to_text(fact.value());
  return fact.is_absent() ? words("none") : words.unknown(fact.why());
}

Fact<Version> package_version(const Snapshot& snapshot, const std::string& name) {
  const auto package = snapshot.packages.find(name);
  if (package != snapshot.packages.end()) return package->second.version;
  const Fact<bool>& complete = snapshot.complete.packages;
  if (complete.is_known() && complete.value()) return absent<Version>(complete.source());
  return unknown<Version>(complete.source(), complete.why());
}

std::string gibibytes(std::int64_t bytes) { return gib_number(bytes) + " GiB"; }

std::string gibibyte_range(const Estimate& estimate, const Phrases& words) {
  if (estimate.low == estimate.high) return gibibytes(estimate.bytes);
  return words("range", {gibibytes(estimate.bytes), gib_number(estimate.low), gib_number(estimate.high)});
}

std::string seconds_text(double seconds) {
  // Digits after the point, so that three are told in all.
  const int digits = seconds < 1 ? 3 : seconds < 10 ? 2 : seconds < 100 ? 1 : 0;
  std::array<char, 40> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f s", digits, seconds);
  return buffer.data();
}

std::string seconds_range(const Duration& duration, const Phrases& words) {
  if (duration.low == duration.high) return seconds_text(duration.seconds);
  return words("range", {seconds_text(duration.seconds), seconds_text(duration.low), seconds_text(duration.high)});
}

std::string truth_text(Truth truth, const Phrases& words) { return words(std::string(name_of(truth))); }

std::string joined(const std::vector<std::string>& items, std::string_view between) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += between;
    text += item;
  }
  return text;
}

}  // namespace diffcheck
