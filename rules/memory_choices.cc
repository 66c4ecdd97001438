#include "rules/memory_choices.h"

#include <algorithm>

#include "rules/attention.h"

namespace diffcheck {
namespace {

constexpr const char* k_tiling = "vae-tiling";
constexpr const char* k_quantization = "quantized-weights";

bool names(const MemoryMode& mode, const std::string& name) {
  return mode.id == name || std::find(mode.aliases.begin(), mode.aliases.end(), name) != mode.aliases.end();
}

/// The id of what the user calls by one of its names.
std::string quantization_id(const Knowledge& knowledge, const std::string& name) {
  for (const Quantization& entry : knowledge.quantizations) {
    if (std::find(entry.aliases.begin(), entry.aliases.end(), name) != entry.aliases.end()) return entry.id;
  }
  return name;
}

bool tiles_by_itself(const JudgedCase& judged) {
  const auto& tiling = memory_behaviour(judged).tiling;
  if (!tiling) return false;
  return tiling->is_default || (tiling->default_when && decide(*tiling->default_when, judged.scope()) == Truth::yes);
}

/// The engine's options in one layout, each already filtered by what the user fixed.
class Options {
 public:
  Options(const JudgedCase& judged, const Layout& layout)
      : judged_(judged),
        behaviour_(memory_behaviour(judged)),
        candidate_(candidate_facts(judged, layout,
                                   judged.workload.dtype.is_known() ? judged.workload.dtype.value() : "", nullptr,
                                   Truth::unknown)),
        scope_(judged.scope().add(candidate_)) {}

  std::vector<const MemoryMode*> modes() const {
    const auto pinned = judged_.request.pin("offload");
    std::vector<const MemoryMode*> modes;
    for (const MemoryMode& mode : behaviour_.modes) {
      if ((!pinned || names(mode, *pinned)) && holds(mode.when)) modes.push_back(&mode);
    }
    return modes;
  }

  /// What may be chosen, the engine's default first.
  std::vector<bool> tilings() const {
    if (const auto pinned = judged_.request.pin("vae_tiling")) return {*pinned == "on"};
    if (!behaviour_.tiling || !holds(behaviour_.tiling->when)) return {false};
    return tiles_by_itself(judged_) ? std::vector{true} : std::vector{false, true};
  }

  std::vector<std::string> quantizations() const {
    if (const auto pinned = judged_.request.pin("quantization"))
      return {*pinned == "none" ? "" : quantization_id(judged_.knowledge, *pinned)};
    std::vector<std::string> ids = {""};
    for (const QuantizationChoice& choice : behaviour_.quantizations) {
      if (choice.when && holds(choice.when)) ids.push_back(choice.id);
    }
    return ids;
  }

 private:
  bool holds(const std::optional<Condition>& when) const { return !when || decide(*when, scope_) == Truth::yes; }

  const JudgedCase& judged_;
  const MemoryBehaviour& behaviour_;
  FactTable candidate_;
  Scope scope_;
};

int rank_of(const Knowledge& knowledge, const std::string& id) {
  const Concession* concession = find_entry(knowledge.concessions, id);
  return concession == nullptr ? 0 : concession->rank;
}

void add_settings(std::vector<Setting>& all, const std::vector<Setting>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

}  // namespace

const MemoryBehaviour& memory_behaviour(const JudgedCase& judged) {
  return *find_entry(judged.knowledge.memory_behaviours, judged.variant->memory);
}

std::vector<const Implementation*> implementations_of(const JudgedCase& judged) {
  std::vector<const Implementation*> all;
  for (const Implementation& implementation : memory_behaviour(judged).implementations) {
    if (!implementation.when || decide(*implementation.when, judged.scope()) == Truth::yes)
      all.push_back(&implementation);
  }
  return all;
}

const MemoryMode& mode_of(const JudgedCase& judged, const MemoryChoice& choice) {
  return *find_entry(memory_behaviour(judged).modes, choice.mode);
}

const QuantizationChoice* quantization_of(const JudgedCase& judged, const MemoryChoice& choice) {
  return find_entry(memory_behaviour(judged).quantizations, choice.quantization);
}

std::string weight_dtype_in(const JudgedCase& judged, const MemoryChoice& choice, const std::string& component,
                            const std::string& dtype) {
  const MemoryBehaviour& behaviour = memory_behaviour(judged);
  std::string held = "workload";
  const auto take = [&](const std::map<std::string, std::string>& dtypes) {
    if (const auto told = dtypes.find(component); told != dtypes.end()) held = told->second;
  };
  take(behaviour.weight_dtypes);
  const auto special =
      std::find_if(behaviour.weight_dtypes_when.begin(), behaviour.weight_dtypes_when.end(),
                   [&](const WeightDtypes& one) { return decide(*one.when, judged.scope()) == Truth::yes; });
  if (special != behaviour.weight_dtypes_when.end()) take(special->dtypes);
  take(mode_of(judged, choice).weight_dtypes);
  if (held == "checkpoint") held = judged.model->checkpoint_dtype;
  return held == "workload" || held.empty() ? dtype : held;
}

std::optional<MemoryChoice> default_choice(const JudgedCase& judged, const Layout& layout) {
  const Options options(judged, layout);
  const auto modes = options.modes();
  if (modes.empty()) return std::nullopt;
  return MemoryChoice{modes.front()->id, options.quantizations().front(), options.tilings().front()};
}

std::vector<MemoryChoice> memory_choices(const JudgedCase& judged, const Layout& layout) {
  const Options options(judged, layout);
  const auto tilings = options.tilings();
  const auto quantizations = options.quantizations();
  std::vector<MemoryChoice> choices;
  for (const MemoryMode* mode : options.modes()) {
    for (const std::string& quantization : quantizations) {
      for (const bool tiling : tilings) choices.push_back({mode->id, quantization, tiling});
    }
  }
  std::stable_sort(choices.begin(), choices.end(), [&](const MemoryChoice& left, const MemoryChoice& right) {
    return cost_of_concessions(judged, left) < cost_of_concessions(judged, right);
  });
  return choices;
}

std::vector<std::string> concessions_of(const JudgedCase& judged, const MemoryChoice& choice) {
  std::vector<std::string> ids;
  if (choice.vae_tiling && !tiles_by_itself(judged)) ids.push_back(k_tiling);
  const std::string& mode = mode_of(judged, choice).concession;
  if (rank_of(judged.knowledge, mode) > 0) ids.push_back(mode);
  if (!choice.quantization.empty()) ids.push_back(k_quantization);
  std::stable_sort(ids.begin(), ids.end(), [&](const std::string& left, const std::string& right) {
    return rank_of(judged.knowledge, left) < rank_of(judged.knowledge, right);
  });
  return ids;
}

ConcessionCost cost_of_concessions(const JudgedCase& judged, const MemoryChoice& choice) {
  ConcessionCost cost;
  for (const std::string& id : concessions_of(judged, choice)) {
    const int rank = rank_of(judged.knowledge, id);
    cost.worst_rank = std::max(cost.worst_rank, rank);
    cost.sum_of_ranks += rank;
  }
  return cost;
}

Sacrifice worst_sacrifice(const JudgedCase& judged, const MemoryChoice& choice) {
  Sacrifice worst = Sacrifice::nothing_lasting;
  for (const std::string& id : concessions_of(judged, choice)) {
    const Concession* concession = find_entry(judged.knowledge.concessions, id);
    if (concession == nullptr) continue;
    if (concession->changes_results) worst = std::max(worst, Sacrifice::results);
    if (concession->slows_steps) worst = std::max(worst, Sacrifice::step_time);
  }
  return worst;
}

std::string to_text(const MemoryChoice& choice) {
  std::string text = choice.mode;
  if (choice.vae_tiling) text += std::string(" + ") + k_tiling;
  if (!choice.quantization.empty()) text += " + " + choice.quantization;
  return text;
}

std::vector<Setting> settings_of(const JudgedCase& judged, const MemoryChoice& choice) {
  std::vector<Setting> settings = mode_of(judged, choice).set;
  const auto& tiling = memory_behaviour(judged).tiling;
  if (choice.vae_tiling && tiling) add_settings(settings, tiling->set);
  if (const QuantizationChoice* quantization = quantization_of(judged, choice))
    add_settings(settings, quantization->set);
  return settings;
}

}  // namespace diffcheck
