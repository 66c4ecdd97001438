#include "rules/layout.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <limits>

#include "rules/engine_variant.h"
#include "rules/mesh.h"
#include "rules/run_size.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

constexpr std::array<std::string_view, 8> k_all_axes = {"data",       "cfg",    "ulysses", "ring",
                                                        "pipefusion", "tensor", "fsdp",    "vae"};
constexpr std::int64_t k_lse_padding_tokens = 32;  // kAlignLSE of torch's efficient kernel; see xDiT issue 439

std::int64_t divided_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

bool takes(const Axis& axis, std::int64_t degree) {
  return degree == 1 || axis.degrees.empty() ||
         std::find(axis.degrees.begin(), axis.degrees.end(), degree) != axis.degrees.end();
}

/// Where a rule of the engine says what becomes of an axis that it lacks, or of a degree that it does not take: such
/// rules are called "cfg-supported" and the like.
std::vector<Reason>::iterator told_by_the_data(std::vector<Reason>& reasons, const std::string& variant,
                                               std::string_view axis) {
  const std::string rule = variant + "/" + std::string(axis) + "-supported";
  return std::find_if(reasons.begin(), reasons.end(), [&](const Reason& reason) {
    return reason.truth == Truth::no && reason.condition.starts_with(rule);
  });
}

/// Stages left over when `blocks` are dealt out in equal shares, rounded up.
std::int64_t empty_stages(std::int64_t blocks, std::int64_t stages) {
  const std::int64_t share = std::max<std::int64_t>(1, divided_up(blocks, stages));
  return stages - divided_up(blocks, share);
}

/// Why a degree of an axis is refused: the axis is not there (`degrees` is empty), or takes other degrees.
Reason axis_refusal(const JudgedCase& judged, std::string_view name, std::int64_t asked,
                    const std::vector<std::int64_t>& degrees) {
  const std::string axis(name);
  std::string allowed;
  for (const std::int64_t degree : degrees) allowed += (allowed.empty() ? "" : ", ") + std::to_string(degree);
  Reason reason;
  reason.condition = axis + (degrees.empty() ? "/supported" : "/degree");
  reason.truth = Truth::no;
  const std::string model = judged.model == nullptr ? std::string("this model") : judged.model->id;
  reason.text = say(judged.knowledge, degrees.empty() ? "axis-unsupported-reason" : "axis-degree-reason",
                    {{"engine", judged.variant->id}, {"axis", axis}, {"model", model}, {"degrees", allowed}});
  reason.evidence.push_back({"candidate." + axis, "= " + (degrees.empty() ? std::string("1") : allowed),
                             std::to_string(asked), "request", Truth::no});
  reason.source = judged.engine->origin;
  return reason;
}

void set_placement(CandidateNumbers& facts, const JudgedCase& judged, std::int64_t world_size) {
  const Placement placement = placement_of(world_size, node_count(judged), gpus_per_node(judged));
  if (placement.nodes == 0) {
    // More ranks than there are GPUs, or in no equal parts: it is judged as it was asked, on all nodes.
    facts.nodes = known(node_count(judged), "nodes");
    facts.gpus_per_node = unknown<std::int64_t>("nodes", "no nodes hold equal parts of the ranks");
    return;
  }
  facts.nodes = known(placement.nodes, "layout under judgement");
  facts.gpus_per_node = known(placement.gpus_per_node, "layout under judgement");
}

}  // namespace

std::optional<std::int64_t> pinned_degree(const Request& request, std::string_view axis) {
  const auto pin = request.pin(std::string(axis));
  if (!pin) return std::nullopt;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(pin->data(), pin->data() + pin->size(), value);
  if (error != std::errc() || end != pin->data() + pin->size() || value < 1) return std::nullopt;
  return value;
}

const Axis* usable_axis(const JudgedCase& judged, std::string_view name) {
  for (const Axis& axis : judged.variant->axes) {
    if (axis.name != name) continue;
    const bool for_model = judged.model == nullptr || matches_any(axis.models, judged.model->id);
    if (for_model && (!axis.when || decide(*axis.when, judged.scope()) != Truth::no)) return &axis;
  }
  return nullptr;
}

double division_of(const JudgedCase& judged, const Layout& layout, std::string_view what) {
  double product = 1;
  for (const Axis& axis : judged.variant->axes) {
    if (usable_axis(judged, axis.name) != &axis) continue;
    const bool divides = std::find(axis.divides.begin(), axis.divides.end(), what) != axis.divides.end();
    if (divides) product *= static_cast<double>(degree(layout, axis.name));
  }
  // No weight is held by fewer than one rank in the world.
  return std::min(product, static_cast<double>(layout.world_size));
}

std::int64_t degree(const Layout& layout, std::string_view axis) {
  Layout copy = layout;
  const std::int64_t* found = copy.axis(axis);
  return found == nullptr ? 1 : *found;
}

std::int64_t product(const Layout& layout) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::int64_t product = 1;
  for (const std::string_view name : k_product_axes) {
    const std::int64_t factor = std::max<std::int64_t>(1, degree(layout, name));
    product = product > most / factor ? most : product * factor;
  }
  return product;
}

FactTable candidate_facts(const JudgedCase& judged, const Layout& layout, const std::string& dtype,
                          const Kernel* kernel, Truth returns_lse) {
  const std::string source = "the layout";  // short enough to need no memory of its own: there are thousands
  CandidateNumbers facts;
  facts.dtype = known(dtype, source);
  if (kernel != nullptr) {
    facts.kernel = known(kernel->id, source);
    facts.kernel_family = known(kernel->family, source);
    if (returns_lse != Truth::unknown) facts.kernel_returns_lse = known(returns_lse == Truth::yes, kernel->origin);
  }
  facts.world_size = known(layout.world_size, source);
  set_placement(facts, judged, layout.world_size);
  facts.data = known(layout.data, source);
  facts.cfg = known(layout.cfg, source);
  facts.ulysses = known(layout.ulysses, source);
  facts.ring = known(layout.ring, source);
  facts.pipefusion = known(layout.pipefusion, source);
  facts.tensor = known(layout.tensor, source);
  facts.fsdp = known(layout.fsdp, source);
  facts.vae = known(layout.vae, source);
  facts.product = known(product(layout), source);
  facts.data_and_cfg = known(layout.data * layout.cfg, source);
  facts.replica_size = known(layout.world_size / std::max<std::int64_t>(1, layout.data), source);
  facts.head_ways = known(layout.tensor * layout.ulysses, source);
  if (judged.model != nullptr && judged.model->layers)
    facts.empty_stages = known(empty_stages(*judged.model->layers, layout.pipefusion), judged.model->origin);
  const std::int64_t sequence = layout.ulysses * layout.ring;
  facts.sequence_degree = known(sequence, source);
  if (judged.model != nullptr && judged.numbers.tokens_visual.is_known()) {
    const ModelCard& model = *judged.model;
    facts.row_multiple = known(model.patch_h * sequence, source);
    // Text that does not divide over the ranks stays whole on each. Source: xDiT issue 439.
    const bool split = model.text_tokens % sequence == 0;
    facts.text_is_split = known(split, source);
    const std::int64_t text = model.joint_attention ? (split ? model.text_tokens / sequence : model.text_tokens) : 0;
    const std::int64_t visual = (judged.numbers.tokens_visual.value() + sequence - 1) / sequence;
    const std::int64_t local = layout.ulysses * (visual + text);
    facts.query_tokens_per_rank = known(local, source);
    facts.query_tokens_padded =
        known((local + k_lse_padding_tokens - 1) / k_lse_padding_tokens * k_lse_padding_tokens, source);
  }
  FactTable table;
  table.add_all("candidate", facts);
  return table;
}

Layout requested_layout(const Request& request) {
  Layout layout;
  for (const std::string_view name : k_all_axes) *layout.axis(name) = pinned_degree(request, name).value_or(1);
  layout.world_size = product(layout);
  // Asking for more GPUs than the degrees make is what engines refuse, or waste: it is judged as it was asked.
  if (request.gpus.is_known()) layout.world_size = std::max(layout.world_size, request.gpus.value());
  return layout;
}

Judgement judge_layout(const JudgedCase& judged, const Layout& layout, const KernelCandidate& kernel) {
  const FactTable candidate = candidate_facts(
      judged, layout, kernel.dtype, find_entry(judged.knowledge.kernels, kernel.kernel), truth_of(kernel.returns_lse));
  Scope scope = judged.gpus.empty() ? judged.scope() : judged.scope_on_gpu(0);
  Judgement judgement = judge(judged.variant->layout_constraints, judged.variant->id, scope.add(candidate));
  for (const std::string_view name : k_all_axes) {
    const std::int64_t asked = degree(layout, name);
    const Axis* axis = usable_axis(judged, name);
    if (asked == 1 || (axis != nullptr && takes(*axis, asked))) continue;
    judgement.truth = Truth::no;
    const auto told = told_by_the_data(judgement.reasons, judged.variant->id, name);
    if (told != judgement.reasons.end()) {
      std::rotate(judgement.reasons.begin(), told, std::next(told));
    } else {
      const auto degrees = axis == nullptr ? std::vector<std::int64_t>() : axis->degrees;
      judgement.reasons.insert(judgement.reasons.begin(), axis_refusal(judged, name, asked, degrees));
    }
  }
  for (const JudgedCase& node : judged.other_nodes) {
    if (node.variant != nullptr) judgement = both(std::move(judgement), judge_layout(node, layout, kernel));
  }
  return judgement;
}

Truth decide_layout(const JudgedCase& judged, const Layout& layout, const KernelCandidate& kernel) {
  for (const std::string_view name : k_all_axes) {
    const std::int64_t asked = degree(layout, name);
    if (asked == 1) continue;
    const Axis* axis = usable_axis(judged, name);
    if (axis == nullptr || !takes(*axis, asked)) return Truth::no;
  }
  const FactTable candidate = candidate_facts(
      judged, layout, kernel.dtype, find_entry(judged.knowledge.kernels, kernel.kernel), truth_of(kernel.returns_lse));
  Scope scope = judged.gpus.empty() ? judged.scope() : judged.scope_on_gpu(0);
  Truth truth = decide(judged.variant->layout_constraints, scope.add(candidate));
  for (const JudgedCase& node : judged.other_nodes)
    truth = both(truth, node.variant == nullptr ? Truth::unknown : decide_layout(node, layout, kernel));
  return truth;
}

std::string to_text(const Layout& layout) {
  std::string text;
  for (const std::string_view name : k_all_axes) {
    if (degree(layout, name) > 1)
      text += (text.empty() ? "" : " x ") + std::string(name) + " " + std::to_string(degree(layout, name));
  }
  return text.empty() ? "1 GPU" : text;
}

}  // namespace diffcheck
