#include "rules/condition.h"

#include <algorithm>
#include <cctype>

namespace diffcheck {
namespace {

bool equal_ignoring_case(char left, char right) {
  return left == right ||
         std::tolower(static_cast<unsigned char>(left)) == std::tolower(static_cast<unsigned char>(right));
}

/// Versions compare without the local label that the operand does not name.
std::partial_ordering compare(const Value& found, const Value& wanted) {
  if (const auto* version = std::get_if<Version>(&found)) {
    const auto& other = std::get<Version>(wanted);
    return other.local().empty() && !version->local().empty() ? version->public_part() <=> other.public_part()
                                                              : *version <=> other;
  }
  return std::visit(
      [&](const auto& value) -> std::partial_ordering {
        using T = std::decay_t<decltype(value)>;
        const auto& other = std::get<T>(wanted);
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          return value == other ? std::partial_ordering::equivalent : std::partial_ordering::unordered;
        } else {
          return value <=> other;
        }
      },
      found);
}

bool is_empty(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return text->empty();
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) return list->empty();
  return false;
}

bool holds_for_known(const Condition& leaf, const Value& found, const std::vector<Value>& operands) {
  const auto order = [&](std::size_t index) { return compare(found, operands[index]); };
  const auto whole = [](const Value& value) { return std::get<std::int64_t>(value); };
  switch (leaf.op) {
    case Operator::eq:
      return order(0) == 0;
    case Operator::ne:
      return order(0) != 0;
    case Operator::lt:
      return order(0) < 0;
    case Operator::le:
      return order(0) <= 0;
    case Operator::gt:
      return order(0) > 0;
    case Operator::ge:
      return order(0) >= 0;
    case Operator::between:
      return order(0) >= 0 && order(1) <= 0;
    case Operator::in:
      return std::any_of(operands.begin(), operands.end(),
                         [&](const Value& operand) { return compare(found, operand) == 0; });
    case Operator::exists:
      return true;
    case Operator::empty:
      return is_empty(found);
    case Operator::unknown:
      return false;
    case Operator::match:
      return matches_glob(leaf.specifier, std::get<std::string>(found));
    case Operator::version:
      return satisfies(std::get<Version>(found), leaf.specifier).value_or(false);
    case Operator::divides:
      return whole(found) != 0 && whole(operands[0]) % whole(found) == 0;
    case Operator::multiple_of:
      return whole(operands[0]) != 0 && whole(found) % whole(operands[0]) == 0;
    case Operator::contains: {
      const auto& list = std::get<std::vector<std::string>>(found);
      return std::find(list.begin(), list.end(), std::get<std::string>(operands[0])) != list.end();
    }
  }
  return false;
}

/// The values of the other fact that a leaf compares with. nullopt while that fact is not known.
std::optional<std::vector<Value>> other_operands(const Condition& leaf, const Scope& scope) {
  const AnyFact& other = scope.find(leaf.other);
  if (!other.is_known()) return std::nullopt;
  if (leaf.op == Operator::in) {
    std::vector<Value> values;
    for (const std::string& item : std::get<std::vector<std::string>>(other.value())) values.emplace_back(item);
    return values;
  }
  return std::vector<Value>{other.value()};
}

Truth judge_leaf(const Condition& leaf, const AnyFact& fact, const Scope& scope) {
  if (leaf.op == Operator::unknown) return truth_of(fact.is_unknown());
  if (fact.is_unknown()) return Truth::unknown;
  if (fact.is_absent()) return truth_of(leaf.op == Operator::ne || leaf.op == Operator::empty);
  if (leaf.other.empty()) return truth_of(holds_for_known(leaf, fact.value(), leaf.operands));
  const auto operands = other_operands(leaf, scope);
  if (!operands) return Truth::unknown;
  return truth_of(holds_for_known(leaf, fact.value(), *operands));
}

std::string_view symbol(Operator op) {
  switch (op) {
    case Operator::eq:
      return "=";
    case Operator::ne:
      return "is not";
    case Operator::in:
      return "one of";
    case Operator::lt:
      return "<";
    case Operator::le:
      return "<=";
    case Operator::gt:
      return ">";
    case Operator::ge:
      return ">=";
    case Operator::between:
      return "between";
    case Operator::exists:
      return "present";
    case Operator::empty:
      return "empty";
    case Operator::unknown:
      return "unknown";
    case Operator::match:
      return "like";
    case Operator::version:
      return "version";
    case Operator::divides:
      return "divides";
    case Operator::multiple_of:
      return "multiple of";
    case Operator::contains:
      return "contains";
  }
  return "";
}

std::string needed_text(const Condition& leaf, const Scope* scope) {
  std::string text(symbol(leaf.op));
  if (!leaf.specifier.empty()) text += " " + leaf.specifier;
  if (!leaf.other.empty()) {
    text += " " + leaf.other;
    if (scope != nullptr) {
      const AnyFact& other = scope->find(leaf.other);
      text += other.is_known() ? " (" + to_text(other.value()) + ")" : " (unknown)";
    }
  }
  for (std::size_t i = 0; i < leaf.operands.size(); ++i) text += (i == 0 ? " " : ", ") + to_text(leaf.operands[i]);
  return text;
}

std::string found_text(const AnyFact& fact) {
  if (fact.is_known()) return to_text(fact.value());
  return fact.is_absent() ? "absent" : "unknown: " + fact.why();
}

/// The items of a quantifier's list, each as a scope; `complete` is false when there may be more.
struct Items {
  std::vector<Scope> scopes;
  bool complete = false;
};

Items items_of(const Condition& quantifier, const Scope& scope) {
  const auto size = scope.list_size(quantifier.list);
  Items items;
  if (!size) return items;
  items.complete = size->complete;
  for (std::size_t i = 0; i < size->size; ++i) {
    items.scopes.push_back(scope.with_alias(quantifier.alias, quantifier.list + "." + std::to_string(i)));
  }
  return items;
}

/// What a list of items says, given what each item says. What is not listed may say anything.
template <class Judge>
Truth quantified(const Condition& quantifier, const Items& items, const Judge& judge) {
  const bool every = quantifier.kind == Condition::Kind::every;
  Truth truth = truth_of(every);
  for (const Scope& item : items.scopes) truth = every ? both(truth, judge(item)) : either(truth, judge(item));
  if (!items.complete) truth = every ? both(truth, Truth::unknown) : either(truth, Truth::unknown);
  return quantifier.kind == Condition::Kind::none ? negate(truth) : truth;
}

void collect(const Verdict& verdict, Truth wanted, std::vector<Evidence>& leaves) {
  if (verdict.truth != wanted) return;
  switch (verdict.kind) {
    case Condition::Kind::leaf:
      if (std::find(leaves.begin(), leaves.end(), verdict.leaf) == leaves.end()) leaves.push_back(verdict.leaf);
      return;
    case Condition::Kind::negation:
    case Condition::Kind::none:
      for (const Verdict& child : verdict.children) collect(child, negate(wanted), leaves);
      return;
    case Condition::Kind::all:
    case Condition::Kind::any:
    case Condition::Kind::every:
    case Condition::Kind::some:
      for (const Verdict& child : verdict.children) collect(child, wanted, leaves);
      return;
  }
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && equal_ignoring_case(pattern[p], text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Truth decide(const Condition& condition, const Scope& scope) {
  switch (condition.kind) {
    case Condition::Kind::leaf:
      return judge_leaf(condition, scope.find(condition.path), scope);
    case Condition::Kind::negation:
      return negate(decide(condition.children.front(), scope));
    case Condition::Kind::all: {
      Truth truth = Truth::yes;
      for (const Condition& child : condition.children) {
        truth = both(truth, decide(child, scope));
        if (truth == Truth::no) return truth;
      }
      return truth;
    }
    case Condition::Kind::any: {
      Truth truth = Truth::no;
      for (const Condition& child : condition.children) {
        truth = either(truth, decide(child, scope));
        if (truth == Truth::yes) return truth;
      }
      return truth;
    }
    case Condition::Kind::every:
    case Condition::Kind::some:
    case Condition::Kind::none:
      return quantified(condition, items_of(condition, scope),
                        [&](const Scope& item) { return decide(condition.children.front(), item); });
  }
  return Truth::unknown;
}

Verdict evaluate(const Condition& condition, const Scope& scope) {
  Verdict verdict;
  verdict.kind = condition.kind;
  switch (condition.kind) {
    case Condition::Kind::leaf: {
      const AnyFact& fact = scope.find(condition.path);
      verdict.truth = judge_leaf(condition, fact, scope);
      verdict.leaf = {scope.full_path(condition.path), needed_text(condition, &scope), found_text(fact), fact.source(),
                      verdict.truth};
      return verdict;
    }
    case Condition::Kind::negation:
      verdict.children.push_back(evaluate(condition.children.front(), scope));
      verdict.truth = negate(verdict.children.front().truth);
      return verdict;
    case Condition::Kind::all:
    case Condition::Kind::any: {
      const bool all = condition.kind == Condition::Kind::all;
      verdict.truth = truth_of(all);
      for (const Condition& child : condition.children) {
        verdict.children.push_back(evaluate(child, scope));
        const Truth truth = verdict.children.back().truth;
        verdict.truth = all ? both(verdict.truth, truth) : either(verdict.truth, truth);
      }
      return verdict;
    }
    case Condition::Kind::every:
    case Condition::Kind::some:
    case Condition::Kind::none:
      verdict.truth = quantified(condition, items_of(condition, scope), [&](const Scope& item) {
        verdict.children.push_back(evaluate(condition.children.front(), item));
        return verdict.children.back().truth;
      });
      return verdict;
  }
  return verdict;
}

std::vector<Evidence> deciding_leaves(const Verdict& verdict) {
  std::vector<Evidence> leaves;
  collect(verdict, verdict.truth, leaves);
  return leaves;
}

void collect_paths(const Condition& condition, std::vector<std::string>& paths) {
  if (condition.kind == Condition::Kind::leaf) {
    paths.push_back(condition.path);
    if (!condition.other.empty()) paths.push_back(condition.other);
  }
  for (const Condition& child : condition.children) collect_paths(child, paths);
}

std::string to_text(const Condition& condition) {
  const auto joined = [&](const char* word) {
    std::string text;
    for (const Condition& child : condition.children) {
      const bool group = child.kind == Condition::Kind::all || child.kind == Condition::Kind::any;
      text +=
          (text.empty() ? "" : std::string(" ") + word + " ") + (group ? "(" + to_text(child) + ")" : to_text(child));
    }
    return text;
  };
  const auto quantifier = [&](const char* word) {
    return std::string(word) + " " + condition.alias + " of " + condition.list + ": " +
           to_text(condition.children.front());
  };
  switch (condition.kind) {
    case Condition::Kind::leaf:
      return condition.path + " " + needed_text(condition, nullptr);
    case Condition::Kind::negation:
      return "not (" + to_text(condition.children.front()) + ")";
    case Condition::Kind::all:
      return joined("and");
    case Condition::Kind::any:
      return joined("or");
    case Condition::Kind::every:
      return quantifier("every");
    case Condition::Kind::some:
      return quantifier("some");
    case Condition::Kind::none:
      return quantifier("no");
  }
  return "";
}

}  // namespace diffcheck
