// The closed condition language of data/: structured, typed by the fact, three-valued, and able to say why.
//
//   {"all": [C...]}  {"any": [C...]}  {"not": C}
//   {"every": "gpus", "that": C}  "some"  "none"       inside `that`, "gpu" is the item ("as" gives another name)
//   {"fact": PATH, "op": OP, "value": V}  or  {"fact": PATH, "op": OP, "other": PATH}
//
// OP: eq ne in lt le gt ge between exists empty unknown match version divides multiple_of contains.
//   in, between     value is a list; between includes both ends
//   match           value is a pattern with "*", letter case does not count
//   version         value is a PEP 440 specifier: ">=2.7,<2.9"
//   divides         value (or other) is a multiple of the fact; multiple_of is the reverse
//   contains        the fact is a list of text
//   exists, empty   no value; exists: the fact is known and not absent; empty: absent, "" or an empty list
//   unknown         no value; the fact could not be found out. For what is worth saying just then; never a way to a yes
//                   about what the fact would tell
// A version compares without its local label unless the operand has one. An absent fact fails every comparison but `ne`
// and `empty`; an unknown fact makes every comparison unknown, but for `unknown`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "probe/fact_table.h"
#include "probe/result.h"
#include "rules/scope.h"
#include "rules/truth.h"

namespace diffcheck {

enum class Operator {
  eq,
  ne,
  in,
  lt,
  le,
  gt,
  ge,
  between,
  exists,
  empty,
  unknown,
  match,
  version,
  divides,
  multiple_of,
  contains
};

struct Condition {
  enum class Kind { all, any, negation, every, some, none, leaf };

  Kind kind = Kind::all;
  std::vector<Condition> children;  ///< Of all, any, negation and the quantifiers (one).
  std::string list;                 ///< Of a quantifier: path of the list.
  std::string alias;                ///< Of a quantifier: name of the item.
  std::string path;                 ///< Of a leaf.
  Operator op = Operator::exists;
  std::vector<Value> operands;  ///< Of a leaf: none, one, or several (in, between).
  std::string specifier;        ///< Of `version` and `match`.
  std::string other;            ///< Of a leaf that compares with another fact.
};

/// One leaf as it was judged.
struct Evidence {
  std::string fact;    ///< Path, with the item's index: "gpus.0.compute_capability".
  std::string needed;  ///< ">= 8.0"
  std::string found;   ///< "7.5", "absent", or "unknown: why".
  std::string source;
  Truth truth = Truth::unknown;

  friend bool operator==(const Evidence&, const Evidence&) = default;
};

/// A condition as it was judged: the same tree, each leaf with its evidence.
struct Verdict {
  Condition::Kind kind = Condition::Kind::all;
  Truth truth = Truth::yes;
  std::vector<Verdict> children;
  Evidence leaf;
};

/// Whether `text` matches `pattern`, in which "*" stands for any run of characters; letter case does not count.
bool matches_glob(std::string_view pattern, std::string_view text);

Verdict evaluate(const Condition& condition, const Scope& scope);
/// The same truth without the evidence, for searches.
Truth decide(const Condition& condition, const Scope& scope);

/// The leaves that made the verdict what it is, in order.
std::vector<Evidence> deciding_leaves(const Verdict& verdict);

/// Adds every fact path that the condition names.
void collect_paths(const Condition& condition, std::vector<std::string>& paths);

/// "gpu.compute_capability >= 8.0 and not ...", for people.
std::string to_text(const Condition& condition);

}  // namespace diffcheck
