// Memory budgets: the published figures that have no free parameter, and what every budget has to keep.
#include "rules/budget.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/diagnose.h"
#include "rules/engine_variant.h"
#include "rules/machine_spec.h"
#include "rules/memory_choices.h"
#include "rules/memory_hints.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

constexpr double k_gib = 1024.0 * 1024 * 1024;

/// One model on one named machine; holds what the case refers to.
class Budgeted {
 public:
  Budgeted(const std::string& engine, const std::string& model, const std::string& machine = "1xH200-SXM")
      : machine_(*machine_from_spec(machine, {}, knowledge())) {
    request.engine = known(engine, "test");
    request.model = known(model, "test");
  }

  JudgedCase judged() const { return judge_case(knowledge(), machine_.snapshot, request, facts_of(machine_.snapshot)); }
  MemoryPlan plan(const MemoryChoice& choice, const Layout& layout = {}, const std::string& dtype = "bf16",
                  const std::string& kernel = "flash-attn-2") const {
    const JudgedCase one = judged();
    return plan_memory(one, choice, *find_entry(knowledge().kernels, kernel), dtype, layout);
  }
  MemoryPlan plan() const { return plan(*default_choice(judged(), {})); }
  MemoryPlan plan_with(const Knowledge& other) const {
    const JudgedCase one = judge_case(other, machine_.snapshot, request, facts_of(machine_.snapshot));
    return plan_memory(one, *default_choice(one, {}), *find_entry(other.kernels, "flash-attn-2"), "bf16", {});
  }
  Plan searched() const { return *diagnose(machine_.snapshot, request, knowledge(), true).plan; }

  Request request;

 private:
  SimulatedMachine machine_;
};

double gib(const Estimate& estimate) { return static_cast<double>(estimate.bytes) / k_gib; }

bool matches_any_model(const std::string& engine, const std::string& model) {
  return matches_any(find_entry(knowledge().engines, engine)->models, model);
}

/// "" where the engine has none.
std::string mode_without_offload(const JudgedCase& judged) {
  return find_entry(memory_behaviour(judged).modes, "none") == nullptr ? "" : "none";
}

Layout layout_of(std::int64_t ulysses, std::int64_t fsdp) {
  Layout layout;
  layout.world_size = layout.ulysses = ulysses;
  layout.fsdp = fsdp;
  return layout;
}

TEST(BudgetTest, IsThatOfTheWanTables) {
  EXPECT_NEAR(gib(Budgeted("wan2.1", "wan2.1-t2v-14b").plan().peak), 69.1, 0.7);
  EXPECT_NEAR(gib(Budgeted("wan2.1", "wan2.1-i2v-14b-720p").plan().peak), 76.7, 0.8);
  const Budgeted eight("wan2.1", "wan2.1-t2v-14b", "8xH20");
  EXPECT_NEAR(gib(eight.plan({"none", "", false}, layout_of(8, 8)).peak), 29.9, 1);
}

TEST(BudgetTest, AScoreMatrixIsTheOneThatTheErrorNames) {
  const JudgedCase judged = Budgeted("diffsynth", "wan2.1-t2v-1.3b", "1xT4").judged();
  EXPECT_NEAR(static_cast<double>(judged.numbers.score_buffer_bytes.value().count) / k_gib, 47.98, 0.01);
}

TEST(BudgetTest, AnImageThatIsEditedHasTokensOfItsOwn) {
  Budgeted edit("diffusers", "qwen-image-edit");
  constexpr std::int64_t text = 1024, million_pixels = 4096;
  EXPECT_EQ(edit.judged().numbers.tokens.value(), 2 * million_pixels + text);
  edit.request.width = edit.request.height = known<std::int64_t>(512, "test");
  EXPECT_EQ(edit.judged().numbers.tokens.value(), 1024 + million_pixels + text);
  edit.request.width = edit.request.height = known<std::int64_t>(2048, "test");
  EXPECT_EQ(edit.judged().numbers.tokens.value(), 2 * 16384 + text);
}

TEST(BudgetTest, TheSumOfTheTermsIsTheTotal) {
  for (const ModelCard& model : knowledge().models) {
    const Budgeted one("diffusers", model.id);
    if (one.judged().variant == nullptr) continue;
    const MemoryPlan memory = one.plan();
    Estimate largest;
    for (const StageBudget& stage : memory.stages) {
      Estimate sum;
      for (const MemoryTerm& term : stage.terms) {
        EXPECT_LE(0, term.bytes.low) << model.id << " " << term.name;
        EXPECT_LE(term.bytes.low, term.bytes.bytes) << model.id << " " << term.name;
        EXPECT_LE(term.bytes.bytes, term.bytes.high) << model.id << " " << term.name;
        sum = sum + term.bytes;
      }
      EXPECT_EQ(sum, stage.total()) << model.id;
      using Kind = MemoryTerm::Kind;
      EXPECT_EQ(
          stage.of(Kind::weights) + stage.of(Kind::activations) + stage.of(Kind::attention) + stage.of(Kind::other),
          sum);
      largest.bytes = std::max(largest.bytes, sum.bytes);
    }
    EXPECT_EQ(memory.peak.bytes, largest.bytes) << model.id;
    EXPECT_LE(memory.peak.bytes, memory.reserved.bytes) << model.id;
    EXPECT_LT(memory.reserved.bytes, memory.device.bytes) << model.id;
  }
}

TEST(BudgetTest, NeverFallsWhenTheJobGrows) {
  for (const ModelCard& model : knowledge().models) {
    Budgeted one("diffusers", model.id);
    if (one.judged().variant == nullptr) continue;
    for (const MemoryChoice& choice : memory_choices(one.judged(), {})) {
      std::int64_t before = 0;
      for (const std::int64_t times : {1, 2, 3, 8}) {
        one.request.width = known(256 * times, "test");
        one.request.height = known<std::int64_t>(256, "test");
        one.request.frames = known(model.frame_multiple * 4 + model.frame_plus, "test");
        const std::int64_t peak = one.plan(choice).peak.bytes;
        EXPECT_GE(peak, before) << model.id << " " << to_text(choice) << " width";
        before = peak;
      }
      for (const std::int64_t batch : {2, 5}) {
        one.request.batch = known(batch, "test");
        const std::int64_t peak = one.plan(choice).peak.bytes;
        EXPECT_GE(peak, before) << model.id << " " << to_text(choice) << " batch";
        before = peak;
      }
      one.request.batch = {};
      before = 0;
      for (const std::int64_t steps : {1, 2, 5, 20, 80}) {
        one.request.frames = known(model.frame_multiple * steps + model.frame_plus, "test");
        const std::int64_t peak = one.plan(choice).peak.bytes;
        EXPECT_GE(peak, before) << model.id << " " << to_text(choice) << " frames";
        before = peak;
      }
    }
  }
}

TEST(BudgetTest, NeverFallsWithALongerText) {
  for (const char* id : {"flux.1-dev", "hunyuanvideo", "wan2.1-t2v-14b"}) {
    const Budgeted one("diffusers", id);
    std::int64_t before = 0;
    for (const std::int64_t tokens : {0, 512, 16384}) {
      Knowledge changed = knowledge();
      for (ModelCard& model : changed.models) model.text_tokens = tokens;
      const std::int64_t peak = one.plan_with(changed).peak.bytes;
      EXPECT_GE(peak, before) << id << " with a text of " << tokens;
      before = peak;
    }
  }
}

TEST(BudgetTest, NeverRisesWithMoreRanks) {
  for (const char* engine : {"wan2.1", "wan2.2", "xdit", "diffusers"}) {
    for (const ModelCard& model : knowledge().models) {
      const Budgeted one(engine, model.id, "8xH100-SXM");
      const JudgedCase judged = one.judged();
      if (judged.variant == nullptr || !matches_any_model(engine, model.id)) continue;
      const MemoryChoice choice{mode_without_offload(judged), "", false};
      if (choice.mode.empty()) continue;
      std::int64_t before = one.plan(choice, layout_of(2, 1)).peak.bytes;
      for (const std::int64_t ranks : {4, 8}) {
        const std::int64_t peak = one.plan(choice, layout_of(ranks, 1)).peak.bytes;
        EXPECT_LE(peak, before) << engine << " " << model.id << " ulysses " << ranks;
        before = peak;
      }
    }
  }
}

TEST(BudgetTest, WhatFreesMemoryNeverPredictsMore) {
  for (const ModelCard& model : knowledge().models) {
    const Budgeted one("diffusers", model.id);
    if (one.judged().variant == nullptr) continue;
    const auto peak = [&](const char* mode, const char* quantization, bool tiling) {
      return one.plan({mode, quantization, tiling}).peak.bytes;
    };
    EXPECT_LE(peak("model", "", false), peak("none", "", false)) << model.id;
    EXPECT_LE(peak("group-leaf", "", false), peak("model", "", false)) << model.id;
    EXPECT_LE(peak("sequential", "", false), peak("group-leaf", "", false)) << model.id;
    EXPECT_LE(peak("none", "fp8", false), peak("none", "", false)) << model.id;
    EXPECT_LE(peak("none", "nf4", false), peak("none", "fp8", false)) << model.id;
    EXPECT_LE(peak("none", "", true), peak("none", "", false)) << model.id;
  }
}

TEST(BudgetTest, StaysInsideItsIntegersAtAnySize) {
  Budgeted one("diffusers", "wan2.1-t2v-14b");
  one.request.width = known<std::int64_t>(1'000'000, "test");
  one.request.height = known<std::int64_t>(1'000'000, "test");
  one.request.frames = known<std::int64_t>(1'000'001, "test");
  const MemoryPlan memory = one.plan({"none", "", false}, {}, "bf16", "sdpa-math");
  EXPECT_GT(memory.peak.bytes, 0);
  EXPECT_LE(memory.peak.low, memory.peak.bytes);
  EXPECT_LE(memory.peak.bytes, memory.peak.high);
  EXPECT_EQ(memory.fits, Truth::no);
}

TEST(BudgetTest, ACheapConcessionComesFirst) {
  const Plan plan = Budgeted("diffusers", "cogvideox-5b", "1xRTX-4090").searched();
  ASSERT_TRUE(plan.memory);
  EXPECT_EQ(plan.memory->fits, Truth::yes);
  EXPECT_EQ(plan.memory->choice.mode, "model");
  EXPECT_EQ(plan.memory->concessions, std::vector<std::string>{"model-offload"});
  ASSERT_FALSE(plan.memory->rejected.empty());
  EXPECT_EQ(plan.memory->rejected.front().choice.mode, "none");
}

TEST(BudgetTest, OfLayoutsThatAreAsFastTheOneThatGivesUpLeastIsTaken) {
  const Plan plan = Budgeted("wan2.1", "wan2.1-t2v-14b", "8xH100-SXM").searched();
  ASSERT_TRUE(plan.memory);
  EXPECT_EQ(plan.memory->choice.mode, "none") << "sharding costs nothing there that a prediction could tell";
  EXPECT_EQ(plan.layout.chosen->fsdp, 8);
}

TEST(BudgetTest, WhatIsPinnedIsNotGivenUp) {
  Budgeted one("diffusers", "cogvideox-5b", "1xRTX-4090");
  one.request.pins["offload"] = known<std::string>("none", "test");
  one.request.pins["vae_tiling"] = known<std::string>("off", "test");
  for (const MemoryChoice& choice : memory_choices(one.judged(), {})) {
    EXPECT_EQ(choice.mode, "none");
    EXPECT_FALSE(choice.vae_tiling);
  }
}

TEST(BudgetTest, WhereNothingFitsASmallerJobIsSuggestedAndNotTaken) {
  Budgeted one("wan2.1", "wan2.1-t2v-14b", "1xRTX-4090");
  const Plan plan = one.searched();
  ASSERT_TRUE(plan.memory);
  EXPECT_EQ(plan.memory->fits, Truth::no) << "its repository keeps 53 GiB of weights on the GPU";
  EXPECT_TRUE(plan.memory_hints.empty()) << "no length helps against weights";

  one = Budgeted("diffusers", "flux.1-dev", "1xRTX-4090");
  one.request.pins["offload"] = known<std::string>("model", "test");
  one.request.pins["vae_tiling"] = known<std::string>("off", "test");
  one.request.pins["quantization"] = known<std::string>("fp8", "test");
  one.request.width = one.request.height = known<std::int64_t>(6144, "test");
  const Plan large = one.searched();
  ASSERT_EQ(large.memory->fits, Truth::no);
  ASSERT_EQ(large.memory_hints.size(), 1U);
  EXPECT_NE(large.memory_hints.front().english.find("x"), std::string::npos);
}

TEST(BudgetTest, TheLargestFrameCountIsTheLastThatFits) {
  Budgeted one("diffusers", "cogvideox-5b", "1xRTX-4090");
  const Plan plan = one.searched();
  const auto frames = most_frames(one.judged(), plan);
  ASSERT_TRUE(frames);
  const auto fits = [&](std::int64_t count) {
    one.request.frames = known(count, "test");
    return one.plan(plan.memory->choice, {}, "bf16", plan.attention.chosen->kernel).fits;
  };
  const ModelCard& model = *find_entry(knowledge().models, "cogvideox-5b");
  EXPECT_EQ(fits(*frames), Truth::yes);
  EXPECT_NE(fits(*frames + model.frame_multiple), Truth::yes);
}

}  // namespace
}  // namespace diffcheck
