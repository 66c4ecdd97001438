#include "report/model_name.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "probe/text.h"
#include "rules/nearest.h"

namespace diffcheck {

std::string model_id(const std::string& name, const Knowledge& knowledge) {
  const std::string small = lower_case(name);
  const auto is_called = [&](const ModelCard& model) {
    return lower_case(model.id) == small || lower_case(model.name) == small ||
           std::any_of(model.aliases.begin(), model.aliases.end(),
                       [&](const std::string& alias) { return lower_case(alias) == small; });
  };
  // An id wins over another model's alias.
  if (find_entry(knowledge.models, small) != nullptr) return small;
  const auto found = std::find_if(knowledge.models.begin(), knowledge.models.end(), is_called);
  return found == knowledge.models.end() ? name : found->id;
}

Result<const ModelCard*> model_called(const std::string& name, const Knowledge& knowledge) {
  constexpr std::size_t longest_quoted = 80;
  if (const ModelCard* card = find_entry(knowledge.models, model_id(name, knowledge))) return card;
  std::vector<std::string> ids;
  for (const ModelCard& card : knowledge.models) ids.push_back(card.id);
  const std::string wanted = name.substr(0, longest_quoted);
  return Error{Error::Kind::invalid, "models", "no model is called \"" + wanted + "\"" + nearest_clause(wanted, ids)};
}

}  // namespace diffcheck
