// Facts by path: "gpus.0.memory.total_bytes" -> Fact. The form in which conditions and messages look at any described
// struct, and the catalogue of all paths that exist, with their types, against which data is checked when it is loaded.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "probe/compute_capability.h"
#include "probe/describe.h"
#include "probe/version.h"

namespace diffcheck {

using Value =
    std::variant<bool, std::int64_t, double, Bytes, std::string, Version, ComputeCapability, std::vector<std::string>>;
using AnyFact = Fact<Value>;

enum class ValueType { boolean, integer, number, bytes, text, version, compute_capability, text_list };

template <class T>
constexpr ValueType value_type_of();
template <>
constexpr ValueType value_type_of<bool>() {
  return ValueType::boolean;
}
template <>
constexpr ValueType value_type_of<std::int64_t>() {
  return ValueType::integer;
}
template <>
constexpr ValueType value_type_of<double>() {
  return ValueType::number;
}
template <>
constexpr ValueType value_type_of<Bytes>() {
  return ValueType::bytes;
}
template <>
constexpr ValueType value_type_of<std::string>() {
  return ValueType::text;
}
template <>
constexpr ValueType value_type_of<Version>() {
  return ValueType::version;
}
template <>
constexpr ValueType value_type_of<ComputeCapability>() {
  return ValueType::compute_capability;
}
template <>
constexpr ValueType value_type_of<std::vector<std::string>>() {
  return ValueType::text_list;
}

std::string_view name_of(ValueType type);
/// As a person would write it: "8.9", "2.5.1+cu121", "47.98 GiB", "yes", "a, b".
std::string to_text(const Value& value);
/// Without units, for commands and configs: bytes as a plain number, booleans as true or false.
std::string to_raw_text(const Value& value);
/// Reads text as a value of `type`; bytes accept B, KiB, MiB, GiB, TiB, KB, MB, GB, TB. Error: what was expected.
Result<Value> parse_value(std::string_view text, ValueType type);

template <class T>
AnyFact any(const Fact<T>& fact) {
  if (fact.is_known()) return AnyFact::known(Value(fact.value()), fact.source());
  if (fact.is_absent()) return AnyFact::absent(fact.source());
  if (fact.is_unset()) return AnyFact();
  return AnyFact::unknown(fact.source(), fact.why());
}

/// Levenshtein distance in bytes, for "nearest names" in error messages.
std::size_t edit_distance(std::string_view left, std::string_view right);

class FactTable {
 public:
  void add(std::string path, AnyFact fact) { facts_.insert_or_assign(std::move(path), std::move(fact)); }
  /// Marks one item of a list or map as there, also when it has no facts: "packages.torch".
  void add_item(std::string path) { items_.insert(std::move(path)); }
  template <class T>
  void add(std::string path, const Fact<T>& fact) {
    add(std::move(path), any(fact));
  }
  void set_list_size(std::string path, std::size_t size, bool complete) { lists_[std::move(path)] = {size, complete}; }
  /// Items below `prefix` that are not listed are absent, instead of unknown.
  void set_complete(std::string prefix, std::string source) {
    complete_.insert_or_assign(std::move(prefix), AnyFact::absent(std::move(source)));
  }

  /// Adds every fact of a described value below `prefix` ("" for none).
  template <Described T>
  void add_all(const std::string& prefix, const T& value);

  /// Known, absent, or unknown with the reason. Never fails: an unlisted path is unknown ("not looked for"). Lives as
  /// long as the table is left alone.
  const AnyFact& find(std::string_view path) const;
  struct ListSize {
    std::size_t size = 0;
    bool complete = false;
  };
  std::optional<ListSize> list_size(std::string_view path) const;

 private:
  /// Looks up views without making strings of them.
  struct PathHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view path) const { return std::hash<std::string_view>()(path); }
  };

  template <class Member>
  void add_member(const std::string& path, const Member& member);

  std::unordered_map<std::string, AnyFact, PathHash, std::equal_to<>> facts_;
  std::map<std::string, ListSize, std::less<>> lists_;
  std::map<std::string, AnyFact, std::less<>> complete_;  ///< What an item that is not listed is.
  std::set<std::string, std::less<>> items_;
};

/// All paths that exist, with list indices and map keys as "*": "gpus.*.name".
class FactCatalogue {
 public:
  struct Entry {
    std::string pattern;
    ValueType type;
    std::string doc;
  };

  template <Described T>
  void add_all(const std::string& prefix);
  void add(std::string pattern, ValueType type, std::string doc);

  std::optional<ValueType> type_of(std::string_view path) const;
  bool has_list(std::string_view path) const;
  /// The nearest existing patterns to a path that does not exist, best first.
  std::vector<std::string> nearest(std::string_view path, std::size_t count = 3) const;
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  template <class Member>
  void add_member(const std::string& path, const char* doc);

  /// Patterns as a tree of path parts, so that a look-up costs a few steps whatever the number of patterns.
  struct Node {
    std::map<std::string, Node, std::less<>> children;
    std::optional<ValueType> type;
    bool list = false;
  };
  Node& node_at(std::string_view pattern);
  const Node* find_node(std::string_view path) const;

  std::vector<Entry> entries_;
  Node root_;
};

// ---- templates ----

template <class Member>
void FactTable::add_member(const std::string& path, const Member& member) {
  if constexpr (is_fact<Member>::value) {
    if (!member.is_unset()) add(path, any(member));
  } else if constexpr (is_list<Member>::value) {
    set_list_size(path, member.size(), true);
    for (std::size_t i = 0; i < member.size(); ++i) {
      add_item(path + "." + std::to_string(i));
      add_member(path + "." + std::to_string(i), member[i]);
    }
  } else if constexpr (is_dictionary<Member>::value) {
    for (const auto& [key, item] : member) {
      add_item(path + "." + key);
      add_member(path + "." + key, item);
    }
  } else {
    add_all(path, member);
  }
}

template <Described T>
void FactTable::add_all(const std::string& prefix, const T& value) {
  T::describe(value, [&](const char* name, const auto& member, const char*) {
    add_member(prefix.empty() ? std::string(name) : prefix + "." + name, member);
  });
}

template <class Member>
void FactCatalogue::add_member(const std::string& path, const char* doc) {
  if constexpr (is_fact<Member>::value) {
    add(path, value_type_of<typename is_fact<Member>::value_type>(), doc);
  } else if constexpr (is_list<Member>::value) {
    node_at(path).list = true;
    add_member<typename is_list<Member>::item_type>(path + ".*", doc);
  } else if constexpr (is_dictionary<Member>::value) {
    add_member<typename is_dictionary<Member>::item_type>(path + ".*", doc);
  } else {
    add_all<Member>(path);
  }
}

template <Described T>
void FactCatalogue::add_all(const std::string& prefix) {
  const T blank{};
  T::describe(blank, [&](const char* name, const auto& member, const char* doc) {
    add_member<std::remove_cvref_t<decltype(member)>>(prefix.empty() ? std::string(name) : prefix + "." + name, doc);
  });
}

}  // namespace diffcheck
