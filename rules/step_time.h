// Predicted time of a denoising step and of a run, by layout: the arithmetic of the transformer over the rates that its
// GPUs reach, what ranks exchange over the links between them, and what neither scales with. All coefficients are data
// (data/timing), with their grades; the formulae are those of the authors of each method.
//
// What is not modelled: weights that a memory mode fetches from the host while a step runs, and other users of a link.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/fabric.h"
#include "rules/judged_case.h"
#include "rules/plan.h"
#include "rules/step_model.h"
#include "rules/step_time_rates.h"

namespace diffcheck {

/// Times of one case, for any layout, kernel and dtype of it. What does not depend on the layout is worked out once.
class StepTimer {
 public:
  /// `judged` must outlive it.
  explicit StepTimer(const JudgedCase& judged);

  /// Never fails: where a rate, a link or the model's shape is not known, the time is not, and says why.
  StepTime time(const std::string& kernel, const std::string& dtype, const Layout& layout);
  /// The expected total of time() alone.
  std::optional<double> total_seconds(const std::string& kernel, const std::string& dtype, const Layout& layout);

  /// Where its ranks stand.
  MeshPlan mesh(const Layout& layout);

 private:
  const ComputeRates& rates(const std::string& kernel, const std::string& dtype);
  /// Of the nodes and GPUs that the layout fills.
  const Fabric& fabric(const Layout& layout);
  Message unknown(const ComputeRates& rates, const Fabric& fabric, const Layout& layout) const;
  RunShape run_shape(const std::string& dtype, const Layout& layout) const;
  double calibration(const RunShape& run, const ComputeRates& rates) const;

  const JudgedCase& judged_;
  Fabric fabric_;  ///< Of all chosen GPUs.
  StepCosts costs_;
  ChosenProducts products_;
  std::optional<RunShape> run_;                                        ///< But for what depends on layout and dtype.
  std::map<std::pair<std::string, std::string>, ComputeRates> rates_;  ///< By kernel and dtype.
  std::map<std::pair<std::int64_t, std::int64_t>, Fabric> parts_;      ///< By nodes and GPUs of each.
};

}  // namespace diffcheck
