#include "rules/budget.h"

#include <algorithm>
#include <cmath>

#include "rules/attention.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/memory_terms.h"
#include "rules/memory_weights.h"
#include "rules/run_size.h"

namespace diffcheck {
namespace {

/// What a process takes on its GPU beside tensors.
Estimate context_bytes(const JudgedCase& judged, bool several_gpus) {
  return overhead(judged, several_gpus ? "context-nccl" : "context").bytes.value_or(Estimate{});
}

Estimate larger(const Estimate& left, const Estimate& right) {
  return {std::max(left.low, right.low), std::max(left.bytes, right.bytes), std::max(left.high, right.high)};
}

/// What the allocator holds for a stage: weights lie close, all else leaves gaps.
Estimate reserved_of(const JudgedCase& judged, const StageBudget& stage) {
  const Estimate weights = stage.of(MemoryTerm::Kind::weights);
  const Estimate total = stage.total();
  const Estimate rest = {total.low - weights.low, total.bytes - weights.bytes, total.high - weights.high};
  const double high = std::max(overhead(judged, "fragmentation-vae").factor_high, stage.reserved_factor);
  return {total.low, weights.bytes + scaled(rest, stage.reserved_factor).bytes, weights.high + scaled(rest, high).high};
}

/// The allocator gives gaps back before it fails, so that only tensors decide that a run does not fit; and since it
/// cannot give back all, they need slack to be sure that it does.
Truth fits_in(const MemoryPlan& plan, const GpuRoom& room, double most_slack) {
  if (!room.bytes) return Truth::unknown;
  if (plan.peak.low > room.bytes->high) return Truth::no;
  Estimate sure;
  for (const StageBudget& stage : plan.stages) {
    const Estimate weights = stage.of(MemoryTerm::Kind::weights);
    const Estimate total = stage.total();
    sure =
        larger(sure, {0, 0, weights.high + whole_bytes(static_cast<double>(total.high - weights.high) * most_slack)});
  }
  return sure.high <= room.bytes->low && plan.unknown_terms.empty() ? Truth::yes : Truth::unknown;
}

/// Of all processes on one host.
std::int64_t host_bytes(const MemoryCase& run, UnknownTerms& unknown) {
  double total = 0;
  for (const auto& [component, copies] : mode_of(run.judged, run.choice).host)
    total += copies * static_cast<double>(component_weights(run, component, unknown).bytes.bytes);
  const std::int64_t processes = std::max<std::int64_t>(1, run.layout.world_size / node_count(run.judged));
  return whole_bytes(total * static_cast<double>(processes));
}

/// The checkpoint as it is published.
std::int64_t disk_bytes(const MemoryCase& run, UnknownTerms& unknown) {
  const ModelCard& model = *run.judged.model;
  const std::string& dtype = model.checkpoint_dtype.empty() ? model.dtype : model.checkpoint_dtype;
  const double transformer = static_cast<double>(model.params) * static_cast<double>(model.experts) *
                             bytes_per_element(run.judged.knowledge, dtype).value_or(2);
  const Layout one_gpu;
  const MemoryChoice as_published{run.choice.mode, "", false};
  const MemoryCase published{run.judged, run.kernel, model.dtype, one_gpu, as_published};
  return whole_bytes(transformer) + component_weights(published, "text_encoder", unknown).bytes.bytes +
         component_weights(published, "vae", unknown).bytes.bytes;
}

/// What one GPU can give before contexts: free memory where it was read, the total otherwise, and where only the size
/// it is sold with is known, the range of what such a size comes to.
std::optional<Estimate> capacity_of(const JudgedCase& judged, const GpuFacts& gpu) {
  const Fact<Bytes>& fact = gpu.memory.free_bytes.is_known() ? gpu.memory.free_bytes : gpu.memory.total_bytes;
  if (!fact.is_known()) return std::nullopt;
  const std::int64_t bytes = fact.value().count;
  // A size that comes from the table of products is what the card is sold with; it may be that of another node's card.
  const auto& products = judged.knowledge.gpus;
  const bool nominal = std::any_of(products.begin(), products.end(), [&](const GpuProduct& product) {
    return !product.usable_memory_bytes && fact.source().ends_with(product.origin);
  });
  if (!nominal) return Estimate{bytes, bytes, bytes};
  return around(static_cast<double>(bytes), overhead(judged, "nominal-capacity"));
}

}  // namespace

std::optional<double> bytes_per_element(const Knowledge& knowledge, const std::string& id) {
  const Quantization* entry = find_entry(knowledge.quantizations, id);
  return entry == nullptr ? std::nullopt : std::optional<double>(entry->bytes_per_param);
}

GpuRoom room_on_gpus(const JudgedCase& judged) {
  std::optional<Estimate> least;
  GpuRoom room;
  for (const std::size_t index : judged.gpus) {
    const GpuFacts& gpu = judged.snapshot.gpus[index];
    const Fact<Bytes>& fact = gpu.memory.free_bytes.is_known() ? gpu.memory.free_bytes : gpu.memory.total_bytes;
    const auto capacity = capacity_of(judged, gpu);
    if (!capacity) return {std::nullopt, fact.why()};
    if (!least || capacity->low < least->low) {
      least = capacity;
      room.source = fact.source();
    }
  }
  if (!least) return {std::nullopt, "no GPU"};
  const Estimate context = context_bytes(judged, judged.gpus.size() > 1);
  room.bytes = Estimate{least->low - context.high, least->bytes - context.bytes, least->high - context.low};
  return room;
}

bool builds_score_matrix(const Kernel& kernel) {
  return std::any_of(kernel.score_memory.begin(), kernel.score_memory.end(),
                     [](const ScoreMemory& memory) { return memory.buffer_bytes >= 1; });
}

std::optional<ScoreMatrix> score_matrix(const JudgedCase& judged, const Kernel& kernel, const std::string& dtype,
                                        double elements) {
  FactTable call;
  call.add_all("call", attention_call(judged, dtype));
  const Scope scope = judged.scope().add(call);
  for (const ScoreMemory& rule : kernel.score_memory) {
    if (rule.when && decide(*rule.when, scope) == Truth::no) continue;
    const double unit = rule.of_dtype ? bytes_per_element(judged.knowledge, dtype).value_or(2) : 1;
    ScoreMatrix matrix;
    matrix.buffer_bytes = whole_bytes(elements * rule.buffer_bytes * unit);
    matrix.held = {whole_bytes(elements * rule.low_bytes * unit),
                   whole_bytes(elements * (rule.low_bytes + rule.high_bytes) / 2 * unit),
                   whole_bytes(elements * rule.high_bytes * unit)};
    return matrix;
  }
  return std::nullopt;
}

MemoryPlan plan_memory(const JudgedCase& judged, const MemoryChoice& choice, const Kernel& kernel,
                       const std::string& dtype, const Layout& layout) {
  const MemoryCase run{judged, kernel, dtype, layout, choice};
  MemoryPlan plan;
  plan.choice = choice;
  plan.dtype = dtype;
  plan.concessions = concessions_of(judged, choice);
  plan.settings = settings_of(judged, choice);
  plan.grade = Grade::measured;
  for (const std::string& stage : stages_of(judged)) {
    plan.stages.push_back(stage_budget(run, stage, plan.unknown_terms));
    plan.peak = larger(plan.peak, plan.stages.back().total());
    plan.reserved = larger(plan.reserved, reserved_of(judged, plan.stages.back()));
    for (const MemoryTerm& term : plan.stages.back().terms) plan.grade = std::max(plan.grade, term.grade);
  }
  if (!plan.unknown_terms.empty()) plan.grade = Grade::assumed;
  plan.host_bytes = host_bytes(run, plan.unknown_terms);
  plan.disk_bytes = disk_bytes(run, plan.unknown_terms);
  plan.device = plan.reserved + context_bytes(judged, layout.world_size > 1);
  const GpuRoom room = room_on_gpus(judged);
  if (room.bytes) plan.limit_bytes = room.bytes->bytes;
  plan.limit_source = room.source;
  plan.fits = fits_in(plan, room, overhead(judged, "fragmentation-denoise").factor_high);
  return plan;
}

}  // namespace diffcheck
