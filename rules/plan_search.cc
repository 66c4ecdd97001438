#include "rules/plan_search.h"

#include <algorithm>
#include <compare>
#include <limits>
#include <map>
#include <utility>

#include "rules/attention.h"
#include "rules/budget.h"
#include "rules/layout.h"
#include "rules/layout_options.h"
#include "rules/memory_choices.h"
#include "rules/objective.h"
#include "rules/pareto.h"
#include "rules/run_on_all_nodes.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_listed_layouts = 512;
/// Of more layouts than that only the fastest are judged for the lists; what is chosen comes from all of them.
constexpr std::size_t k_most_judged_layouts = 4096;
constexpr double k_never = std::numeric_limits<double>::infinity();

/// What is preferred before the objective is asked, the first member first and its least value.
struct Standing {
  bool builds_scores = false;
  bool may_not_fit = false;
  Sacrifice sacrifice = Sacrifice::nothing_lasting;
  std::size_t dtype = 0;
  friend auto operator<=>(const Standing&, const Standing&) = default;
};

/// One layout, kernel and memory choice that may be taken.
struct Trial {
  Standing standing;
  std::optional<double> value;  ///< What the objective makes small; nullopt where it is not known.
  ConcessionCost concessions;
  Layout layout;
  const KernelCandidate* kernel = nullptr;
  MemoryChoice choice;
};

double value_of(const Trial& trial) { return trial.value.value_or(k_never); }

/// Those of the best standing that was seen, in their order.
class BestTrials {
 public:
  bool empty() const { return trials_.empty(); }
  const Standing& standing() const { return trials_.front().standing; }
  double least_value() const { return least_value_; }

  void add(Trial trial) {
    if (!empty() && standing() < trial.standing) return;
    if (!empty() && trial.standing < standing()) {
      trials_.clear();
      least_value_ = k_never;
    }
    least_value_ = std::min(least_value_, value_of(trial));
    trials_.push_back(std::move(trial));
  }

  /// Of those that no prediction tells apart from the best, the one that gives up least; unknown values tell nothing.
  std::optional<Trial> best() const {
    const Trial* best = nullptr;
    for (const Trial& trial : trials_) {
      if (value_of(trial) > least_value_ * k_told_apart) continue;
      const bool is_known = trial.value.has_value();
      if (best == nullptr || (is_known && order(trial) < order(*best))) best = &trial;
    }
    return best == nullptr ? std::nullopt : std::optional(*best);
  }

 private:
  static std::pair<ConcessionCost, double> order(const Trial& trial) { return {trial.concessions, value_of(trial)}; }

  std::vector<Trial> trials_;
  double least_value_ = k_never;
};

class Search {
 public:
  Search(const JudgedCase& judged, Detail detail)
      : judged_(judged),
        detail_(detail),
        objective_(objective_of(judged.request)),
        options_(judged, detail),
        dtypes_(dtype_options(judged)) {}

  Plan run() {
    Plan plan;
    const Layout asked = requested_layout(judged_.request);
    describe_default(plan, asked);
    std::optional<Trial> found = best_trial(false);
    if (!found) found = best_trial(true);
    if (found) {
      plan.attention.chosen = *found->kernel;
      plan.layout.chosen = found->layout;
      plan.layout.mesh = options_.timer().mesh(found->layout);
      plan.memory = memory_of(*found);
      plan.possible = Truth::yes;
      if (worst_sacrifice(judged_, found->choice) == Sacrifice::step_time)
        plan.assumptions.push_back(say(judged_.knowledge, "time-without-moving"));
    } else {
      plan.memory = plan.default_memory;
      plan.possible = options_.something_unknown() ? Truth::unknown : Truth::no;
    }
    if (detail_ == Detail::verdicts) return plan;
    list_kernels(plan, found ? found->layout : asked);
    list_layouts(plan, found ? *found->kernel : first_kernel(asked));
    if (found) plan.front = pareto_front(judged_, options_, dtypes_[found->standing.dtype]);
    return plan;
  }

 private:
  void describe_default(Plan& plan, const Layout& asked) {
    if (dtypes_.empty()) return;
    const std::string& dtype = dtypes_.front().dtype;
    plan.attention.engine_default = engine_default_on_all_nodes(judged_, dtype, asked, detail_);
    const auto choice = default_choice(judged_, asked);
    if (!choice) return;
    const Kernel* kernel = find_entry(judged_.knowledge.kernels, plan.attention.engine_default.kernel);
    const bool sure = kernel != nullptr;
    // All fused kernels need the same; that it is one of them is not known then.
    if (!sure) kernel = any_fused_kernel();
    if (kernel == nullptr) return;
    plan.default_memory = plan_memory(judged_, *choice, *kernel, dtype, asked);
    if (sure) return;
    plan.default_memory->unknown_terms.push_back("attention kernel");
    plan.default_memory->grade = Grade::assumed;
    if (plan.default_memory->fits == Truth::yes) plan.default_memory->fits = Truth::unknown;
  }

  const Kernel* any_fused_kernel() const {
    const auto& kernels = judged_.knowledge.kernels;
    const auto found = std::find_if(kernels.begin(), kernels.end(), [](const Kernel& kernel) {
      return kernel.dispatch.empty() && kernel.score_memory.empty();
    });
    return found == kernels.end() ? nullptr : &*found;
  }

  std::optional<Trial> best_trial(bool builds_scores) {
    std::optional<Trial> best;
    for (std::size_t i = 0; i < dtypes_.size(); ++i) {
      auto found = best_in_dtype(i, builds_scores);
      if (found && (!best || found->standing < best->standing)) best = std::move(found);
      // No other dtype can stand better than that.
      if (best && best->standing == Standing{builds_scores, false, Sacrifice::nothing_lasting, 0}) break;
    }
    return best;
  }

  /// Options come best first, so that after the first of the best standing only those that are as good matter. Where
  /// memory is the objective their order says nothing, and all are looked at.
  std::optional<Trial> best_in_dtype(std::size_t dtype, bool builds_scores) {
    const Standing top{builds_scores, false, Sacrifice::nothing_lasting, dtype};
    BestTrials trials;
    for (const LayoutOption& option : options_.legal(dtypes_[dtype], builds_scores)) {
      const bool decided = objective_ != Objective::memory && !trials.empty() && trials.standing() == top;
      if (decided && option.objective_seconds.value_or(k_never) > trials.least_value() * k_told_apart) break;
      if (decided && !option.objective_seconds) break;
      try_choices(option, top, trials);
    }
    return trials.best();
  }

  void try_choices(const LayoutOption& option, const Standing& top, BestTrials& trials) {
    const Kernel& kernel = *find_entry(judged_.knowledge.kernels, option.kernel->kernel);
    const bool by_memory = objective_ == Objective::memory;
    for (const MemoryChoice& choice : choices(option.layout)) {
      const MemoryPlan memory = plan_memory(judged_, choice, kernel, option.kernel->dtype, option.layout);
      if (memory.fits == Truth::no) continue;
      Standing standing = top;
      standing.may_not_fit = memory.fits == Truth::unknown;
      standing.sacrifice = worst_sacrifice(judged_, choice);
      const auto value = by_memory ? static_cast<double>(memory.peak.bytes) : option.objective_seconds;
      trials.add({standing, value, cost_of_concessions(judged_, choice), option.layout, option.kernel, choice});
      // Later choices give up more, for the same time.
      if (standing == top && !by_memory) break;
    }
  }

  /// With the choices that give up less and do not do.
  MemoryPlan memory_of(const Trial& trial) {
    const Kernel& kernel = *find_entry(judged_.knowledge.kernels, trial.kernel->kernel);
    const auto plan_of = [&](const MemoryChoice& choice) {
      return plan_memory(judged_, choice, kernel, trial.kernel->dtype, trial.layout);
    };
    MemoryPlan memory = plan_of(trial.choice);
    for (const MemoryChoice& choice : choices(trial.layout)) {
      if (choice == trial.choice) break;
      const MemoryPlan cheaper = plan_of(choice);
      memory.rejected.push_back({choice, cheaper.peak, cheaper.fits});
    }
    return memory;
  }

  /// Worked out once for a layout: kernels and passes do not change what may be given up.
  const std::vector<MemoryChoice>& choices(const Layout& layout) {
    const auto found = choices_.find(layout);
    if (found != choices_.end()) return found->second;
    return choices_.emplace(layout, memory_choices(judged_, layout)).first->second;
  }

  void list_kernels(Plan& plan, const Layout& layout) {
    for (const DtypeOption& dtype : dtypes_) {
      const auto& candidates = options_.kernels(dtype, layout);
      plan.attention.candidates.insert(plan.attention.candidates.end(), candidates.begin(), candidates.end());
    }
  }

  KernelCandidate first_kernel(const Layout& layout) {
    if (dtypes_.empty()) return {};
    const auto& candidates = options_.kernels(dtypes_.front(), layout);
    return candidates.empty() ? KernelCandidate{} : candidates.front();
  }

  /// Each layout with the chosen kernel, or with the best one that the engine takes for that layout.
  void list_layouts(Plan& plan, const KernelCandidate& kernel) {
    if (kernel.kernel.empty()) return;
    const DtypeOption* dtype = nullptr;
    for (const DtypeOption& option : dtypes_) {
      if (option.dtype == kernel.dtype) dtype = &option;
    }
    for (const Layout& layout : layouts_to_list(kernel)) {
      const KernelCandidate& taken = dtype == nullptr ? kernel : kernel_for(*dtype, layout, kernel);
      const bool is_legal = decide_layout(judged_, layout, taken) == Truth::yes;
      auto& list = is_legal ? plan.layout.candidates : plan.layout.rejected;
      if (list.size() >= k_most_listed_layouts) continue;
      list.push_back({layout, layout.pipefusion == 1, {}, {}});
      if (!is_legal) {
        list.back().reasons = judge_layout(judged_, layout, taken).reasons;
        continue;
      }
      list.back().time = options_.timer().time(taken.kernel, taken.dtype, layout);
      list.back().peak_bytes = peak_bytes(plan.memory, taken, layout);
    }
    sort_by_objective(judged_, plan.layout.candidates);
  }

  /// In the chosen memory mode.
  std::optional<std::int64_t> peak_bytes(const std::optional<MemoryPlan>& chosen, const KernelCandidate& candidate,
                                         const Layout& layout) const {
    const Kernel* kernel = find_entry(judged_.knowledge.kernels, candidate.kernel);
    const auto choice = chosen ? chosen->choice : default_choice(judged_, layout);
    if (kernel == nullptr || !choice) return std::nullopt;
    return plan_memory(judged_, *choice, *kernel, candidate.dtype, layout).peak.bytes;
  }

  std::vector<Layout> layouts_to_list(const KernelCandidate& kernel) {
    if (options_.layouts().size() <= k_most_judged_layouts) return options_.layouts();
    std::vector<std::pair<double, const Layout*>> timed;
    for (const Layout& layout : options_.layouts()) {
      const auto total = options_.timer().total_seconds(kernel.kernel, kernel.dtype, layout);
      timed.emplace_back(objective_seconds(judged_, layout, total).value_or(k_never), &layout);
    }
    std::stable_sort(timed.begin(), timed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Layout> best;
    for (std::size_t i = 0; i < k_most_judged_layouts; ++i) best.push_back(*timed[i].second);
    return best;
  }

  const KernelCandidate& kernel_for(const DtypeOption& dtype, const Layout& layout, const KernelCandidate& preferred) {
    const auto& candidates = options_.kernels(dtype, layout);
    const auto usable = [](const KernelCandidate& candidate) {
      return both(candidate.verdict, candidate.reachable) == Truth::yes;
    };
    const auto same = std::find_if(candidates.begin(), candidates.end(), [&](const auto& candidate) {
      return candidate.kernel == preferred.kernel && usable(candidate);
    });
    return same != candidates.end() ? *same : candidates.empty() ? preferred : candidates.front();
  }

  const JudgedCase& judged_;
  Detail detail_;
  Objective objective_;
  LayoutOptions options_;
  std::vector<DtypeOption> dtypes_;
  std::map<Layout, std::vector<MemoryChoice>> choices_;
};

}  // namespace

Plan make_plan(const JudgedCase& judged) { return Search(judged, Detail::reasons).run(); }

Plan choose(const JudgedCase& judged) { return Search(judged, Detail::verdicts).run(); }

}  // namespace diffcheck
