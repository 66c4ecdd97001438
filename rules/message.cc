#include "rules/message.h"

namespace diffcheck {
namespace {

constexpr std::string_view k_raw_format = "|raw";
/// Placeholders that are left for the launcher's command line to fill in.
constexpr std::string_view k_flags_placeholder = "flags";

/// Calls `literal` with each piece of plain text and `placeholder` with what stands between braces; "{{" and "}}" are
/// braces.
template <class Literal, class Placeholder>
void walk(std::string_view text, const Literal& literal, const Placeholder& placeholder) {
  while (!text.empty()) {
    const std::size_t brace = text.find_first_of("{}");
    literal(text.substr(0, brace));
    if (brace == std::string_view::npos) return;
    const bool doubled = brace + 1 < text.size() && text[brace + 1] == text[brace];
    const std::size_t close = text.find('}', brace);
    if (doubled) {
      literal(text.substr(brace, 1));
      text.remove_prefix(brace + 2);
    } else if (text[brace] == '{' && close != std::string_view::npos) {
      placeholder(text.substr(brace + 1, close - brace - 1));
      text.remove_prefix(close + 1);
    } else {
      literal(text.substr(brace, 1));
      text.remove_prefix(brace + 1);
    }
  }
}

std::string value_text(std::string_view placeholder, const Scope& scope) {
  const bool raw = placeholder.ends_with(k_raw_format);
  if (raw) placeholder.remove_suffix(k_raw_format.size());
  if (placeholder == k_flags_placeholder) return "{flags}";
  const AnyFact& fact = scope.find(placeholder);
  if (fact.is_known()) return raw ? to_raw_text(fact.value()) : to_text(fact.value());
  return fact.is_absent() ? "none" : "unknown";
}

}  // namespace

Result<std::string> parse_template(const std::string& text, const FactCatalogue& catalogue, const std::string& where) {
  std::optional<Error> error;
  walk(
      text, [](std::string_view) {},
      [&](std::string_view placeholder) {
        if (placeholder.ends_with(k_raw_format)) placeholder.remove_suffix(k_raw_format.size());
        if (error || placeholder == k_flags_placeholder || catalogue.type_of(placeholder)) return;
        std::string what = "placeholder {" + std::string(placeholder) + "} names no fact; nearest:";
        for (const std::string& name : catalogue.nearest(placeholder)) what += " " + name;
        error = Error{Error::Kind::invalid, where, what};
      });
  if (error) return *error;
  return text;
}

std::string expand(const std::string& text, const Scope& scope) {
  std::string result;
  walk(
      text, [&](std::string_view literal) { result += literal; },
      [&](std::string_view placeholder) { result += value_text(placeholder, scope); });
  return result;
}

Message expand(const Message& message, const Scope& scope) {
  return {expand(message.english, scope), expand(message.chinese, scope)};
}

}  // namespace diffcheck
