// Every way of running a case that its engine accepts: each legal layout with the kernel that would run in it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/judged_case.h"
#include "rules/kernel_table.h"
#include "rules/plan.h"
#include "rules/step_time.h"

namespace diffcheck {

struct LayoutOption {
  Layout layout;
  const KernelCandidate* kernel = nullptr;  ///< Never nullptr; of the table that `kernels` holds.
  std::optional<double> total_seconds;      ///< Of the run; nullopt where it is not known.
  std::optional<double> objective_seconds;  ///< What is to be small, where that is a time.
};

class LayoutOptions {
 public:
  /// `judged` must outlive it, and have a variant.
  explicit LayoutOptions(const JudgedCase& judged);

  /// Each layout that is legal with a kernel that surely runs, is reached and changes no results unless it was fixed;
  /// of several the one of the highest rank. Best first under the objective, those of unknown time after, in the fixed
  /// order. `builds_scores`: with kernels that write the score matrix, or with all others.
  const std::vector<LayoutOption>& legal(const DtypeOption& dtype, bool builds_scores);

  const std::vector<Layout>& layouts() const { return layouts_; }
  const std::vector<KernelCandidate>& kernels(const DtypeOption& dtype, const Layout& layout);
  StepTimer& timer() { return timer_; }
  /// Whether a kernel or a layout was passed over because it cannot be told whether it would do.
  bool something_unknown() const { return something_unknown_; }

 private:
  std::vector<LayoutOption> find_legal(const DtypeOption& dtype, bool builds_scores);
  bool usable(const KernelCandidate& candidate, bool builds_scores);
  const KernelCandidate* first_legal(const std::vector<KernelCandidate>& kernels, const Layout& layout,
                                     bool builds_scores);

  const JudgedCase& judged_;
  KernelTable kernels_;
  StepTimer timer_;
  std::vector<Layout> layouts_;
  std::map<std::pair<std::string, bool>, std::vector<LayoutOption>> legal_;  ///< By dtype and `builds_scores`.
  bool something_unknown_ = false;
};

}  // namespace diffcheck
