#include "rules/memory_terms.h"

#include <algorithm>
#include <utility>

#include "rules/budget.h"
#include "rules/engine_variant.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/memory_weights.h"
#include "rules/run_size.h"
#include "rules/step_cache.h"
#include "rules/vae_workspace.h"

namespace diffcheck {
namespace {

using Kind = MemoryTerm::Kind;

constexpr double k_lse_bytes = 4;

std::pair<const Activation*, const Implementation*> find_activation(const MemoryCase& run) {
  for (const Implementation* implementation : implementations_of(run.judged)) {
    for (const Activation& activation : run.judged.knowledge.activations) {
      if (activation.implementation == implementation->id && matches_any(activation.models, run.judged.model->id))
        return {&activation, implementation};
    }
  }
  return {nullptr, nullptr};
}

/// Sequences computed at once on one rank, less what guidance and data parallelism take away.
double batch_of(const MemoryCase& run) {
  const auto batch = static_cast<double>(run.judged.numbers.attention_batch.value()) *
                     static_cast<double>(outputs_of_a_replica(run.judged, run.layout)) /
                     static_cast<double>(run.judged.workload.batch.value());
  const auto guidance = static_cast<double>(run.judged.workload.guidance_batch.value());
  const double divided = division_of(run.judged, run.layout, "guidance");
  return batch / guidance * std::max(1.0, guidance / divided);
}

/// Coefficient x tokens x width x batch, divided by what the layout divides.
std::optional<MemoryTerm> activation_term(const MemoryCase& run, UnknownTerms& unknown) {
  const ModelCard& model = *run.judged.model;
  const auto [activation, implementation] = find_activation(run);
  if (activation == nullptr || (activation->per_width && !model.hidden)) {
    assume(unknown, "activation memory of this implementation");
    return std::nullopt;
  }
  const double tokens = static_cast<double>(run.judged.numbers.tokens.value());
  const double width = activation->per_width ? static_cast<double>(*model.hidden) : 1;
  const double coefficient = run.dtype == "fp32" ? activation->fp32_bytes : activation->half_bytes;
  const double bytes =
      coefficient * tokens * width * batch_of(run) / division_of(run.judged, run.layout, "activations");
  const Trust trust = trust_in(run.judged, *activation, *implementation);
  return MemoryTerm{Kind::activations, "activations", around(bytes, trust.low_factor, trust.high_factor), trust.grade};
}

/// Queries, keys and values on their way between ranks, or kept for the next step by PipeFusion.
std::optional<MemoryTerm> exchange_term(const MemoryCase& run) {
  const ModelCard& model = *run.judged.model;
  if (!model.hidden) return std::nullopt;
  const Layout& layout = run.layout;
  const double tensor = static_cast<double>(run.judged.numbers.tokens.value()) * static_cast<double>(*model.hidden) *
                        batch_of(run) * bytes_of(run, run.dtype);
  double bytes = 0;
  if (layout.ulysses > 1) bytes += 4 * tensor / static_cast<double>(layout.ulysses * layout.ring);
  if (layout.ring > 1) bytes += 4 * tensor / static_cast<double>(layout.ulysses * layout.ring);
  if (layout.pipefusion > 1 && model.layers)
    bytes += 2 * static_cast<double>(*model.layers) / static_cast<double>(layout.pipefusion) * tensor;
  if (bytes == 0) return std::nullopt;
  return MemoryTerm{Kind::other, "exchange", around(bytes, layout.pipefusion > 1 ? 0.9 : 0, 1.1), Grade::derived};
}

/// Of a sharded model the unit at the root (embeddings, projections) stays whole after its first use; blocks are
/// gathered one ahead. Source: torch.distributed.fsdp, reshard_after_forward of the root.
std::optional<MemoryTerm> gathered_term(const MemoryCase& run, bool denoises) {
  const ModelCard& model = *run.judged.model;
  if (run.layout.fsdp <= 1) return std::nullopt;
  const double gathered = 1 - 1 / static_cast<double>(run.layout.fsdp);
  double root = params_outside_blocks(run) * static_cast<double>(model.experts);
  if (division_of(run.judged, run.layout, "text_weights") > 1) {
    for (const std::string& id : model.text_encoders) {
      if (const TextEncoder* encoder = find_entry(run.judged.knowledge.text_encoders, id))
        root += static_cast<double>(encoder->embedding_params);
    }
  }
  const double blocks = denoises && model.layers && *model.layers > 0
                            ? 2 * static_cast<double>(model.params) / static_cast<double>(*model.layers)
                            : 0;
  return MemoryTerm{Kind::weights, "gathered", around((root + blocks) * gathered * bytes_of(run, run.dtype), 0.7, 1.3),
                    Grade::derived};
}

/// A mask over all pairs of tokens: the booleans, a second one while they are combined, and their copy in the dtype.
std::optional<MemoryTerm> mask_term(const MemoryCase& run) {
  if (!run.judged.model->dense_mask) return std::nullopt;
  const double length = static_cast<double>(run.judged.numbers.tokens.value());
  const double mask = length * length;
  return MemoryTerm{Kind::attention,
                    "dense-mask",
                    {whole_bytes(mask), whole_bytes(2 * mask), whole_bytes(mask * (2 + bytes_of(run, run.dtype)))},
                    Grade::derived};
}

/// The score matrix of a kernel that builds one, or the log-sum-exp of one that does not: its output is among the
/// activations.
std::optional<MemoryTerm> attention_term(const MemoryCase& run, UnknownTerms& unknown) {
  const JudgedCase& judged = run.judged;
  if (!judged.numbers.score_elements.is_known()) {
    assume(unknown, "attention heads of the model");
    return std::nullopt;
  }
  const double shared = division_of(judged, run.layout, "attention");
  if (!run.kernel.score_memory.empty()) {
    if (const auto scores = score_matrix(judged, run.kernel, run.dtype, judged.numbers.score_elements.value() / shared))
      return MemoryTerm{Kind::attention, "score-matrix", scores->held, Grade::derived};
    assume(unknown, "score matrix of this kernel");
    return std::nullopt;
  }
  const double rows = batch_of(run) * static_cast<double>(judged.numbers.tokens.value()) *
                      static_cast<double>(*judged.model->heads) / shared;
  return MemoryTerm{Kind::attention, "log-sum-exp", around(rows * k_lse_bytes, 1, 1), Grade::formula};
}

void add(StageBudget& budget, std::optional<MemoryTerm> term) {
  if (term) budget.terms.push_back(*std::move(term));
}

std::optional<MemoryTerm> overhead_term(const JudgedCase& judged, std::string_view id, Kind kind) {
  const Overhead& entry = overhead(judged, id);
  if (!entry.bytes) return std::nullopt;
  return MemoryTerm{kind, std::string(id), *entry.bytes, Grade::derived};
}

}  // namespace

std::vector<std::string> stages_of(const JudgedCase& judged) {
  const auto& request = judged.request;
  const std::string task = request.task.is_known()       ? request.task.value()
                           : judged.model->tasks.empty() ? std::string()
                                                         : judged.model->tasks.front();
  // An image or a clip that goes in has a letter in the task's name: i2v, v2v, ti2v, flf2v, s2v, i2i.
  const bool takes_picture = !task.empty() && task != "t2v" && task != "t2i" && task != "ti2v";
  std::vector<std::string> stages = {"text_encode"};
  if (takes_picture) stages.push_back("vae_encode");
  stages.push_back("denoise");
  stages.push_back("vae_decode");
  return stages;
}

StageBudget stage_budget(const MemoryCase& run, const std::string& stage, UnknownTerms& unknown) {
  StageBudget budget;
  budget.stage = stage;
  const MemoryMode& mode = mode_of(run.judged, run.choice);
  if (const auto parts = mode.resident.find(stage); parts != mode.resident.end()) {
    for (const ResidentPart& part : parts->second) {
      if (part.component == "transformer_inactive" && run.judged.model->experts < 2) continue;
      budget.terms.push_back(resident_term(run, part, unknown));
    }
  }
  budget.reserved_factor = overhead(run.judged, "fragmentation-denoise").factor;
  if (stage == "text_encode") {
    add(budget, overhead_term(run.judged, "text-encoder-workspace", Kind::activations));
  } else if (stage == "denoise") {
    add(budget, gathered_term(run, true));
    add(budget, activation_term(run, unknown));
    add(budget, attention_term(run, unknown));
    add(budget, mask_term(run));
    add(budget, exchange_term(run));
  } else {
    if (stage == "vae_decode") add(budget, gathered_term(run, false));
    add(budget, vae_term(run, stage == "vae_encode", budget.reserved_factor, unknown));
  }
  add(budget, step_cache_term(run, stage, unknown));
  return budget;
}

}  // namespace diffcheck
