// The formulae behind rules/step_time.h: seconds of one step with one set of coefficients.
#pragma once

#include <cstdint>
#include <string>

#include "rules/collectives.h"
#include "rules/flops.h"
#include "rules/step_time_rates.h"

namespace diffcheck {

/// The costs of data/timing/constants.json that hold for this run: eager or compiled.
struct StepCosts {
  Range saturation, elementwise_passes, block_launch, collective, ring_start, ring_round, ring_merge_passes,
      ring_kernel_share, ring_overlap, ulysses_copies, pipefusion_block, pipefusion_patch, pipefusion_warmup_steps,
      small_head_share, run_overhead;
  Grade grade = Grade::measured;
  std::string missing;  ///< Id of one that the data lacks; "" where all are there.
};

/// What a run is made of, whatever its layout.
struct RunShape {
  ForwardWork work;
  std::int64_t visual_tokens = 0;
  std::int64_t text_tokens = 0;  ///< In self-attention; 0 where attention is not joint.
  std::int64_t outputs = 1;      ///< Made at once by one replica.
  std::int64_t passes = 1;       ///< Of the transformer for each step and output: with guidance more than one.
  bool passes_in_batch = false;  ///< In one batch, else one after the other.
  std::int64_t head_size = 0;    ///< Elements.
  double weight_bytes = 0;       ///< Of one transformer, as it is sharded.
  double text_flops = 0;         ///< Of encoding the text.
  double decode_flops = 0;       ///< Of decoding all outputs of one replica.
  double decode_spread = 0;      ///< Relative, each way.
  std::int64_t steps = 1;
  MeshOrder mesh = usual_mesh_order();
};

/// Seconds of one step, by part.
struct StepParts {
  double linear = 0, attention = 0, elementwise = 0, all_to_all = 0, ring = 0, all_reduce = 0;
  double pipeline = 0;  ///< PipeFusion: what handing over patches costs.
  double weights = 0;   ///< Waiting for sharded weights.
  double launch = 0;    ///< Waiting for the host to launch kernels, and for the start of collectives.
  double sum() const;
};

/// `fabric` must know the rates that the layout needs.
StepParts step_parts(const RunShape& run, const ComputeRates& rates, const Fabric& fabric, const StepCosts& costs,
                     const Layout& layout, Bound bound);

/// The whole run, of steps of `step_seconds` each.
double run_seconds(const RunShape& run, const ComputeRates& rates, const Fabric& fabric, const StepCosts& costs,
                   const Layout& layout, double step_seconds, Bound bound);

}  // namespace diffcheck
