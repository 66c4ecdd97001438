// Predicted time of a denoising step and of a run, by layout: the arithmetic of the transformer over the rates that its
// GPUs reach, what ranks exchange over the links between them, and what neither scales with. All coefficients are data
// (data/timing), with their grades; the formulae are those of the authors of each method.
//
// What is not modelled: weights that a memory mode fetches from the host while a step runs, and other users of a link.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/fabric.h"
#include "rules/flops.h"
#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

/// The costs of data/timing/constants.json that hold for this run: eager or compiled.
struct StepCosts {
  Range saturation, elementwise_passes, block_launch, collective, ring_start, ring_round, ring_merge_passes,
      ring_kernel_share, ring_overlap, ulysses_copies, pipefusion_block, pipefusion_patch, pipefusion_warmup_steps,
      small_head_share, run_overhead;
  Grade grade = Grade::measured;
  std::string missing;  ///< Id of one that the data lacks; "" where all are there.
};

/// Times of one case, for any layout of it.
class StepTimer {
 public:
  /// `judged` must outlive it.
  explicit StepTimer(const JudgedCase& judged);

  /// Never fails: where a rate, a link or the model's shape is not known, the time is not, and says why.
  StepTime time(const std::string& kernel, const std::string& dtype, const Layout& layout) const;

 private:
  const JudgedCase& judged_;
  Fabric fabric_;
  StepCosts costs_;
  std::optional<ForwardWork> work_;
};

/// Outputs that a layout makes at once: those asked for, or one for each replica where these are more.
std::int64_t outputs_at_once(const JudgedCase& judged, const Layout& layout);

/// A layout and what is to be least: seconds of the run, or of each output where throughput is asked for.
struct TimedLayout {
  Layout layout;
  std::optional<double> seconds;  ///< nullopt where it is not known.
};
std::optional<double> seconds_per_output(const JudgedCase& judged, const Layout& layout, const StepTime& time);

/// Fastest first, those of unknown time last; equal ones stay in their order. Not where memory is the objective.
void sort_by_time(const JudgedCase& judged, std::vector<TimedLayout>& layouts);
void sort_by_time(const JudgedCase& judged, std::vector<LayoutCandidate>& candidates);

}  // namespace diffcheck
