// What an engine can give up to need less memory on this machine: memory modes, tiles, quantised weights.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <vector>

#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

/// Of the engine's variant.
const MemoryBehaviour& memory_behaviour(const JudgedCase& judged);

/// Whose live tensors count in this case, the closest first.
std::vector<const Implementation*> implementations_of(const JudgedCase& judged);

/// The mode of a choice; the choices below name none that does not exist.
const MemoryMode& mode_of(const JudgedCase& judged, const MemoryChoice& choice);
/// nullptr: none, or one that the engine has no switch for.
const QuantizationChoice* quantization_of(const JudgedCase& judged, const MemoryChoice& choice);

/// The dtype in which a component's weights lie on the GPU, before any quantisation; `dtype` is that of the
/// computation.
std::string weight_dtype_in(const JudgedCase& judged, const MemoryChoice& choice, const std::string& component,
                            const std::string& dtype);

/// What the engine uses by itself, with what the user fixed. nullopt: no mode is allowed in that layout.
std::optional<MemoryChoice> default_choice(const JudgedCase& judged, const Layout& layout);

/// All that may be used in that layout, what hurts least first. Nothing that is fixed is changed.
std::vector<MemoryChoice> memory_choices(const JudgedCase& judged, const Layout& layout);

/// Ids of what the choice gives up, the least first.
std::vector<std::string> concessions_of(const JudgedCase& judged, const MemoryChoice& choice);

/// The worst thing that is given up decides, then how much is.
struct ConcessionCost {
  int worst_rank = 0;
  int sum_of_ranks = 0;
  friend auto operator<=>(const ConcessionCost&, const ConcessionCost&) = default;
};
ConcessionCost cost_of_concessions(const JudgedCase& judged, const MemoryChoice& choice);

/// What is given up beyond what the engine does by itself, the least first.
enum class Sacrifice { nothing_lasting, results, step_time };
/// The worst of a choice: at most seconds for each output; results that change a little; time in every step.
Sacrifice worst_sacrifice(const JudgedCase& judged, const MemoryChoice& choice);

/// "model + vae-tiling + fp8"
std::string to_text(const MemoryChoice& choice);

/// All that the engine has to be told.
std::vector<Setting> settings_of(const JudgedCase& judged, const MemoryChoice& choice);

}  // namespace diffcheck
