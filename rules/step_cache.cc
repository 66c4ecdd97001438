#include "rules/step_cache.h"

#include <algorithm>

#include "rules/budget.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/run_size.h"

namespace diffcheck {
namespace {

bool is_called(const StepCache& cache, const std::string& name) {
  return cache.id == name || std::find(cache.aliases.begin(), cache.aliases.end(), name) != cache.aliases.end();
}

/// Each pass of guidance keeps its own, be they batched or one after the other; ranks of guidance parallel share them.
double guidance_passes(const MemoryCase& run) {
  const JudgedCase& judged = run.judged;
  const bool off = judged.workload.guidance_scale.is_known() && judged.workload.guidance_scale.value() <= 1.0;
  if (judged.model->guidance == "none" || judged.model->guidance == "distilled" || off) return 1;
  const double passes = std::max(static_cast<double>(judged.workload.guidance_batch.value()),
                                 static_cast<double>(judged.model->guidance_passes));
  return std::max(1.0, passes / division_of(judged, run.layout, "guidance"));
}

}  // namespace

const StepCache* step_cache_of(const JudgedCase& judged) {
  const auto pinned = judged.request.pin("step_cache");
  if (!pinned) return nullptr;
  const std::vector<StepCache>& caches = memory_behaviour(judged).step_caches;
  const auto found =
      std::find_if(caches.begin(), caches.end(), [&](const StepCache& cache) { return is_called(cache, *pinned); });
  return found == caches.end() ? nullptr : &*found;
}

std::optional<MemoryTerm> step_cache_term(const MemoryCase& run, const std::string& stage, UnknownTerms& unknown) {
  const JudgedCase& judged = run.judged;
  const StepCache* cache = step_cache_of(judged);
  const auto pinned = judged.request.pin("step_cache");
  if (cache == nullptr && pinned && *pinned != "none") assume(unknown, "step cache");
  if (cache == nullptr || std::find(cache->stages.begin(), cache->stages.end(), stage) == cache->stages.end())
    return std::nullopt;
  const ModelCard& model = *judged.model;
  if (!model.hidden || (cache->per_layer && !model.layers)) {
    assume(unknown, "step cache");
    return std::nullopt;
  }
  const double sequences = static_cast<double>(outputs_of_a_replica(judged, run.layout)) * guidance_passes(run) *
                           (model.frames_in_batch ? static_cast<double>(judged.numbers.latent_frames.value()) : 1);
  const double tensor = static_cast<double>(judged.numbers.tokens.value()) * static_cast<double>(*model.hidden) *
                        sequences * bytes_of(run, run.dtype) / division_of(judged, run.layout, "activations");
  const double each = tensor * (cache->per_layer ? static_cast<double>(*model.layers) : 1);
  return MemoryTerm{MemoryTerm::Kind::other,
                    "step-cache",
                    {whole_bytes(each * cache->tensors_low), whole_bytes(each * cache->tensors),
                     whole_bytes(each * cache->tensors_high)},
                    cache->grade};
}

}  // namespace diffcheck
