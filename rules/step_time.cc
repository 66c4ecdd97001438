#include "rules/step_time.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rules/budget.h"
#include "rules/engine_variant.h"
#include "rules/memory_choices.h"
#include "rules/run_size.h"
#include "rules/step_model.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

struct NamedCost {
  Range StepCosts::*member;
  const char* id;
};

StepCosts step_costs(const Knowledge& knowledge, bool compiled) {
  const std::array<NamedCost, 15> all = {{
      {&StepCosts::saturation, "saturation"},
      {&StepCosts::elementwise_passes, compiled ? "elementwise-passes-compiled" : "elementwise-passes-eager"},
      {&StepCosts::block_launch, compiled ? "block-launch-compiled" : "block-launch-eager"},
      {&StepCosts::collective, compiled ? "collective-compiled" : "collective-eager"},
      {&StepCosts::ring_start, compiled ? "ring-start-compiled" : "ring-start-eager"},
      {&StepCosts::ring_round, compiled ? "ring-round-compiled" : "ring-round-eager"},
      {&StepCosts::ring_merge_passes, "ring-merge-passes"},
      {&StepCosts::ring_kernel_share, "ring-kernel-share"},
      {&StepCosts::ring_overlap, "ring-overlap"},
      {&StepCosts::ulysses_copies, "ulysses-copies"},
      {&StepCosts::pipefusion_block, "pipefusion-block"},
      {&StepCosts::pipefusion_patch, "pipefusion-patch"},
      {&StepCosts::pipefusion_warmup_steps, "pipefusion-warmup-steps"},
      {&StepCosts::small_head_share, "small-head-share"},
      {&StepCosts::run_overhead, "run-overhead"},
  }};
  StepCosts costs;
  for (const NamedCost& one : all) {
    const TimingConstant* constant = find_entry(knowledge.timing_constants, one.id);
    if (constant == nullptr) {
      costs.missing = one.id;
      return costs;
    }
    costs.*one.member = constant->value;
    costs.grade = weaker(costs.grade, constant->grade);
  }
  return costs;
}

double transformer_weight_bytes(const JudgedCase& judged, const std::string& dtype) {
  std::string held = dtype;
  if (const auto choice = default_choice(judged, Layout{}))
    held = weight_dtype_in(judged, *choice, "transformer", dtype);
  if (const auto pinned = judged.request.pin("quantization")) held = *pinned;
  constexpr double half = 2;
  return static_cast<double>(judged.model->params) * bytes_per_element(judged.knowledge, held).value_or(half);
}

double text_flops(const JudgedCase& judged) {
  constexpr double flops_per_weight = 2;
  double params = 0;
  for (const std::string& id : judged.model->text_encoders) {
    if (const TextEncoder* encoder = find_entry(judged.knowledge.text_encoders, id))
      params += static_cast<double>(encoder->params);
  }
  return flops_per_weight * params * static_cast<double>(judged.model->text_tokens);
}

/// Of one replica; what depends on layout and dtype is left open.
std::optional<RunShape> common_shape(const JudgedCase& judged) {
  if (judged.model == nullptr || judged.variant == nullptr || !judged.numbers.tokens_visual.is_known())
    return std::nullopt;
  const ModelCard& model = *judged.model;
  const Workload& workload = judged.workload;
  const auto work = forward_work(model, judged.numbers.tokens_visual.value());
  if (!work) return std::nullopt;
  const bool guidance_off = workload.guidance_scale.is_known() && workload.guidance_scale.value() <= 1.0;
  const bool guided = !guidance_off && (model.guidance == "batched" || model.guidance == "sequential");
  RunShape run;
  run.work = *work;
  run.visual_tokens = judged.numbers.tokens_visual.value();
  run.text_tokens = model.joint_attention ? model.text_tokens : 0;
  run.passes = guided ? model.guidance_passes : 1;
  run.passes_in_batch = model.guidance == "batched";
  run.head_size = model.head_dim.value_or(0);
  run.text_flops = text_flops(judged) * static_cast<double>(run.passes);
  run.steps = workload.steps.value();
  run.mesh = mesh_order_of(*judged.variant);
  if (const DecodeCost* decode = find_entry(judged.knowledge.decode_costs, model.vae)) {
    const double pixels = static_cast<double>(workload.width.value()) * static_cast<double>(workload.height.value()) *
                          static_cast<double>(workload.frames.value());
    run.decode_flops = pixels * decode->flops_per_pixel;
    run.decode_spread = decode->spread;
  }
  return run;
}

/// What of a step is the GPU's and the host's own, which a measured time replaces.
StepParts calibrated(StepParts parts, double factor) {
  parts.linear *= factor;
  parts.attention *= factor;
  parts.elementwise *= factor;
  parts.launch *= factor;
  return parts;
}

std::vector<TimePart> listed(const StepParts& parts) {
  const std::array<std::pair<const char*, double>, 9> all = {{{"linear", parts.linear},
                                                              {"attention", parts.attention},
                                                              {"elementwise", parts.elementwise},
                                                              {"all-to-all", parts.all_to_all},
                                                              {"ring", parts.ring},
                                                              {"all-reduce", parts.all_reduce},
                                                              {"pipeline", parts.pipeline},
                                                              {"weights", parts.weights},
                                                              {"launch", parts.launch}}};
  std::vector<TimePart> list;
  for (const auto& [name, seconds] : all) {
    if (seconds > 0) list.push_back({name, seconds});
  }
  return list;
}

/// Why the exchange of a layout cannot be timed; empty where it can.
Message exchange_unknown(const JudgedCase& judged, const Fabric& fabric, const MeshOrder& mesh, const Layout& layout) {
  const auto along = [&](std::int64_t Layout::*axis) { return group_along(layout, mesh, axis); };
  for (const RankGroup& group : {along(&Layout::tensor), along(&Layout::ulysses), along(&Layout::ring),
                                 along(&Layout::pipefusion), shard_group(layout)}) {
    if (group.size < 2) continue;
    if (!fabric.unknown.empty()) return fabric.unknown;
    if (crosses_nodes(fabric, group) && !fabric.node_bytes_per_second)
      return say(judged.knowledge, "time-unknown-network");
  }
  // What guidance exchanges is little inside a node; a network may be slow without end.
  if (crosses_nodes(fabric, along(&Layout::cfg)) && !fabric.node_bytes_per_second)
    return say(judged.knowledge, "time-unknown-network");
  return {};
}

}  // namespace

StepTimer::StepTimer(const JudgedCase& judged)
    : judged_(judged),
      fabric_(fabric_of(judged)),
      costs_(step_costs(judged.knowledge, judged.request.pin("compile") == "on")),
      products_(chosen_products(judged)),
      run_(common_shape(judged)) {}

const ComputeRates& StepTimer::rates(const std::string& kernel, const std::string& dtype) {
  const auto key = std::pair(kernel, dtype);
  auto found = rates_.find(key);
  if (found == rates_.end())
    found = rates_.emplace(key, compute_rates(judged_.knowledge, products_, kernel, dtype)).first;
  return found->second;
}

const Fabric& StepTimer::fabric(const Layout& layout) {
  const Placement placement = placement_of(layout.world_size, fabric_.nodes, fabric_.gpus_per_node);
  if (placement.nodes == 0 || placement == Placement{fabric_.nodes, fabric_.gpus_per_node}) return fabric_;
  const auto key = std::pair(placement.nodes, placement.gpus_per_node);
  auto found = parts_.find(key);
  if (found == parts_.end()) found = parts_.emplace(key, part_of(fabric_, placement)).first;
  return found->second;
}

Message StepTimer::unknown(const ComputeRates& rates, const Fabric& fabric, const Layout& layout) const {
  if (!run_) return say(judged_.knowledge, "time-unknown-model", {{"model", judged_.model ? judged_.model->id : "?"}});
  if (!costs_.missing.empty()) return say(judged_.knowledge, "time-unknown-constant", {{"constant", costs_.missing}});
  return rates.unknown.empty() ? exchange_unknown(judged_, fabric, run_->mesh, layout) : rates.unknown;
}

RunShape StepTimer::run_shape(const std::string& dtype, const Layout& layout) const {
  RunShape run = *run_;
  run.outputs = outputs_of_a_replica(judged_, layout);
  run.text_flops *= static_cast<double>(run.outputs);
  run.decode_flops *= static_cast<double>(run.outputs);
  if (layout.fsdp > 1) run.weight_bytes = transformer_weight_bytes(judged_, dtype);
  return run;
}

double StepTimer::calibration(const RunShape& run, const ComputeRates& rates) const {
  if (!judged_.request.measured_step_seconds.is_known()) return 1;
  const double alone = step_parts(run, rates, fabric_, costs_, Layout{}, Bound::expected).sum();
  return judged_.request.measured_step_seconds.value() / alone;
}

std::optional<double> StepTimer::total_seconds(const std::string& kernel, const std::string& dtype,
                                               const Layout& layout) {
  const ComputeRates& found = rates(kernel, dtype);
  const Fabric& part = fabric(layout);
  if (!unknown(found, part, layout).empty()) return std::nullopt;
  const RunShape run = run_shape(dtype, layout);
  const StepParts parts = step_parts(run, found, part, costs_, layout, Bound::expected);
  return run_seconds(run, found, part, costs_, layout, calibrated(parts, calibration(run, found)).sum(),
                     Bound::expected);
}

MeshPlan StepTimer::mesh(const Layout& layout) {
  const Fabric& part = fabric(layout);
  MeshPlan plan;
  plan.nodes = part.nodes;
  plan.gpus_per_node = part.gpus_per_node;
  const MeshOrder order = judged_.variant == nullptr ? usual_mesh_order() : mesh_order_of(*judged_.variant);
  for (const auto axis : order) {
    const RankGroup group = group_along(layout, order, axis);
    if (group.size < 2) continue;
    plan.axes.push_back(
        {std::string(axis_name(axis)), group.size, group.stride, crosses_nodes(part, group), link_name(part, group)});
  }
  return plan;
}

StepTime StepTimer::time(const std::string& kernel, const std::string& dtype, const Layout& layout) {
  StepTime time;
  const ComputeRates& found = rates(kernel, dtype);
  const Fabric& part = fabric(layout);
  time.unknown = unknown(found, part, layout);
  if (!time.unknown.empty()) return time;

  const RunShape run = run_shape(dtype, layout);
  const double factor = calibration(run, found);
  const auto at = [&](Bound bound) { return calibrated(step_parts(run, found, part, costs_, layout, bound), factor); };
  const StepParts expected = at(Bound::expected);
  // What was measured has no range of its own: only what ranks exchange is predicted then.
  const bool measured = judged_.request.measured_step_seconds.is_known() && layout.world_size == 1;
  time.step = Duration{measured ? expected.sum() : at(Bound::fast).sum(), expected.sum(),
                       measured ? expected.sum() : at(Bound::slow).sum()};
  const auto whole = [&](double step, Bound bound) {
    return run_seconds(run, found, part, costs_, layout, step, bound);
  };
  time.total = Duration{whole(time.step->low, Bound::fast), whole(time.step->seconds, Bound::expected),
                        whole(time.step->high, Bound::slow)};
  time.parts = listed(expected);
  time.grade = weaker(found.grade, costs_.grade);
  if (layout.world_size > 1) {
    time.grade = weaker(time.grade, fabric_.grade);
    if (part.nodes > 1) time.grade = weaker(time.grade, fabric_.network_grade);
    time.assumptions = fabric_.assumptions;
  }
  return time;
}

}  // namespace diffcheck
