#include "rules/plan_search.h"

#include <algorithm>
#include <map>

#include "rules/attention.h"
#include "rules/budget.h"
#include "rules/kernel_table.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/run_on_all_nodes.h"
#include "rules/step_time.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_listed_layouts = 512;
/// Of more layouts than that only the fastest are judged for the lists; what is chosen comes from all of them.
constexpr std::size_t k_most_judged_layouts = 4096;

/// What is looked for, in this order: a fused kernel before one that builds scores, a sure fit before a doubtful one,
/// and among those a layout that runs at full speed before one that moves weights in every step.
struct Choosing {
  bool may_build_scores;
  Truth fits;
  bool slows_steps;
};
constexpr Choosing k_passes[] = {{false, Truth::yes, false},     {false, Truth::yes, true},
                                 {false, Truth::unknown, false}, {false, Truth::unknown, true},
                                 {true, Truth::yes, false},      {true, Truth::yes, true},
                                 {true, Truth::unknown, false},  {true, Truth::unknown, true}};

struct Found {
  KernelCandidate kernel;
  Layout layout;
  MemoryPlan memory;
};

class Search {
 public:
  explicit Search(const JudgedCase& judged)
      : judged_(judged),
        kernels_(judged),
        timer_(judged),
        dtypes_(dtype_options(judged)),
        layouts_(enumerate_layouts(judged)) {}

  Plan run() {
    Plan plan;
    const Layout asked = requested_layout(judged_.request);
    describe_default(plan, asked);
    std::optional<Found> found;
    for (const Choosing& pass : k_passes) {
      if (!found) found = first_that(pass);
    }
    if (found) {
      plan.attention.chosen = found->kernel;
      plan.layout.chosen = found->layout;
      plan.layout.mesh = timer_.mesh(found->layout);
      plan.memory = found->memory;
      plan.possible = Truth::yes;
    } else {
      plan.memory = plan.default_memory;
      plan.possible = something_unknown_ ? Truth::unknown : Truth::no;
    }
    list_kernels(plan, found ? found->layout : asked);
    list_layouts(plan, found ? found->kernel : first_kernel(asked));
    return plan;
  }

 private:
  void describe_default(Plan& plan, const Layout& asked) {
    if (dtypes_.empty()) return;
    const std::string& dtype = dtypes_.front().dtype;
    plan.attention.engine_default = engine_default_on_all_nodes(judged_, dtype, asked);
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

  /// The fastest layout that fits; of those that are as fast, the one that gives up least.
  std::optional<Found> first_that(const Choosing& pass) {
    for (const DtypeOption& dtype : dtypes_) {
      std::optional<Found> best;
      std::optional<double> fastest_seconds;
      for (const TimedLayout& one : fastest_first(dtype, pass)) {
        if (best && !as_fast(one.seconds, fastest_seconds)) break;
        auto found = in_layout(dtype, one.layout, pass);
        if (!found) continue;
        if (!best) fastest_seconds = one.seconds;
        if (!best ||
            cost_of_concessions(judged_, found->memory.choice) < cost_of_concessions(judged_, best->memory.choice))
          best = std::move(found);
        if (best->memory.concessions.empty()) break;
      }
      if (best) return best;
    }
    return std::nullopt;
  }

  static bool as_fast(const std::optional<double>& seconds, const std::optional<double>& fastest_seconds) {
    constexpr double told_apart = 1.005;  // no prediction is better than that
    return seconds && fastest_seconds && *seconds <= *fastest_seconds * told_apart;
  }

  std::optional<Found> in_layout(const DtypeOption& dtype, const Layout& layout, const Choosing& pass) {
    for (const KernelCandidate& kernel : kernels_.at(dtype, layout)) {
      if (!eligible(kernel, pass)) continue;
      if (auto found = fitting(kernel, layout, pass)) return found;
    }
    return std::nullopt;
  }

  /// By predicted time with the first kernel that may be used; those of unknown time after, in their fixed order.
  std::vector<TimedLayout> fastest_first(const DtypeOption& dtype, const Choosing& pass) {
    std::vector<TimedLayout> timed;
    for (const Layout& layout : layouts_) {
      const auto& kernels = kernels_.at(dtype, layout);
      const auto first = std::find_if(kernels.begin(), kernels.end(),
                                      [&](const KernelCandidate& kernel) { return eligible(kernel, pass); });
      if (first == kernels.end()) continue;
      timed.push_back(
          {layout, seconds_per_output(judged_, layout, timer_.total_seconds(first->kernel, dtype.dtype, layout))});
    }
    sort_by_time(judged_, timed);
    return timed;
  }

  bool eligible(const KernelCandidate& candidate, const Choosing& pass) {
    const Kernel* kernel = find_entry(judged_.knowledge.kernels, candidate.kernel);
    const bool pinned = judged_.request.pin("attention") == candidate.kernel;
    if (builds_score_matrix(*kernel) != pass.may_build_scores) return false;
    const Truth usable = both(candidate.verdict, candidate.reachable);
    something_unknown_ = something_unknown_ || usable == Truth::unknown;
    return usable == Truth::yes && (candidate.exact || pinned);
  }

  std::optional<Found> fitting(const KernelCandidate& candidate, const Layout& layout, const Choosing& pass) {
    const Truth legal = decide_layout(judged_, layout, candidate);
    something_unknown_ = something_unknown_ || legal == Truth::unknown;
    if (legal != Truth::yes) return std::nullopt;
    const Kernel& kernel = *find_entry(judged_.knowledge.kernels, candidate.kernel);
    std::vector<RejectedMode> rejected;
    for (const MemoryChoice& choice : choices(layout)) {
      MemoryPlan memory = plan_memory(judged_, choice, kernel, candidate.dtype, layout);
      if (memory.fits == pass.fits && slows_steps(judged_, choice) == pass.slows_steps) {
        memory.rejected = std::move(rejected);
        return Found{candidate, layout, std::move(memory)};
      }
      rejected.push_back({choice, memory.peak, memory.fits});
    }
    return std::nullopt;
  }

  /// Worked out once for a layout: kernels and passes do not change what may be given up.
  const std::vector<MemoryChoice>& choices(const Layout& layout) {
    const auto found = choices_.find(layout);
    if (found != choices_.end()) return found->second;
    return choices_.emplace(layout, memory_choices(judged_, layout)).first->second;
  }

  void list_kernels(Plan& plan, const Layout& layout) {
    for (const DtypeOption& dtype : dtypes_) {
      const auto& candidates = kernels_.at(dtype, layout);
      plan.attention.candidates.insert(plan.attention.candidates.end(), candidates.begin(), candidates.end());
    }
  }

  KernelCandidate first_kernel(const Layout& layout) {
    if (dtypes_.empty()) return {};
    const auto& candidates = kernels_.at(dtypes_.front(), layout);
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
      list.back().time = timer_.time(taken.kernel, taken.dtype, layout);
      list.back().peak_bytes = peak_bytes(plan.memory, taken, layout);
    }
    sort_by_time(judged_, plan.layout.candidates);
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
    if (layouts_.size() <= k_most_judged_layouts) return layouts_;
    std::vector<TimedLayout> timed;
    for (const Layout& layout : layouts_) {
      const auto seconds = timer_.total_seconds(kernel.kernel, kernel.dtype, layout);
      timed.push_back({layout, seconds_per_output(judged_, layout, seconds)});
    }
    sort_by_time(judged_, timed);
    timed.resize(k_most_judged_layouts);
    std::vector<Layout> fastest;
    for (const TimedLayout& one : timed) fastest.push_back(one.layout);
    return fastest;
  }

  const KernelCandidate& kernel_for(const DtypeOption& dtype, const Layout& layout, const KernelCandidate& preferred) {
    const auto& candidates = kernels_.at(dtype, layout);
    const auto usable = [](const KernelCandidate& candidate) {
      return both(candidate.verdict, candidate.reachable) == Truth::yes;
    };
    const auto same = std::find_if(candidates.begin(), candidates.end(), [&](const auto& candidate) {
      return candidate.kernel == preferred.kernel && usable(candidate);
    });
    return same != candidates.end() ? *same : candidates.empty() ? preferred : candidates.front();
  }

  const JudgedCase& judged_;
  KernelTable kernels_;
  StepTimer timer_;
  std::vector<DtypeOption> dtypes_;
  std::vector<Layout> layouts_;
  std::map<Layout, std::vector<MemoryChoice>> choices_;
  bool something_unknown_ = false;
};

}  // namespace

Plan make_plan(const JudgedCase& judged) { return Search(judged).run(); }

}  // namespace diffcheck
