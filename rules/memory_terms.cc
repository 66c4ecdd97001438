#include "rules/memory_terms.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <utility>

#include "rules/budget.h"
#include "rules/engine_variant.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

using Kind = MemoryTerm::Kind;

constexpr double k_largest_bytes = 4e18;  // sums of two stay inside int64
constexpr std::int64_t k_gib = 1LL << 30;
/// A VAE whose parameters nobody counted: those that were counted have 0.08 to 1.3 billion (data/models/vaes.json).
constexpr Estimate k_unlisted_vae_bytes = {k_gib / 8, k_gib / 2, 5 * k_gib};
/// Range around a parameter count that was not summed from the layers.
constexpr double k_approximate_share = 0.10;
/// Parameters that stand in no block (embeddings, projections), as a share of a transformer.
constexpr double k_share_outside_blocks = 0.02;
constexpr double k_lse_bytes = 4;

void assume(UnknownTerms& unknown, const std::string& what) {
  if (std::find(unknown.begin(), unknown.end(), what) == unknown.end()) unknown.push_back(what);
}

double bytes_of(const MemoryCase& run, const std::string& dtype) {
  return bytes_per_element(run.judged.knowledge, dtype).value_or(2);
}

std::string weight_dtype(const MemoryCase& run, const std::string& component) {
  return weight_dtype_in(run.judged, run.choice, component == "transformer_inactive" ? "transformer" : component,
                         run.dtype);
}

bool is_quantized(const MemoryCase& run, const std::string& component) {
  if (run.choice.quantization.empty()) return false;
  const std::string base = component == "transformer_inactive" ? "transformer" : component;
  const QuantizationChoice* choice = quantization_of(run.judged, run.choice);
  if (choice == nullptr) return base == "transformer";
  return std::find(choice->components.begin(), choice->components.end(), base) != choice->components.end();
}

double weight_bytes_per_param(const MemoryCase& run, const std::string& component) {
  if (component == "text_encoder") {
    if (const auto pinned = run.judged.request.pin("text_quantization")) return bytes_of(run, *pinned);
  }
  return bytes_of(run, is_quantized(run, component) ? run.choice.quantization : weight_dtype(run, component));
}

Estimate counted(double bytes, bool exact) {
  return around(bytes, exact ? 1 : 1 - k_approximate_share, exact ? 1 : 1 + k_approximate_share);
}

/// What the user's checkpoint holds of a component, where that was read.
std::optional<double> params_on_disk(const ModelCard& model, const std::string& component) {
  const auto found = model.on_disk.find(component);
  if (found == model.on_disk.end() || !found->second.params) return std::nullopt;
  return static_cast<double>(*found->second.params);
}

/// On one rank. Sharding leaves encoders of pictures and sound whole: they are not wrapped.
Estimate text_encoder_bytes(const MemoryCase& run) {
  Estimate total;
  const double ranks = division_of(run.judged, run.layout, "text_weights");
  const double per_param = weight_bytes_per_param(run, "text_encoder");
  const double embedding_extra = std::max(0.0, bytes_of(run, weight_dtype(run, "text_encoder")) - per_param);
  for (const std::string& id : run.judged.model->text_encoders) {
    const TextEncoder* encoder = find_entry(run.judged.knowledge.text_encoders, id);
    if (encoder == nullptr) continue;
    const double bytes = static_cast<double>(encoder->params) * per_param +
                         static_cast<double>(encoder->embedding_params) * embedding_extra;
    total = total + scaled(counted(bytes, encoder->params_exact), encoder->reads_text ? 1 / ranks : 1);
  }
  return total;
}

/// The largest linear layer of a transformer: into the feed-forward layer or out of a fused block, or the modulation.
double largest_module_params(const ModelCard& model) {
  if (!model.hidden) return static_cast<double>(model.params) * k_share_outside_blocks;
  const auto width = static_cast<double>(*model.hidden);
  const double ffn = static_cast<double>(model.ffn.value_or(4 * *model.hidden));
  constexpr double modulations = 6;
  return std::max(width * (ffn + width), modulations * width * width);
}

/// What a stage keeps of a component, in bytes.
Estimate resident_bytes(const MemoryCase& run, const ResidentPart& part, const Estimate& all, UnknownTerms& unknown) {
  const ModelCard& model = *run.judged.model;
  const double per_param = weight_bytes_per_param(run, part.component);
  if (part.modules > 0) {
    double params = largest_module_params(model);
    if (part.component == "vae") return all;
    if (part.component == "text_encoder") {
      params = 0;
      for (const std::string& id : model.text_encoders) {
        const TextEncoder* encoder = find_entry(run.judged.knowledge.text_encoders, id);
        if (encoder == nullptr) continue;
        const double known = static_cast<double>(encoder->embedding_params);
        params = std::max(params, known > 0 ? known : static_cast<double>(encoder->params) / 4);
      }
    }
    const double bytes = params * per_param * static_cast<double>(part.modules);
    return {0, std::min(whole_bytes(bytes), all.bytes), std::min(whole_bytes(bytes), all.high)};
  }
  if (part.blocks > 0) {
    if (!model.layers || *model.layers < 1) {
      assume(unknown, "blocks of the model");
      return {0, all.bytes, all.high};
    }
    const double share =
        std::min(1.0, static_cast<double>(part.blocks) / static_cast<double>(*model.layers) + k_share_outside_blocks);
    // Blocks differ: those with two streams hold up to twice the average.
    return {scaled(all, share * 0.7).low, scaled(all, share).bytes, scaled(all, std::min(1.0, 1.5 * share)).high};
  }
  return scaled(all, part.fraction);
}

MemoryTerm resident_term(const MemoryCase& run, const ResidentPart& part, UnknownTerms& unknown) {
  MemoryTerm term = component_weights(run, part.component, unknown);
  const Quantization* quantization = find_entry(run.judged.knowledge.quantizations, run.choice.quantization);
  const bool stays = quantization != nullptr && !quantization->offloadable && is_quantized(run, part.component);
  if (!stays) term.bytes = resident_bytes(run, part, term.bytes, unknown);
  return term;
}

/// What another's code needs says only roughly what the engine's own does, and more often too much than too little.
constexpr double k_borrowed_low = 0.4, k_borrowed_high = 1.25;

struct Counted {
  double low_factor, high_factor;
  Grade grade;
};

template <class Entry>
Counted trust_in(const Entry& entry, const Implementation& implementation) {
  if (!implementation.borrowed) return {entry.low_factor, entry.high_factor, entry.grade};
  return {entry.low_factor * k_borrowed_low, entry.high_factor * k_borrowed_high, Grade::assumed};
}

std::pair<const Activation*, const Implementation*> find_activation(const MemoryCase& run) {
  for (const Implementation* implementation : implementations_of(run.judged)) {
    for (const Activation& activation : run.judged.knowledge.activations) {
      if (activation.implementation == implementation->id && matches_any(activation.models, run.judged.model->id))
        return {&activation, implementation};
    }
  }
  return {nullptr, nullptr};
}

/// Of the outputs that are asked for, those that one replica makes at once.
double outputs_of_a_replica(const MemoryCase& run) {
  const std::int64_t outputs = run.judged.workload.batch.value();
  return static_cast<double>((outputs + run.layout.data - 1) / run.layout.data);
}

/// Sequences computed at once on one rank, less what guidance and data parallelism take away.
double batch_of(const MemoryCase& run) {
  const auto batch = static_cast<double>(run.judged.numbers.attention_batch.value()) * outputs_of_a_replica(run) /
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
  const Counted trust = trust_in(*activation, *implementation);
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
  double root = k_share_outside_blocks * static_cast<double>(model.params * model.experts);
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

std::pair<const VaeWorkspace*, const Implementation*> find_workspace(const MemoryCase& run, const Vae& vae,
                                                                     bool encodes) {
  for (const bool tiled : {run.choice.vae_tiling, false}) {
    for (const Implementation* implementation : implementations_of(run.judged)) {
      for (const VaeWorkspace& workspace : vae.workspaces) {
        if (workspace.implementation == implementation->id && workspace.encodes == encodes && workspace.tiled == tiled)
          return {&workspace, implementation};
      }
    }
  }
  return {nullptr, nullptr};
}

double elements_at_once(const VaeWorkspace& workspace, const std::string& dtype, double pixels, double frames) {
  double most = 0;
  for (const ElementCount& count : dtype == "fp32" && !workspace.fp32.empty() ? workspace.fp32 : workspace.half)
    most = std::max(most, count.constant + count.frame * frames + pixels * (count.pixel + count.pixel_frame * frames));
  return most;
}

/// The same call without tiles, in the same implementation.
const VaeWorkspace* find_untiled(const Vae& vae, const VaeWorkspace& tiled) {
  for (const VaeWorkspace& workspace : vae.workspaces) {
    if (!workspace.tiled && workspace.implementation == tiled.implementation && workspace.encodes == tiled.encodes)
      return &workspace;
  }
  return nullptr;
}

/// What fits in one tile is not cut: tiles never take more than the whole.
double elements_of_call(const Vae& vae, const VaeWorkspace& workspace, const std::string& dtype, double pixels,
                        double frames) {
  const double elements = elements_at_once(workspace, dtype, pixels, frames);
  const VaeWorkspace* untiled = workspace.tiled ? find_untiled(vae, workspace) : nullptr;
  return untiled == nullptr ? elements : std::min(elements, elements_at_once(*untiled, dtype, pixels, frames));
}

/// Where no encoder was measured: the share of what decoding takes, as in those that were counted.
constexpr double k_encode_low = 0.3, k_encode = 0.65, k_encode_high = 1.1;

std::optional<MemoryTerm> vae_term(const MemoryCase& run, bool encodes, double& reserved_factor,
                                   UnknownTerms& unknown) {
  const JudgedCase& judged = run.judged;
  const Vae* vae = find_entry(judged.knowledge.vaes, judged.model->vae);
  if (vae == nullptr) {
    assume(unknown, "VAE");
    return std::nullopt;
  }
  auto [workspace, implementation] = find_workspace(run, *vae, encodes);
  const bool guessed = workspace == nullptr && encodes;
  if (guessed) std::tie(workspace, implementation) = find_workspace(run, *vae, false);
  if (workspace == nullptr) {
    assume(unknown, encodes ? "VAE encode workspace" : "VAE decode workspace");
    return std::nullopt;
  }
  const std::string dtype = weight_dtype(run, "vae");
  const double pixels =
      static_cast<double>(judged.workload.width.value()) * static_cast<double>(judged.workload.height.value());
  const double elements =
      outputs_of_a_replica(run) *
      elements_of_call(*vae, *workspace, dtype, pixels, static_cast<double>(judged.workload.frames.value()));
  const double bytes = elements * bytes_of(run, dtype) / division_of(judged, run.layout, "vae");
  reserved_factor = workspace->reserved_factor;
  const Counted trust = trust_in(*workspace, *implementation);
  if (guessed)
    return MemoryTerm{
        Kind::other,
        "encode",
        {whole_bytes(bytes * k_encode_low), whole_bytes(bytes * k_encode), whole_bytes(bytes * k_encode_high)},
        Grade::assumed};
  return MemoryTerm{Kind::other, encodes ? "encode" : "decode", around(bytes, trust.low_factor, trust.high_factor),
                    trust.grade};
}

void add(StageBudget& budget, std::optional<MemoryTerm> term) {
  if (term) budget.terms.push_back(*std::move(term));
}

std::optional<MemoryTerm> overhead_term(const Knowledge& knowledge, std::string_view id, Kind kind) {
  const Overhead* overhead = find_entry(knowledge.overheads, id);
  if (overhead == nullptr || !overhead->bytes) return std::nullopt;
  return MemoryTerm{kind, std::string(id), *overhead->bytes, Grade::derived};
}

}  // namespace

std::int64_t whole_bytes(double bytes) {
  return static_cast<std::int64_t>(std::llround(std::clamp(bytes, 0.0, k_largest_bytes)));
}

Estimate around(double bytes, double low_factor, double high_factor) {
  return {whole_bytes(bytes * low_factor), whole_bytes(bytes), whole_bytes(bytes * high_factor)};
}

Estimate scaled(const Estimate& estimate, double factor) {
  const auto times = [&](std::int64_t bytes) { return whole_bytes(static_cast<double>(bytes) * factor); };
  return {times(estimate.low), times(estimate.bytes), times(estimate.high)};
}

MemoryTerm component_weights(const MemoryCase& run, const std::string& component, UnknownTerms& unknown) {
  const ModelCard& model = *run.judged.model;
  MemoryTerm term{Kind::weights, component, {}, Grade::formula};
  if (component == "transformer" || component == "transformer_inactive") {
    const double copies = component == "transformer" ? 1 : static_cast<double>(model.experts - 1);
    const double bytes = static_cast<double>(model.params) * copies * weight_bytes_per_param(run, component);
    term.bytes = scaled(counted(bytes, model.params_exact), 1 / division_of(run.judged, run.layout, "weights"));
    term.grade = model.params_exact ? Grade::formula : Grade::assumed;
    return term;
  }
  if (component == "text_encoder") {
    const auto ranks = division_of(run.judged, run.layout, "text_weights");
    const auto counted_on_disk = params_on_disk(model, component);
    term.bytes = counted_on_disk
                     ? scaled(counted(*counted_on_disk * weight_bytes_per_param(run, component), true), 1 / ranks)
                     : text_encoder_bytes(run);
    return term;
  }
  if (const auto counted_on_disk = params_on_disk(model, component)) {
    term.bytes = counted(*counted_on_disk * weight_bytes_per_param(run, component), true);
    return term;
  }
  const Vae* vae = find_entry(run.judged.knowledge.vaes, model.vae);
  if (vae == nullptr || !vae->params) {
    assume(unknown, "VAE parameter count");
    term.bytes = k_unlisted_vae_bytes;
    term.grade = Grade::assumed;
    return term;
  }
  term.bytes = counted(static_cast<double>(*vae->params) * weight_bytes_per_param(run, "vae"), vae->params_exact);
  return term;
}

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
  const Knowledge& knowledge = run.judged.knowledge;
  const Overhead* slack = find_entry(knowledge.overheads, "fragmentation-denoise");
  budget.reserved_factor = slack == nullptr ? 1 : slack->factor;
  if (stage == "text_encode") {
    add(budget, overhead_term(knowledge, "text-encoder-workspace", Kind::activations));
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
  return budget;
}

}  // namespace diffcheck
