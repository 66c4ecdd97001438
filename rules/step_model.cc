#include "rules/step_model.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace diffcheck {
namespace {

constexpr double k_element_bytes = 2;        // activations are bf16 or fp16
constexpr double k_merge_element_bytes = 4;  // ring attention merges in fp32
constexpr double k_ulysses_exchanges = 4;    // query, key, value, output
constexpr double k_noise_elements = 64;      // of a token's noise prediction: 2 x 2 patches of 16 channels
constexpr std::int64_t k_small_head = 64;

/// FlashAttention has kernels for these head sizes; others are padded to the next.
constexpr std::array<std::int64_t, 6> k_head_sizes = {32, 64, 96, 128, 192, 256};

double head_share(std::int64_t head_size, const StepCosts& costs, Bound bound) {
  if (head_size < 1) return 1;
  const auto next = std::lower_bound(k_head_sizes.begin(), k_head_sizes.end(), head_size);
  const std::int64_t padded = next == k_head_sizes.end() ? head_size : *next;
  const double used = static_cast<double>(head_size) / static_cast<double>(padded);
  return padded <= k_small_head ? used * rate(costs.small_head_share, bound) : used;
}

/// One block of one pass on one rank, before it is cut into patches.
class Block {
 public:
  Block(const RunShape& run, const ComputeRates& rates, const Fabric& fabric, const StepCosts& costs,
        const Layout& layout, Bound bound)
      : run_(run), rates_(rates), fabric_(fabric), costs_(costs), layout_(layout), bound_(bound) {
    const std::int64_t guidance = std::max<std::int64_t>(1, layout.cfg);
    const std::int64_t passes = (run.passes + guidance - 1) / guidance;
    sequences_ = static_cast<double>(run.outputs * (run.passes_in_batch ? passes : 1));
    passes_ = static_cast<double>(run.passes_in_batch ? 1 : passes);
    const std::int64_t ranks = layout.ulysses * layout.ring;
    // Text that does not divide over the ranks stays whole on each.
    const std::int64_t text = run.text_tokens % ranks == 0 ? run.text_tokens / ranks : run.text_tokens;
    tokens_ = static_cast<double>((run.visual_tokens + ranks - 1) / ranks + text);
    hidden_bytes_ = sequences_ * tokens_ * static_cast<double>(run.work.width) * k_element_bytes;
  }

  double passes() const { return passes_; }
  /// Of the rank's hidden state.
  double hidden_bytes() const { return hidden_bytes_; }

  StepParts seconds() const {
    StepParts parts;
    parts.linear = linear();
    parts.attention = attention();
    parts.elementwise = hidden_bytes_ * cost(costs_.elementwise_passes, bound_) / memory_rate();
    add_ulysses(parts);
    add_ring(parts);
    add_tensor(parts);
    return parts;
  }

 private:
  double memory_rate() const { return rate(rates_.elementwise_bytes_per_second, bound_); }
  double split(double bytes) const { return bytes / static_cast<double>(layout_.tensor); }

  double linear() const {
    const double patches = static_cast<double>(layout_.pipefusion);
    const double elements = sequences_ * tokens_ * static_cast<double>(run_.work.width) / patches;
    const double share = elements / (elements + cost(costs_.saturation, bound_));
    const double flops = sequences_ * tokens_ * run_.work.linear_flops_per_token;
    return split(flops) / (rate(rates_.linear_flops_per_second, bound_) * share);
  }

  double attention() const {
    const auto tokens = static_cast<double>(run_.work.tokens);
    const double flops = sequences_ * tokens * tokens * run_.work.attention_flops_per_pair /
                         static_cast<double>(layout_.ulysses * layout_.ring);
    const double reached = rate(rates_.attention_flops_per_second, bound_) * head_share(run_.head_size, costs_, bound_);
    const double whole = split(flops) / reached;
    return layout_.ring > 1 ? whole / rate(costs_.ring_kernel_share, bound_) : whole;
  }

  void add_ulysses(StepParts& parts) const {
    const RankGroup group = group_along(layout_, run_.mesh, &Layout::ulysses);
    if (group.size < 2) return;
    const auto size = static_cast<double>(group.size);
    const double bytes = k_ulysses_exchanges * split(hidden_bytes_) * (size - 1) / size;
    parts.all_to_all = all_to_all_seconds(fabric_, group, bytes, bound_).value_or(0) +
                       split(hidden_bytes_) * cost(costs_.ulysses_copies, bound_) / memory_rate();
    parts.launch += k_ulysses_exchanges * cost(costs_.collective, bound_);
  }

  /// Keys and values go round while the kernel works on those at hand.
  void add_ring(StepParts& parts) const {
    const RankGroup group = group_along(layout_, run_.mesh, &Layout::ring);
    if (group.size < 2) return;
    const auto rounds = static_cast<double>(group.size);
    const double sending = send_seconds(fabric_, group, 2 * split(hidden_bytes_), bound_).value_or(0);
    const double working = parts.attention / rounds;
    const double hidden = std::min(1.0, rate(costs_.ring_overlap, bound_)) * std::min(working, sending);
    const double merged = rounds * split(hidden_bytes_) * k_merge_element_bytes / k_element_bytes;
    parts.ring = (rounds - 1) * (sending - hidden) + merged * cost(costs_.ring_merge_passes, bound_) / memory_rate();
    parts.launch += cost(costs_.ring_start, bound_) + (rounds - 1) * cost(costs_.ring_round, bound_);
  }

  void add_tensor(StepParts& parts) const {
    const RankGroup group = group_along(layout_, run_.mesh, &Layout::tensor);
    if (group.size < 2) return;
    parts.all_reduce = run_.work.reductions * all_reduce_seconds(fabric_, group, hidden_bytes_, bound_).value_or(0);
    parts.launch += run_.work.reductions * cost(costs_.collective, bound_);
  }

  const RunShape& run_;
  const ComputeRates& rates_;
  const Fabric& fabric_;
  const StepCosts& costs_;
  const Layout& layout_;
  Bound bound_;
  double sequences_ = 1, passes_ = 1, tokens_ = 0, hidden_bytes_ = 0;
};

StepParts times(const StepParts& parts, double factor) {
  return {parts.linear * factor,     parts.attention * factor, parts.elementwise * factor,
          parts.all_to_all * factor, parts.ring * factor,      parts.all_reduce * factor,
          parts.pipeline * factor,   parts.weights * factor,   parts.launch * factor};
}

}  // namespace

double StepParts::sum() const {
  return linear + attention + elementwise + all_to_all + ring + all_reduce + pipeline + weights + launch;
}

StepParts step_parts(const RunShape& run, const ComputeRates& rates, const Fabric& fabric, const StepCosts& costs,
                     const Layout& layout, Bound bound) {
  const Block block(run, rates, fabric, costs, layout, bound);
  const auto blocks = static_cast<double>(run.work.blocks);
  const auto stages = static_cast<double>(layout.pipefusion);
  StepParts one = block.seconds();
  // A patch of a stage's block is a stage's share of the work, and a block of its own for the host.
  one = times(one, 1 / stages);
  one.launch += std::max(0.0, cost(costs.block_launch, bound) - one.sum());
  if (layout.pipefusion > 1) one.pipeline = cost(costs.pipefusion_block, bound);
  StepParts step = times(one, blocks * block.passes());
  if (layout.pipefusion > 1) {
    step.pipeline += block.passes() * stages * cost(costs.pipefusion_patch, bound);
    const RankGroup stages_of_one = group_along(layout, run.mesh, &Layout::pipefusion);
    const double handing =
        block.passes() * send_seconds(fabric, stages_of_one, block.hidden_bytes(), bound).value_or(0);
    step.pipeline += std::max(0.0, handing - step.sum());
  }
  if (layout.fsdp > 1) {
    const double gathering =
        block.passes() * all_gather_seconds(fabric, shard_group(layout), run.weight_bytes, bound).value_or(0);
    step.weights = std::max(0.0, gathering - step.sum());
  }
  if (layout.cfg > 1) {
    const double noise = static_cast<double>(run.outputs * run.visual_tokens) * k_noise_elements * k_element_bytes;
    step.launch += cost(costs.collective, bound);
    if (rate(fabric.pair_bytes_per_second, bound) > 0)
      step.launch +=
          all_gather_seconds(fabric, group_along(layout, run.mesh, &Layout::cfg), 2 * noise, bound).value_or(0);
  }
  return step;
}

double run_seconds(const RunShape& run, const ComputeRates& rates, const Fabric& fabric, const StepCosts& costs,
                   const Layout& layout, double step_seconds, Bound bound) {
  double seconds = static_cast<double>(run.steps) * step_seconds + cost(costs.run_overhead, bound);
  if (layout.pipefusion > 1) {
    // Until its activations are one step old there is nothing stale to use: stages wait for each other.
    Layout whole = layout;
    whole.pipefusion = 1;
    const double warm = step_parts(run, rates, fabric, costs, whole, bound).sum();
    const double steps = std::min(static_cast<double>(run.steps), cost(costs.pipefusion_warmup_steps, bound));
    seconds += steps * std::max(0.0, warm - step_seconds);
  }
  seconds += run.text_flops / rate(rates.linear_flops_per_second, bound);
  const double spread = bound == Bound::slow ? 1 + run.decode_spread : bound == Bound::fast ? 1 - run.decode_spread : 1;
  seconds += run.decode_flops * spread / rate(rates.decode_flops_per_second, bound) / static_cast<double>(layout.vae);
  return seconds;
}

}  // namespace diffcheck
