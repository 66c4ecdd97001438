// Caches between steps: what they keep, and that only a pin brings one in.
#include "rules/step_cache.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/budget.h"
#include "rules/machine_spec.h"
#include "rules/memory_choices.h"
#include "rules/request_check.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

class StepCacheTest : public testing::Test {
 protected:
  void ask(const std::string& engine, const std::string& model, const std::string& cache) {
    request_.engine = known(engine, "test");
    request_.model = known(model, "test");
    if (!cache.empty()) request_.pins["step_cache"] = known(cache, "test");
  }

  MemoryPlan plan(const Layout& layout = {}) const {
    const JudgedCase judged = judge_case(knowledge(), snapshot_, request_, facts_of(snapshot_));
    return plan_memory(judged, *default_choice(judged, layout), *find_entry(knowledge().kernels, "flash-attn-2"),
                       "bf16", layout);
  }

  static const MemoryTerm* cache_in(const MemoryPlan& plan, const std::string& stage) {
    for (const StageBudget& budget : plan.stages) {
      if (budget.stage != stage) continue;
      const auto found = std::find_if(budget.terms.begin(), budget.terms.end(),
                                      [](const MemoryTerm& term) { return term.name == "step-cache"; });
      if (found != budget.terms.end()) return &*found;
    }
    return nullptr;
  }

  Snapshot snapshot_ = machine_from_spec("2xH200-SXM", {}, knowledge())->snapshot;
  Request request_;
};

TEST_F(StepCacheTest, NoneIsTakenUnasked) {
  for (const Engine& engine : knowledge().engines) {
    ask(engine.id, "wan2.1-t2v-14b", "");
    const JudgedCase judged = judge_case(knowledge(), snapshot_, request_, facts_of(snapshot_));
    if (judged.variant == nullptr) continue;
    EXPECT_EQ(step_cache_of(judged), nullptr) << engine.id;
  }
}

TEST_F(StepCacheTest, KeepsItsTensorsWhileDenoisingAndDecoding) {
  ask("diffusers", "flux.1-dev", "fbcache");
  const MemoryPlan with = plan();
  const std::int64_t hidden_states = std::int64_t{4608} * 3072 * 2;  // tokens x width x bytes, one pass of guidance
  for (const char* stage : {"denoise", "vae_decode"}) {
    ASSERT_NE(cache_in(with, stage), nullptr) << stage;
    EXPECT_EQ(cache_in(with, stage)->bytes.bytes, 3 * hidden_states) << stage;
  }
  EXPECT_EQ(cache_in(with, "text_encode"), nullptr);
}

TEST_F(StepCacheTest, EachPassOfGuidanceKeepsItsOwn) {
  ask("diffsynth", "wan2.1-t2v-14b", "teacache");
  const std::int64_t hidden_states = std::int64_t{75600} * 5120 * 2;
  EXPECT_EQ(cache_in(plan(), "denoise")->bytes.bytes, 2 * 2 * hidden_states);
  request_.guidance_scale = known(1.0, "test");
  EXPECT_EQ(cache_in(plan(), "denoise")->bytes.bytes, 2 * hidden_states);
}

TEST_F(StepCacheTest, OfEachLayerGrowsWithTheLayers) {
  ask("diffusers", "cogvideox-5b", "pab");
  const std::int64_t hidden_states = 2 * std::int64_t{17776} * 3072 * 2;  // batched guidance
  EXPECT_EQ(cache_in(plan(), "denoise")->bytes.bytes, 42 * hidden_states);
}

TEST_F(StepCacheTest, OneThatThisReleaseLacksIsUnknownAndNeverFree) {
  ask("diffsynth", "wan2.1-t2v-1.3b", "teacache");
  request_.engine_version = known<std::string>("1.1.2", "test");
  const MemoryPlan without = plan();
  EXPECT_EQ(cache_in(without, "denoise"), nullptr);
  EXPECT_NE(without.fits, Truth::yes);
}

TEST_F(StepCacheTest, AnEngineWithoutItRefusesThePin) {
  ask("wan2.1", "wan2.1-t2v-14b", "teacache");
  const auto refused = check_request(request_, knowledge());
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->what.find("teacache"), std::string::npos);
  ask("diffusers", "wan2.1-t2v-14b", "taylorseer");
  EXPECT_FALSE(check_request(request_, knowledge()));
}

}  // namespace
}  // namespace diffcheck
