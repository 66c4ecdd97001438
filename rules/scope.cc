#include "rules/scope.h"

namespace diffcheck {

Scope& Scope::add(const FactTable& table) {
  tables_.push_back(&table);
  return *this;
}

Scope Scope::with_alias(std::string alias, std::string prefix) const {
  Scope scope = *this;
  scope.aliases_.emplace_back(std::move(alias), full_path(prefix));
  return scope;
}

std::string Scope::full_path(std::string_view path) const {
  const std::string_view head = path.substr(0, path.find('.'));
  for (auto alias = aliases_.rbegin(); alias != aliases_.rend(); ++alias) {
    if (alias->first == head) return alias->second + std::string(path.substr(head.size()));
  }
  return std::string(path);
}

const AnyFact& Scope::find(std::string_view path) const {
  static const AnyFact k_unset;
  std::string full;
  if (!aliases_.empty()) {
    full = full_path(path);
    path = full;
  }
  for (auto table = tables_.rbegin(); table != tables_.rend(); ++table) {
    const AnyFact& fact = (*table)->find(path);
    if (!fact.is_unset()) return fact;
  }
  return k_unset;
}

std::optional<FactTable::ListSize> Scope::list_size(std::string_view path) const {
  const std::string full = full_path(path);
  for (auto table = tables_.rbegin(); table != tables_.rend(); ++table) {
    if (auto size = (*table)->list_size(full)) return size;
  }
  return std::nullopt;
}

}  // namespace diffcheck
