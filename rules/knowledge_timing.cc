// Coefficients of predicted times: data/timing.
#include <array>
#include <cmath>

#include "rules/entry_reader.h"

namespace diffcheck {
namespace {

Grade read_grade(EntryReader& reader) {
  const std::string name = reader.text("grade");
  for (const Grade grade : {Grade::measured, Grade::published, Grade::fitted, Grade::assumed}) {
    if (name == name_of(grade)) return grade;
  }
  reader.fail("grade", "expected measured, published, fitted or assumed");
  return Grade::assumed;
}

/// Coefficients divide and multiply times: none may be zero, negative or without end.
double positive(EntryReader& reader, const char* key) {
  const double value = reader.number(key);
  if (!(value > 0) || !std::isfinite(value)) reader.fail(key, "expected a positive number");
  return value;
}

std::optional<double> optional_positive(EntryReader& reader, const char* key) {
  return reader.has(key) ? std::optional<double>(positive(reader, key)) : std::nullopt;
}

double read_spread(EntryReader& reader) {
  const double spread = reader.number("spread");
  if (!(spread >= 0) || spread >= 1) reader.fail("spread", "expected a share from 0 to below 1");
  return spread;
}

double read_exponent(EntryReader& reader, const char* key) {
  const double exponent = reader.optional_number(key).value_or(0);
  if (!(exponent >= 0) || exponent > 3) reader.fail(key, "expected a number from 0 to 3");
  return exponent;
}

Range read_range(EntryReader& reader) {
  const Range range{positive(reader, "low"), positive(reader, "value"), positive(reader, "high")};
  if (range.low > range.value || range.value > range.high) reader.fail("value", "expected low <= value <= high");
  return range;
}

}  // namespace

Efficiency read_efficiency(EntryReader& reader) {
  Efficiency efficiency;
  reader.entry_fields(efficiency);
  efficiency.part = reader.text("part");
  efficiency.products = reader.texts("products");
  efficiency.architectures = reader.texts("architectures");
  efficiency.kernels = reader.texts("kernels");
  efficiency.share = read_range(reader);
  efficiency.grade = read_grade(reader);
  return efficiency;
}

LinkClass read_link_class(EntryReader& reader) {
  LinkClass link;
  reader.entry_fields(link);
  link.kind = reader.text("kind");
  link.generation = reader.optional_integer("generation");
  if (reader.has("peer_access")) link.peer_access = reader.boolean_or("peer_access", false);
  link.without_peer_access = reader.texts("without_peer_access");
  link.gbps = optional_positive(reader, "gbps");
  link.share_of_nominal = optional_positive(reader, "share_of_nominal");
  link.most_gbps = optional_positive(reader, "most_gbps");
  if (!link.gbps && !link.share_of_nominal) reader.fail("gbps", "expected gbps or share_of_nominal");
  link.spread = read_spread(reader);
  link.most_gpus = reader.optional_integer("most_gpus");
  link.all_reduce_share = optional_positive(reader, "all_reduce_share").value_or(1);
  link.all_to_all_exponent = read_exponent(reader, "all_to_all_exponent");
  link.all_to_all_exponent_split = read_exponent(reader, "all_to_all_exponent_split");
  link.all_to_all_exponent_untold = read_exponent(reader, "all_to_all_exponent_untold");
  link.grade = read_grade(reader);
  return link;
}

TimingConstant read_timing_constant(EntryReader& reader) {
  TimingConstant constant;
  reader.entry_fields(constant);
  constant.unit = reader.text("unit");
  constant.value = read_range(reader);
  constant.grade = read_grade(reader);
  return constant;
}

DecodeCost read_decode_cost(EntryReader& reader) {
  DecodeCost cost;
  reader.entry_fields(cost);
  cost.flops_per_pixel = positive(reader, "flops_per_pixel");
  cost.spread = read_spread(reader);
  cost.grade = read_grade(reader);
  return cost;
}

}  // namespace diffcheck
