// Shape, fact paths and operand types are checked here, so that judging cannot fail.
#include "rules/condition_parse.h"

#include <algorithm>
#include <array>
#include <utility>

namespace diffcheck {
namespace {

constexpr std::size_t k_deepest_condition = 32;
constexpr std::size_t k_longest_quoted = 80;

constexpr std::array<std::pair<std::string_view, Operator>, 16> k_operators = {{{"eq", Operator::eq},
                                                                                {"ne", Operator::ne},
                                                                                {"in", Operator::in},
                                                                                {"lt", Operator::lt},
                                                                                {"le", Operator::le},
                                                                                {"gt", Operator::gt},
                                                                                {"ge", Operator::ge},
                                                                                {"between", Operator::between},
                                                                                {"exists", Operator::exists},
                                                                                {"empty", Operator::empty},
                                                                                {"unknown", Operator::unknown},
                                                                                {"match", Operator::match},
                                                                                {"version", Operator::version},
                                                                                {"divides", Operator::divides},
                                                                                {"multiple_of", Operator::multiple_of},
                                                                                {"contains", Operator::contains}}};

std::optional<Operator> operator_named(std::string_view name) {
  const auto* found =
      std::find_if(k_operators.begin(), k_operators.end(), [&](const auto& entry) { return entry.first == name; });
  if (found == k_operators.end()) return std::nullopt;
  return found->second;
}

bool is_ordered(ValueType type) {
  return type != ValueType::text && type != ValueType::text_list && type != ValueType::boolean;
}

/// Why an operator cannot be asked of a fact of that type; empty when it can.
std::string refusal(Operator op, ValueType type) {
  switch (op) {
    case Operator::lt:
    case Operator::le:
    case Operator::gt:
    case Operator::ge:
    case Operator::between:
      return is_ordered(type) ? "" : "has no order";
    case Operator::match:
      return type == ValueType::text ? "" : "is not text";
    case Operator::version:
      return type == ValueType::version ? "" : "is not a version";
    case Operator::divides:
    case Operator::multiple_of:
      return type == ValueType::integer ? "" : "is not a whole number";
    case Operator::contains:
      return type == ValueType::text_list ? "" : "is not a list of text";
    case Operator::eq:
    case Operator::ne:
    case Operator::in:
      return type == ValueType::text_list ? "is a list; use contains" : "";
    case Operator::exists:
    case Operator::empty:
    case Operator::unknown:
      return "";
  }
  return "";
}

class Parser {
 public:
  Parser(const FactCatalogue& catalogue) : catalogue_(catalogue) {}

  Result<Condition> parse(DataJson json, const std::string& where, std::size_t depth = 0) {
    if (depth > k_deepest_condition) return fail(where, "condition is nested too deeply");
    if (!json.is_object()) return fail(where, "expected a condition object");
    if (json.has("fact")) return leaf(json, where);
    for (const auto& [key, kind] : {std::pair{"all", Condition::Kind::all}, std::pair{"any", Condition::Kind::any}}) {
      if (const auto list = json.find(key)) return group(json, *list, kind, where + "." + key, depth);
    }
    if (const auto negated = json.find("not")) {
      if (json.members().size() != 1) return fail(where, "\"not\" stands alone");
      return wrap(Condition::Kind::negation, parse(*negated, where + ".not", depth + 1));
    }
    for (const auto& [key, kind] :
         {std::pair{"every", Condition::Kind::every}, std::pair{"some", Condition::Kind::some},
          std::pair{"none", Condition::Kind::none}}) {
      if (json.has(key)) return quantified(json, key, kind, where, depth);
    }
    return fail(where, "expected one of: all, any, not, every, some, none, fact");
  }

 private:
  static Error fail(const std::string& where, std::string what) {
    return Error{Error::Kind::invalid, where, std::move(what)};
  }

  static Result<Condition> wrap(Condition::Kind kind, Result<Condition> child) {
    if (!child) return child;
    Condition condition;
    condition.kind = kind;
    condition.children.push_back(*std::move(child));
    return condition;
  }

  Result<Condition> group(DataJson json, DataJson list, Condition::Kind kind, const std::string& where,
                          std::size_t depth) {
    const std::vector<DataJson> items = list.items();
    if (json.members().size() != 1 || items.empty())
      return fail(where, "expected a list of conditions and nothing beside it");
    Condition condition;
    condition.kind = kind;
    for (std::size_t i = 0; i < items.size(); ++i) {
      auto child = parse(items[i], where + "." + std::to_string(i), depth + 1);
      if (!child) return child;
      condition.children.push_back(*std::move(child));
    }
    return condition;
  }

  Result<Condition> quantified(DataJson json, const char* key, Condition::Kind kind, const std::string& where,
                               std::size_t depth) {
    const auto that = json.find("that");
    if (!json.find(key)->is_text() || !that)
      return fail(where, std::string("expected {\"") + key + "\": LIST, \"that\": CONDITION}");
    const std::string list = json.find(key)->to_string();
    const std::string full = unaliased(list);
    if (!catalogue_.has_list(full)) return fail(where + "." + key, "no list of facts is called \"" + list + "\"");
    std::string alias = list.substr(list.rfind('.') + 1);
    if (alias.ends_with('s')) alias.pop_back();
    if (const auto as = json.find("as")) alias = as->to_string();
    aliases_.emplace_back(alias, full + ".*");
    auto child = parse(*that, where + ".that", depth + 1);
    aliases_.pop_back();
    auto condition = wrap(kind, std::move(child));
    if (!condition) return condition;
    condition->list = list;
    condition->alias = std::move(alias);
    return condition;
  }

  Result<Condition> leaf(DataJson json, const std::string& where) {
    for (const auto& [key, unused] : json.members()) {
      if (key != "fact" && key != "op" && key != "value" && key != "other")
        return fail(where + "." + std::string(key), "expected only fact, op, value or other");
    }
    Condition condition;
    condition.kind = Condition::Kind::leaf;
    if (!json.find("fact")->is_text()) return fail(where + ".fact", "expected a fact path");
    condition.path = json.find("fact")->to_string();
    const auto type = catalogue_.type_of(unaliased(condition.path));
    if (!type) return fail(where + ".fact", no_such_fact(condition.path));
    const auto op_json = json.find("op");
    const std::string op_name = op_json ? op_json->to_string() : "nothing";
    const auto op = operator_named(op_name);
    if (!op) {
      std::string expected = "expected one of:";
      for (const auto& [name, unused] : k_operators) expected += " " + std::string(name);
      return fail(where + ".op", expected + "; found " + op_name.substr(0, k_longest_quoted));
    }
    condition.op = *op;
    if (const std::string why = refusal(*op, *type); !why.empty()) {
      return fail(where + ".op", "\"" + condition.path + "\" (" + std::string(name_of(*type)) + ") " + why);
    }
    return operand(json, std::move(condition), *type, where);
  }

  Result<Condition> operand(DataJson json, Condition condition, ValueType type, const std::string& where) {
    if (condition.op == Operator::exists || condition.op == Operator::empty || condition.op == Operator::unknown) {
      if (json.has("value") || json.has("other")) return fail(where, "exists, empty and unknown take no value");
      return condition;
    }
    const auto other = json.find("other");
    const auto value = json.find("value");
    if (other.has_value() == value.has_value()) return fail(where, "expected either value or other");
    if (other) {
      condition.other = other->to_string();
      const auto other_type = catalogue_.type_of(unaliased(condition.other));
      if (!other_type) return fail(where + ".other", no_such_fact(condition.other));
      const ValueType wanted = condition.op == Operator::contains ? ValueType::text : type;
      const bool list_to_look_in = condition.op == Operator::in && *other_type == ValueType::text_list;
      if (*other_type != wanted && !list_to_look_in) {
        return fail(where + ".other",
                    "is " + std::string(name_of(*other_type)) + ", expected " + std::string(name_of(wanted)));
      }
      return condition;
    }
    if (condition.op == Operator::version || condition.op == Operator::match) {
      if (!value->is_text()) return fail(where + ".value", "expected text");
      condition.specifier = value->to_string();
      if (condition.op == Operator::version && !satisfies(*Version::parse("1"), condition.specifier)) {
        return fail(where + ".value", "expected a PEP 440 specifier such as \">=2.7,<2.9\"");
      }
      return condition;
    }
    return values(*value, std::move(condition), condition.op == Operator::contains ? ValueType::text : type,
                  where + ".value");
  }

  Result<Condition> values(DataJson value, Condition condition, ValueType type, const std::string& where) {
    const bool several = condition.op == Operator::in || condition.op == Operator::between;
    if (value.is_list() != several) return fail(where, several ? "expected a list" : "expected one value");
    const std::vector<DataJson> items = several ? value.items() : std::vector<DataJson>{value};
    if (condition.op == Operator::between && items.size() != 2) return fail(where, "expected two values, low and high");
    for (const DataJson& item : items) {
      if (!item.is_plain()) return fail(where, "expected plain values");
      auto parsed = parse_value(item.to_string(), type);
      if (!parsed) return fail(where, parsed.error().what);
      condition.operands.push_back(*std::move(parsed));
    }
    if (condition.op == Operator::divides || condition.op == Operator::multiple_of) {
      if (std::get<std::int64_t>(condition.operands.front()) == 0) return fail(where, "expected a number other than 0");
    }
    return condition;
  }

  std::string unaliased(const std::string& path) const {
    const std::string head = path.substr(0, path.find('.'));
    for (auto alias = aliases_.rbegin(); alias != aliases_.rend(); ++alias) {
      if (alias->first == head) return alias->second + path.substr(head.size());
    }
    return path;
  }

  std::string no_such_fact(const std::string& path) const {
    std::string text = "no fact is called \"" + path + "\"; nearest:";
    for (const std::string& name : catalogue_.nearest(path)) text += " " + name;
    return text;
  }

  const FactCatalogue& catalogue_;
  std::vector<std::pair<std::string, std::string>> aliases_;
};

}  // namespace

Result<Condition> parse_condition(DataJson json, const FactCatalogue& catalogue, const std::string& where) {
  return Parser(catalogue).parse(json, where);
}

}  // namespace diffcheck
