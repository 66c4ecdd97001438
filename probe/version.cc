#include "probe/version.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace diffcheck {
namespace {

constexpr std::size_t k_longest_version = 256;

/// Walks over a lower-cased version text.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  bool done() const { return rest_.empty(); }
  bool take(std::string_view prefix) {
    if (!rest_.starts_with(prefix)) return false;
    rest_.remove_prefix(prefix.size());
    return true;
  }
  bool take_any_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::int64_t> number() {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || rest_.front() == '-') return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  std::string_view rest() const { return rest_; }
  void restore(std::string_view rest) { rest_ = rest; }

 private:
  std::string_view rest_;
};

std::string lower_trimmed(std::string_view text) {
  const auto is_space = [](unsigned char c) { return std::isspace(c) != 0; };
  while (!text.empty() && is_space(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
  while (!text.empty() && is_space(static_cast<unsigned char>(text.back()))) text.remove_suffix(1);
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

/// An optional separator, a word, an optional separator and an optional number ("-rc.1"). Number defaults to 0.
std::optional<std::int64_t> tagged_number(Cursor& cursor, std::initializer_list<std::string_view> words) {
  const std::string_view before = cursor.rest();
  cursor.take_any_of("-_.");
  const bool found = std::any_of(words.begin(), words.end(), [&](std::string_view word) { return cursor.take(word); });
  if (!found) {
    cursor.restore(before);
    return std::nullopt;
  }
  const std::string_view after_word = cursor.rest();
  cursor.take_any_of("-_.");
  if (const auto number = cursor.number()) return number;
  cursor.restore(after_word);
  return 0;
}

bool is_local_label(std::string_view text) {
  const auto is_separator = [](char c) { return c == '-' || c == '_' || c == '.'; };
  if (text.empty() || is_separator(text.front()) || is_separator(text.back())) return false;
  bool after_separator = false;
  for (const char c : text) {
    if (is_separator(c)) {
      if (after_separator) return false;
      after_separator = true;
    } else {
      if (std::isalnum(static_cast<unsigned char>(c)) == 0) return false;
      after_separator = false;
    }
  }
  return true;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::optional<std::string_view> without_leading_zeros(std::string_view digits) {
  if (digits.empty() ||
      !std::all_of(digits.begin(), digits.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) {
    return std::nullopt;
  }
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

/// PEP 440: numeric segments order above letters, numbers by value, a longer label above its own prefix.
std::strong_ordering compare_local(std::string_view left, std::string_view right) {
  if (left.empty() || right.empty()) return left.size() <=> right.size();
  const auto lefts = split(left, '.');
  const auto rights = split(right, '.');
  for (std::size_t i = 0; i < std::min(lefts.size(), rights.size()); ++i) {
    const auto left_digits = without_leading_zeros(lefts[i]);
    const auto right_digits = without_leading_zeros(rights[i]);
    if (left_digits.has_value() != right_digits.has_value()) {
      return left_digits ? std::strong_ordering::greater : std::strong_ordering::less;
    }
    if (left_digits) {
      if (const auto order = left_digits->size() <=> right_digits->size(); order != 0) return order;
      if (const auto order = *left_digits <=> *right_digits; order != 0) return order;
    } else if (const auto order = lefts[i] <=> rights[i]; order != 0) {
      return order;
    }
  }
  return lefts.size() <=> rights.size();
}

std::strong_ordering compare_release(const std::vector<std::int64_t>& left, const std::vector<std::int64_t>& right) {
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::int64_t a = i < left.size() ? left[i] : 0;
    const std::int64_t b = i < right.size() ? right[i] : 0;
    if (const auto order = a <=> b; order != 0) return order;
  }
  return std::strong_ordering::equal;
}

}  // namespace

std::optional<Version> Version::parse(std::string_view text) {
  if (text.size() > k_longest_version) return std::nullopt;
  const std::string lower = lower_trimmed(text);
  Cursor cursor(lower);
  cursor.take("v");

  Version version;
  auto number = cursor.number();
  if (!number) return std::nullopt;
  if (cursor.take("!")) {
    version.epoch_ = *number;
    number = cursor.number();
    if (!number) return std::nullopt;
  }
  version.release_.push_back(*number);
  while (true) {
    const std::string_view before = cursor.rest();
    if (!cursor.take(".")) break;
    const auto part = cursor.number();
    if (!part) {
      cursor.restore(before);
      break;
    }
    version.release_.push_back(*part);
  }

  if (const auto candidate = tagged_number(cursor, {"rc", "preview", "pre", "c"})) {
    version.phase_ = Phase::candidate;
    version.phase_number_ = *candidate;
  } else if (const auto beta = tagged_number(cursor, {"beta", "b"})) {
    version.phase_ = Phase::beta;
    version.phase_number_ = *beta;
  } else if (const auto alpha = tagged_number(cursor, {"alpha", "a"})) {
    version.phase_ = Phase::alpha;
    version.phase_number_ = *alpha;
  }

  const std::string_view before_post = cursor.rest();
  if (const auto post = tagged_number(cursor, {"post", "rev", "r"})) {
    version.post_ = post;
  } else if (cursor.take("-")) {
    version.post_ = cursor.number();
    if (!version.post_) cursor.restore(before_post);
  }
  version.dev_ = tagged_number(cursor, {"dev"});
  // "1.0.dev1" sorts below "1.0a1": a lone dev release comes before every phase.
  if (version.dev_ && version.phase_ == Phase::final && !version.post_) version.phase_ = Phase::dev_only;

  if (cursor.take("+")) {
    if (!is_local_label(cursor.rest())) return std::nullopt;
    version.local_ = std::string(cursor.rest());
    std::replace_if(
        version.local_.begin(), version.local_.end(), [](char c) { return c == '-' || c == '_'; }, '.');
  } else if (!cursor.done()) {
    return std::nullopt;
  }
  version.text_ = std::string(text);
  return version;
}

Version Version::minor() const { return *parse(std::to_string(component(0)) + "." + std::to_string(component(1))); }

Version Version::public_part() const {
  Version result = *this;
  result.local_.clear();
  if (const std::size_t plus = result.text_.find('+'); plus != std::string::npos) result.text_.resize(plus);
  return result;
}

Version Version::base() const {
  Version result;
  result.epoch_ = epoch_;
  result.release_ = release_;
  return result;
}

Version Version::first_development() const {
  Version result = *this;
  result.text_.clear();
  result.local_.clear();
  result.dev_ = 0;
  if (phase_ == Phase::final && !post_) result.phase_ = Phase::dev_only;
  return result;
}

Version Version::without_post() const {
  Version result = *this;
  result.text_.clear();
  result.local_.clear();
  if (post_) result.post_ = result.dev_ = std::nullopt;
  return result;
}

std::strong_ordering operator<=>(const Version& left, const Version& right) {
  if (const auto order = left.epoch_ <=> right.epoch_; order != 0) return order;
  if (const auto order = compare_release(left.release_, right.release_); order != 0) return order;
  if (const auto order = left.phase_ <=> right.phase_; order != 0) return order;
  if (const auto order = left.phase_number_ <=> right.phase_number_; order != 0) return order;
  constexpr std::int64_t none_below = -1;
  if (const auto order = left.post_.value_or(none_below) <=> right.post_.value_or(none_below); order != 0) return order;
  constexpr std::int64_t none_above = INT64_MAX;
  if (const auto order = left.dev_.value_or(none_above) <=> right.dev_.value_or(none_above); order != 0) return order;
  return compare_local(left.local_, right.local_);
}

namespace {

bool starts_with_release(const Version& version, const Version& wanted, std::size_t parts) {
  if (version.epoch() != wanted.epoch()) return false;
  for (std::size_t i = 0; i < parts; ++i) {
    if (version.component(i) != wanted.component(i)) return false;
  }
  return true;
}

/// "==2.5.*": a release, and nothing behind it.
std::optional<bool> matches_prefix(const Version& version, std::string_view op, std::string_view operand) {
  const auto wanted = Version::parse(operand.substr(0, operand.size() - 2));
  if (!wanted || (op != "==" && op != "!=") || *wanted != wanted->base() || !wanted->local().empty())
    return std::nullopt;
  return starts_with_release(version, *wanted, wanted->release().size()) == (op == "==");
}

/// PEP 440's exclusive comparisons leave out what belongs to the named release: 2.9.0.dev1 is not < 2.9, and
/// neither 2.9.post1 nor 2.9+cu128 is > 2.9.
bool is_below(const Version& version, const Version& wanted) {
  return version < (wanted.is_prerelease() ? wanted : wanted.first_development());
}
bool is_above(const Version& version, const Version& wanted) {
  if (wanted.is_postrelease() || wanted.is_development()) return version.public_part() > wanted;
  return version.without_post() > wanted;
}

std::optional<bool> satisfies_one(const Version& version, std::string_view specifier) {
  static constexpr std::string_view operators[] = {"===", "~=", "==", "!=", "<=", ">=", "<", ">"};
  const auto* found = std::find_if(std::begin(operators), std::end(operators),
                                   [&](std::string_view op) { return specifier.starts_with(op); });
  if (found == std::end(operators)) return std::nullopt;
  const std::string_view op = *found;
  std::string_view operand = specifier.substr(op.size());
  while (!operand.empty() && operand.front() == ' ') operand.remove_prefix(1);

  if (op == "===") return lower_trimmed(version.text()) == lower_trimmed(operand);
  if (operand.ends_with(".*")) return matches_prefix(version, op, operand);
  const auto wanted = Version::parse(operand);
  if (!wanted) return std::nullopt;
  // Without a local label in the specifier, the candidate's own does not count; only == and != may name one.
  const bool same = (wanted->local().empty() ? version.public_part() : version) == *wanted;
  if (op == "==") return same;
  if (op == "!=") return !same;
  if (!wanted->local().empty()) return std::nullopt;
  if (op == "<=") return version.public_part() <= *wanted;
  if (op == ">=") return version.public_part() >= *wanted;
  if (op == "<") return is_below(version, *wanted);
  if (op == ">") return is_above(version, *wanted);
  if (wanted->release().size() < 2) return std::nullopt;  // "~=1" has no meaning
  return version.public_part() >= *wanted && starts_with_release(version, *wanted, wanted->release().size() - 1);
}

}  // namespace

std::optional<bool> satisfies(const Version& version, std::string_view specifiers) {
  bool inside = true;
  for (std::string_view specifier : split(specifiers, ',')) {
    const std::string trimmed = lower_trimmed(specifier);
    if (trimmed.empty()) continue;
    const auto one = satisfies_one(version, trimmed);
    if (!one) return std::nullopt;
    inside = inside && *one;
  }
  return inside;
}

}  // namespace diffcheck
