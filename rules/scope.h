// What a condition or a message can see: several fact tables, searched from the last one added to the first, and short
// names for list items ("gpu" for "gpus.3").
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/fact_table.h"

namespace diffcheck {

class Scope {
 public:
  /// The table must outlive the scope.
  Scope& add(const FactTable& table);
  /// The same scope, in which paths that start with `alias` stand for paths that start with `prefix`.
  Scope with_alias(std::string alias, std::string prefix) const;

  /// Lives as long as the tables do.
  const AnyFact& find(std::string_view path) const;
  std::optional<FactTable::ListSize> list_size(std::string_view path) const;

  /// The path with every alias spelled out: "gpus.3.name" for "gpu.name".
  std::string full_path(std::string_view path) const;

 private:
  std::vector<const FactTable*> tables_;
  std::vector<std::pair<std::string, std::string>> aliases_;
};

}  // namespace diffcheck
