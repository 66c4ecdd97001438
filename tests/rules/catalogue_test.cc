// The table of models: the same choices as whole plans, which also list what was not chosen.
#include "rules/catalogue.h"

#include <gtest/gtest.h>

#include "rules/machine_spec.h"
#include "rules/plan_search.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

class CatalogueTest : public testing::TestWithParam<const char*> {};

TEST_P(CatalogueTest, ChoosesWhatAWholePlanChooses) {
  std::vector<Message> assumptions;
  const Snapshot snapshot =
      with_assumptions(machine_from_spec(GetParam(), {}, knowledge())->snapshot, knowledge(), assumptions);
  const Request request;
  const JudgedCase machine = judge_case(knowledge(), snapshot, request, facts_of(snapshot));
  const std::vector<ModelOnMachine> table = models_on_machine(machine);
  ASSERT_GE(table.size(), 39U);
  for (const ModelOnMachine& row : table) {
    SCOPED_TRACE(row.model);
    Request job;
    job.engine = known(row.engine, "test");
    job.model = known(row.model, "test");
    const Plan plan = make_plan(judge_case(machine, job));
    EXPECT_EQ(row.possible, plan.possible);
    EXPECT_EQ(row.kernel, plan.attention.chosen ? plan.attention.chosen->kernel : "");
    ASSERT_TRUE(plan.memory);
    EXPECT_EQ(row.memory.choice.mode, plan.memory->choice.mode);
    EXPECT_EQ(row.memory.choice.quantization, plan.memory->choice.quantization);
    EXPECT_EQ(row.memory.choice.vae_tiling, plan.memory->choice.vae_tiling);
    EXPECT_EQ(row.memory.dtype, plan.memory->dtype);
    EXPECT_EQ(row.memory.peak.bytes, plan.memory->peak.bytes);
    EXPECT_EQ(row.memory.fits, plan.memory->fits);
  }
}

INSTANTIATE_TEST_SUITE_P(Machines, CatalogueTest, testing::Values("1xT4", "1xRTX-4090", "8xH100-SXM"),
                         [](const auto& machine) { return "Machine" + std::to_string(machine.index); });

TEST(CatalogueWithoutGpuTest, IsEmpty) {
  Snapshot snapshot;
  snapshot.complete.gpus = known(true, "test");
  const Request request;
  EXPECT_TRUE(models_on_machine(judge_case(knowledge(), snapshot, request, facts_of(snapshot))).empty());
}

}  // namespace
}  // namespace diffcheck
