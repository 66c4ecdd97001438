#include "rules/catalogue.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "rules/plan_search.h"

namespace diffcheck {
namespace {

bool runs(const Engine& engine, const std::string& model) {
  return std::any_of(engine.models.begin(), engine.models.end(),
                     [&](const std::string& glob) { return matches_glob(glob, model); });
}

/// nullopt where it cannot be told how that engine would run the model.
std::optional<ModelOnMachine> model_in_engine(const JudgedCase& machine, const std::string& model,
                                              const std::string& engine) {
  Request job = machine.request;
  job.engine = known(engine, "catalogue");
  job.model = known(model, "catalogue");
  const JudgedCase judged = judge_case(machine, job);
  if (judged.variant == nullptr) return std::nullopt;
  Plan plan = choose(judged);
  if (!plan.memory) return std::nullopt;
  return ModelOnMachine{model, engine, plan.attention.chosen ? plan.attention.chosen->kernel : "", plan.possible,
                        *std::move(plan.memory)};
}

}  // namespace

std::vector<ModelOnMachine> models_on_machine(const JudgedCase& machine) {
  const Request& request = machine.request;
  std::vector<ModelOnMachine> table;
  if (machine.gpus.empty()) return table;
  for (const ModelCard& model : machine.knowledge.models) {
    for (const Engine& engine : machine.knowledge.engines) {
      if (request.engine.is_known() && request.engine.value() != engine.id) continue;
      if (!runs(engine, model.id)) continue;
      auto found = model_in_engine(machine, model.id, engine.id);
      if (!found) continue;
      table.push_back(*std::move(found));
      break;
    }
  }
  return table;
}

}  // namespace diffcheck
