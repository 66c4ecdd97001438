// The search for a plan: what is chosen under each objective, and that nothing better was passed over.
#include "rules/plan_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <compare>
#include <limits>
#include <optional>
#include <ostream>
#include <vector>

#include "rules/attention.h"
#include "rules/budget.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/mesh.h"
#include "rules/objective.h"
#include "rules/run_size.h"
#include "tests/rules/timed_case.h"

namespace diffcheck {
namespace {

/// What the search has to make small, told once more: see rules/plan_search.h.
struct Rank {
  bool builds_scores = false, may_not_fit = false;
  Sacrifice sacrifice = Sacrifice::nothing_lasting;
  std::size_t dtype = 0;
  friend auto operator<=>(const Rank&, const Rank&) = default;
};

struct Way {
  Rank rank;
  double value = 0;  ///< Infinite where it is not known.
  ConcessionCost concessions;
  Layout layout;
};

/// Every way to run a case, with nothing left out and nothing reused: all degrees of all axes for all numbers of GPUs,
/// all kernels, all memory choices, each judged by the functions that say why.
class AllWays {
 public:
  explicit AllWays(const JudgedCase& judged) : judged_(judged), timer_(judged), dtypes_(dtype_options(judged)) {
    for (std::int64_t world = 1; world <= gpu_count(judged); ++world) {
      if (placement_of(world, node_count(judged), gpus_per_node(judged)).nodes == 0) continue;  // none can start it
      Layout layout;
      layout.world_size = world;
      split(layout, 0, world);
    }
  }

  std::optional<Way> best() const {
    std::optional<Way> best;
    double least = std::numeric_limits<double>::infinity();
    for (const Way& way : ways_) {
      if (!best || way.rank < best->rank || (way.rank == best->rank && way.value < best->value)) best = way;
    }
    if (!best) return best;
    least = best->value;
    for (const Way& way : ways_) {
      const bool as_good = way.rank == best->rank && way.value <= least * k_told_apart && least < k_unknown;
      if (as_good && std::pair(way.concessions, way.value) < std::pair(best->concessions, best->value)) best = way;
    }
    return best;
  }

  Way of(const Plan& plan) {
    const Kernel& kernel = *find_entry(judged_.knowledge.kernels, plan.attention.chosen->kernel);
    std::size_t dtype = 0;
    while (dtypes_[dtype].dtype != plan.attention.chosen->dtype) ++dtype;
    return way(kernel, *plan.attention.chosen, dtype, *plan.layout.chosen, *plan.memory);
  }

 private:
  static constexpr const char* k_axes[] = {"data", "cfg", "ulysses", "ring", "pipefusion", "tensor", "fsdp", "vae"};
  static constexpr double k_unknown = std::numeric_limits<double>::infinity();

  void split(Layout layout, std::size_t axis, std::int64_t left) {
    if (axis == k_product_axes.size()) {
      if (left == 1) reuse(layout);
      return;
    }
    for (std::int64_t degree = 1; degree <= left; ++degree) {
      if (left % degree != 0) continue;
      *layout.axis(k_product_axes[axis]) = degree;
      split(layout, axis + 1, left / degree);
    }
  }

  void reuse(Layout layout) {
    const Request& request = judged_.request;
    const bool lossy = request.allow_lossy.is_known() && request.allow_lossy.value();
    const bool replicates =
        objective_of(request) == Objective::throughput || (request.batch.is_known() && request.batch.value() > 1);
    if ((layout.pipefusion > 1 && !lossy) || (layout.data > 1 && !replicates)) return;
    for (std::int64_t fsdp = 1; fsdp <= layout.world_size; ++fsdp) {
      for (std::int64_t vae = 1; vae <= layout.world_size; ++vae) {
        if (layout.world_size % fsdp != 0 || layout.world_size % vae != 0) continue;
        layout.fsdp = fsdp;
        layout.vae = vae;
        if (has_axes_for(layout) && is_pinned_so(layout)) run(layout);
      }
    }
  }

  /// Only saves time: judge_layout refuses the others.
  bool has_axes_for(const Layout& layout) const {
    for (const char* axis : k_axes) {
      if (degree(layout, axis) > 1 && usable_axis(judged_, axis) == nullptr) return false;
    }
    return true;
  }

  bool is_pinned_so(const Layout& layout) const {
    for (const char* axis : k_axes) {
      if (degree(layout, axis) != pinned_degree(judged_.request, axis).value_or(degree(layout, axis))) return false;
    }
    return true;
  }

  void run(const Layout& layout) {
    for (std::size_t dtype = 0; dtype < dtypes_.size(); ++dtype) {
      std::optional<bool> taken[2];
      for (const KernelCandidate& candidate : kernel_candidates(judged_, dtypes_[dtype], layout)) {
        const Kernel& kernel = *find_entry(judged_.knowledge.kernels, candidate.kernel);
        const bool pinned = judged_.request.pin("attention") == candidate.kernel;
        const bool usable = both(candidate.verdict, candidate.reachable) == Truth::yes && (candidate.exact || pinned);
        auto& slot = taken[builds_score_matrix(kernel) ? 1 : 0];
        if (!usable || slot || judge_layout(judged_, layout, candidate).truth != Truth::yes) continue;
        slot = true;
        for (const MemoryChoice& choice : memory_choices(judged_, layout)) {
          const MemoryPlan memory = plan_memory(judged_, choice, kernel, candidate.dtype, layout);
          if (memory.fits != Truth::no) ways_.push_back(way(kernel, candidate, dtype, layout, memory));
        }
      }
    }
  }

  Way way(const Kernel& kernel, const KernelCandidate& candidate, std::size_t dtype, const Layout& layout,
          const MemoryPlan& memory) {
    const StepTime time = timer_.time(candidate.kernel, candidate.dtype, layout);
    const auto total = time.total ? std::optional<double>(time.total->seconds) : std::nullopt;
    const double value = objective_of(judged_.request) == Objective::memory
                             ? static_cast<double>(memory.peak.bytes)
                             : objective_seconds(judged_, layout, total).value_or(k_unknown);
    return {
        {builds_score_matrix(kernel), memory.fits == Truth::unknown, worst_sacrifice(judged_, memory.choice), dtype},
        value,
        cost_of_concessions(judged_, memory.choice),
        layout};
  }

  const JudgedCase& judged_;
  StepTimer timer_;
  std::vector<DtypeOption> dtypes_;
  std::vector<Way> ways_;
};

struct Question {
  const char* machine;
  Job job;
  const char* objective = "latency";
  std::map<std::string, std::string> pins = {};
  bool allow_lossy = false;
  std::int64_t batch = 1;
  friend std::ostream& operator<<(std::ostream& out, const Question& question) {
    return out << question.machine << ' ' << question.job.engine << ' ' << question.job.model << ' '
               << question.objective;
  }
};

class BruteForceTest : public testing::TestWithParam<Question> {};

TEST_P(BruteForceTest, FindsNothingBetter) {
  const Question& question = GetParam();
  Timed timed(question.machine, {"pcie4", 2, "ib-200"}, question.job);
  Request& request = timed.request();
  request.objective = known<std::string>(question.objective, "test");
  request.allow_lossy = known(question.allow_lossy, "test");
  request.batch = known(question.batch, "test");
  for (const auto& [name, value] : question.pins) request.pins[name] = known(value, "test");

  std::vector<Message> assumptions;
  const Snapshot snapshot = with_derived_facts(timed.snapshot(), knowledge(), true, assumptions);
  const JudgedCase judged = judge_case(knowledge(), snapshot, request, facts_of(snapshot));
  const Plan plan = make_plan(judged);
  AllWays all(judged);
  const auto best = all.best();
  ASSERT_TRUE(best);
  ASSERT_TRUE(plan.layout.chosen);
  const Way chosen = all.of(plan);
  const std::string shown = to_text(chosen.layout) + " against " + to_text(best->layout);
  EXPECT_EQ(chosen.rank, best->rank) << shown;
  EXPECT_EQ(chosen.concessions, best->concessions) << shown;
  EXPECT_DOUBLE_EQ(chosen.value, best->value) << shown;
}

const Job k_flux{};
const Job k_cogvideox{"xdit", "cogvideox1.5-5b", 1360, 768, 81};
const Job k_wan{"wan2.1", "wan2.1-t2v-14b", 1280, 720, 81};
const Job k_wan_diffusers{"diffusers", "wan2.1-t2v-14b", 832, 480, 81};
const Job k_wan_lightx2v{"lightx2v", "wan2.1-t2v-14b", 832, 480, 81};
const Job k_qwen{"diffusers", "qwen-image", 1328, 1328, 1};

INSTANTIATE_TEST_SUITE_P(
    Few, BruteForceTest,
    testing::Values(Question{"8xL40", k_flux}, Question{"8xL40", k_flux, "throughput", {}, false, 8},
                    Question{"8xL40", k_flux, "throughput", {}, true, 4}, Question{"8xL40", k_flux, "cost"},
                    Question{"8xL40", k_flux, "memory"}, Question{"8xL40", k_cogvideox},
                    Question{"8xL40", k_cogvideox, "latency", {{"ring", "2"}}},
                    Question{"6xRTX4090", k_cogvideox, "latency", {}, true}, Question{"7xL40", k_cogvideox},
                    Question{"8xA100-SXM4-80GB", k_wan}, Question{"8xL40S", k_wan}, Question{"4xL40S", k_wan, "memory"},
                    Question{"8xH100-SXM", k_wan, "cost"}, Question{"1xT4", k_wan_diffusers},
                    Question{"4xRTX3090", k_wan_diffusers}, Question{"2xRTX3090", k_wan_diffusers, "memory"},
                    Question{"8xH100-SXM", k_wan_lightx2v}, Question{"8xH100-SXM", k_qwen},
                    Question{"8xRTX5090-D", k_flux}));

INSTANTIATE_TEST_SUITE_P(Many, BruteForceTest,
                         testing::Values(Question{"2x8xL40", k_flux}, Question{"2x8xL40", k_flux, "latency", {}, true},
                                         Question{"2x8xL40", k_flux, "throughput", {}, false, 16},
                                         Question{"4x8xL40", k_cogvideox, "cost"}, Question{"8x8xL40", k_cogvideox}));

bool is_no_worse(const FrontPoint& left, const FrontPoint& right) {
  return left.total_seconds <= right.total_seconds && left.gpu_seconds_per_output <= right.gpu_seconds_per_output &&
         left.peak_bytes <= right.peak_bytes && left.concessions.size() <= right.concessions.size();
}

TEST(Front, HoldsWaysOfWhichNoneBeatsAnother) {
  const Plan plan = Timed("8xRTX4090", k_pcie4, Job{"diffusers", "flux.1-dev"}).plan();
  ASSERT_GT(plan.front.size(), 4U);
  for (const FrontPoint& one : plan.front) {
    EXPECT_EQ(std::count_if(plan.front.begin(), plan.front.end(),
                            [&](const FrontPoint& other) { return is_no_worse(other, one); }),
              1);
  }
  EXPECT_TRUE(std::is_sorted(plan.front.begin(), plan.front.end(),
                             [](const auto& a, const auto& b) { return a.total_seconds < b.total_seconds; }));
}

TEST(Front, HasWhatEachObjectiveChooses) {
  for (const char* objective : {"latency", "cost"}) {
    Timed timed("8xL40", k_pcie4, k_cogvideox);
    timed.request().objective = known<std::string>(objective, "test");
    const Plan plan = timed.plan();
    ASSERT_TRUE(plan.layout.chosen);
    EXPECT_TRUE(std::any_of(plan.front.begin(), plan.front.end(), [&](const FrontPoint& point) {
      return point.layout == *plan.layout.chosen && point.choice == plan.memory->choice;
    })) << objective;
  }
}

TEST(Front, IsEmptyWhereTimesAreUnknown) { EXPECT_TRUE(Timed("8xRTX5090-D", k_pcie4).plan().front.empty()); }

TEST(Search, TakesOneGpuWhereCostIsTheObjective) {
  Timed timed("8xL40", k_pcie4, k_cogvideox);
  timed.request().objective = known<std::string>("cost", "test");
  const Plan plan = timed.plan();
  ASSERT_TRUE(plan.layout.chosen);
  EXPECT_EQ(plan.layout.chosen->world_size, 1);
}

TEST(Search, GivesUpMoreWhereMemoryIsTheObjectiveButNeverTheSpeedOfSteps) {
  Timed timed("8xL40", k_pcie4, k_cogvideox);
  const Plan fast = timed.plan();
  timed.request().objective = known<std::string>("memory", "test");
  const Plan small = timed.plan();
  ASSERT_TRUE(small.memory);
  EXPECT_LT(small.memory->peak.bytes, fast.memory->peak.bytes);
  EXPECT_EQ(worst_sacrifice(timed.judged(), small.memory->choice), Sacrifice::nothing_lasting);
}

/// Of what the search takes, by the GPUs it may use.
std::vector<double> chosen_seconds(const std::string& gpu, const MachineOptions& options, const Job& job,
                                   std::int64_t most) {
  std::vector<double> seconds;
  for (std::int64_t count = 1; count <= most; ++count) {
    Timed timed(std::to_string(most) + "x" + gpu, options, job);
    timed.request().gpus = known(count, "test");
    const Plan plan = timed.plan();
    EXPECT_TRUE(plan.layout.chosen) << gpu << " " << count;
    if (!plan.layout.chosen) return seconds;
    for (const LayoutCandidate& candidate : plan.layout.candidates) {
      if (candidate.layout == *plan.layout.chosen) seconds.push_back(candidate.time.total->seconds);
    }
  }
  return seconds;
}

class MoreGpusTest : public testing::TestWithParam<std::pair<const char*, Job>> {};

TEST_P(MoreGpusTest, AreNeverWorseThanFewer) {
  const auto& [gpu, job] = GetParam();
  const std::vector<double> seconds = chosen_seconds(gpu, k_pcie4, job, 8);
  ASSERT_EQ(seconds.size(), 8U);
  EXPECT_TRUE(std::is_sorted(seconds.rbegin(), seconds.rend()));
}

INSTANTIATE_TEST_SUITE_P(
    Machines, MoreGpusTest,
    testing::Values(std::pair<const char*, Job>{"L40", Job{}},
                    std::pair<const char*, Job>{"L40", Job{"xdit", "cogvideox1.5-5b", 1360, 768, 81}},
                    std::pair<const char*, Job>{"A100-SXM4-80GB", Job{"xdit", "pixart-sigma-xl-2-1024"}}));

TEST(Search, TakesTheFastestLayoutThatIsLegalAndFits) {
  const Plan plan = Timed("8xL40", k_pcie4, Job{"xdit", "cogvideox1.5-5b", 1360, 768, 81}).plan();
  ASSERT_TRUE(plan.layout.chosen);
  ASSERT_FALSE(plan.layout.candidates.empty());
  EXPECT_EQ(*plan.layout.chosen, plan.layout.candidates.front().layout);
  EXPECT_EQ(plan.layout.chosen->cfg, 2);
  const auto slower = [](const LayoutCandidate& a, const LayoutCandidate& b) {
    return a.time.total->seconds < b.time.total->seconds;
  };
  EXPECT_TRUE(std::is_sorted(plan.layout.candidates.begin(), plan.layout.candidates.end(), slower));
}

TEST(Search, AvoidsRingWithoutFlashAttnAndTakesItWithIt) {
  Timed timed("8xL40", k_pcie4, Job{"xdit", "cogvideox1.5-5b", 1360, 768, 81});
  EXPECT_GT(timed.plan().layout.chosen->ring, 1);
  auto without = with_override(timed.snapshot(), "packages.flash-attn", "absent");
  ASSERT_TRUE(without);
  timed.snapshot() = *without;
  timed.snapshot().complete.packages = known(true, "test");
  EXPECT_EQ(timed.plan().layout.chosen->ring, 1);
}

TEST(Search, ChangesNoResultsUnlessAllowed) {
  Timed timed("8xL40", k_pcie4);
  for (const LayoutCandidate& candidate : timed.plan().layout.candidates) EXPECT_TRUE(candidate.exact);
  timed.request().allow_lossy = known(true, "test");
  const Plan plan = timed.plan();
  EXPECT_TRUE(std::any_of(plan.layout.candidates.begin(), plan.layout.candidates.end(),
                          [](const LayoutCandidate& candidate) { return !candidate.exact; }));
}

TEST(Search, MakesReplicasWhereThroughputIsAskedFor) {
  Timed timed("8xL40", k_pcie4);
  timed.request().objective = known<std::string>("throughput", "test");
  timed.request().batch = known<std::int64_t>(8, "test");
  const Plan plan = timed.plan();
  ASSERT_TRUE(plan.layout.chosen);
  EXPECT_EQ(plan.layout.chosen->data, 8);
}

TEST(Search, KeepsTheFixedOrderWhereTimesAreUnknown) {
  const Plan plan = Timed("8xRTX5090-D", k_pcie4).plan();
  ASSERT_FALSE(plan.layout.candidates.empty());
  EXPECT_FALSE(plan.layout.candidates.front().time.step);
  EXPECT_EQ(plan.layout.candidates.front().layout.world_size, 8);
}

}  // namespace
}  // namespace diffcheck
