#include "probe/pasted/pasted_part.h"

#include <algorithm>
#include <charconv>

#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::int64_t k_bytes_per_mebibyte = 1 << 20;
constexpr std::int64_t k_most_mebibytes = std::int64_t{1} << 40;
constexpr std::size_t k_longest_fact_bytes = 512;

}  // namespace

std::string Part::take(std::size_t index) {
  const std::size_t line = index + 1;
  first_line = first_line == 0 ? line : std::min(first_line, line);
  last_line = std::max(last_line, line);
  return "pasted " + format + ", line " + std::to_string(line);
}

Fact<Version> version_fact(std::string_view text, const std::string& source) {
  if (auto version = Version::parse(text)) return known(*std::move(version), source);
  return unknown<Version>(source, "no version: " + quote(text));
}

Fact<std::string> text_fact(std::string_view text, const std::string& source) {
  text = trim(text);
  if (text.empty()) return unknown<std::string>(source, "nothing stands there");
  return known(printable(text, k_longest_fact_bytes), source);
}

Fact<std::string> uuid_fact(std::string_view text, const std::string& source) {
  const std::string_view digits = text.substr(std::min(text.find('-'), text.size()));
  if (digits.find_first_of("123456789abcdefABCDEF") == std::string_view::npos)
    return unknown<std::string>(source, "masked: " + quote(text));
  return text_fact(text, source);
}

std::optional<double> parse_watts(std::string_view text) {
  double watts = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), watts, std::chars_format::fixed);
  const std::string_view unit = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  const bool is_watts = error == std::errc() && (unit.empty() || unit == "W") && watts >= 0;
  return is_watts ? std::optional(watts) : std::nullopt;
}

std::optional<Bytes> parse_mebibytes(std::string_view text) {
  text = trim(text);
  if (!text.ends_with("MiB")) return std::nullopt;
  text.remove_suffix(3);
  const auto count = whole_number(trim(text));
  if (!count || *count > k_most_mebibytes) return std::nullopt;
  return Bytes{*count * k_bytes_per_mebibyte};
}

Fact<Bytes> mebibytes_fact(std::string_view text, const std::string& source) {
  if (const auto bytes = parse_mebibytes(text)) return known(*bytes, source);
  return unknown<Bytes>(source, "no size in MiB: " + quote(text));
}

PackageFacts& package(Snapshot& facts, std::string_view name) { return facts.packages[normalised_package_name(name)]; }

void set_package_version(Snapshot& facts, std::string_view name, std::string_view version, const std::string& source) {
  PackageFacts& target = package(facts, name);
  if (lower_case(version).starts_with("not installed")) {
    PackageFacts::describe(target, [&](const char*, auto& fact, const char*) {
      fact = std::remove_cvref_t<decltype(fact)>::absent(source);
    });
  } else {
    target.version = version_fact(first_word(version), source);
  }
}

Fact<std::string> vendor_of_name(std::string_view name, const std::string& source) {
  const std::string lower = lower_case(trim(name));
  for (const char* vendor : {"nvidia", "amd"}) {
    if (lower.starts_with(std::string(vendor) + " ")) return known<std::string>(vendor, source);
  }
  return unknown<std::string>(source, "the name does not tell the vendor");
}

}  // namespace diffcheck::pasted
