// Whole cases on named machines: what torch and the engines pick, the numbers, the pins.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>

#include "rules/diagnose.h"
#include "rules/machine_spec.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

using Sets = std::vector<std::pair<std::string, std::string>>;

Request request_for(const std::string& engine, const std::string& version, const std::string& model) {
  Request request;
  request.engine = known(engine, "test");
  if (!version.empty()) request.engine_version = known(version, "test");
  request.model = known(model, "test");
  return request;
}

Diagnosis diagnosed(const std::string& machine, const Request& request, const Sets& sets) {
  auto simulated = machine_from_spec(machine, {}, knowledge());
  EXPECT_TRUE(simulated) << to_string(simulated.error());
  Snapshot snapshot = simulated->snapshot;
  for (const auto& [path, value] : sets) {
    auto changed = with_override(snapshot, path, value);
    EXPECT_TRUE(changed) << path << ": " << to_string(changed.error());
    snapshot = *changed;
  }
  return diagnose(snapshot, request, knowledge(), true);
}

const Finding* finding(const Diagnosis& diagnosis, const std::string& id) {
  const auto found = std::find_if(diagnosis.findings.begin(), diagnosis.findings.end(),
                                  [&](const Finding& one) { return one.id == id; });
  return found == diagnosis.findings.end() ? nullptr : &*found;
}

/// What torch's SDPA takes, by its sdp_utils.cpp (head size 128, no mask, Linux).
struct SdpaRow {
  const char* machine;
  const char* torch;
  const char* dtype;
  const char* kernel;
};

std::string row_name(const SdpaRow& row) {
  std::string name = std::string(row.machine) + "_torch" + row.torch + "_" + row.dtype;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

class SdpaTest : public testing::TestWithParam<SdpaRow> {};

TEST_P(SdpaTest, PicksTheKernelThatTheTableNames) {
  const SdpaRow& row = GetParam();
  Request request = request_for("diffusers", "0.36.0", "wan2.1-t2v-1.3b");
  request.pins["dtype"] = known<std::string>(row.dtype, "test");
  const Diagnosis diagnosis =
      diagnosed(row.machine, request, {{"packages.torch.version", row.torch}, {"packages.flash-attn", "absent"}});
  ASSERT_TRUE(diagnosis.plan);
  EXPECT_EQ(diagnosis.plan->attention.engine_default.kernel, row.kernel);
}

INSTANTIATE_TEST_SUITE_P(DeviceTable, SdpaTest,
                         testing::Values(SdpaRow{"1xT4", "2.4.1+cu121", "bf16", "sdpa-math"},
                                         SdpaRow{"1xT4", "2.4.1+cu121", "fp16", "sdpa-efficient"},
                                         SdpaRow{"1xT4", "2.8.0+cu128", "bf16", "sdpa-math"},
                                         SdpaRow{"1xV100-SXM2-32GB", "2.6.0+cu124", "fp16", "sdpa-efficient"},
                                         SdpaRow{"1xA100-80GB", "2.4.1+cu121", "bf16", "sdpa-flash"},
                                         SdpaRow{"1xRTX4090", "2.6.0+cu124", "bf16", "sdpa-flash"},
                                         SdpaRow{"1xRTX4090", "2.8.0+cu128", "fp16", "sdpa-flash"},
                                         SdpaRow{"1xH100-SXM", "2.5.1+cu124", "bf16", "sdpa-flash"},
                                         SdpaRow{"1xH100-SXM", "2.5.0+cu124", "bf16", "sdpa-cudnn"},
                                         SdpaRow{"1xH100-SXM", "2.8.0+cu128", "bf16", "sdpa-flash"},
                                         SdpaRow{"1xH100-SXM", "2.10.0+cu128", "bf16", "sdpa-flash"},
                                         SdpaRow{"1xH100-SXM", "2.11.0+cu130", "bf16", "sdpa-cudnn"},
                                         SdpaRow{"1xRTX5090", "2.7.0+cu128", "bf16", "sdpa-flash"},
                                         SdpaRow{"1xB200", "2.8.0+cu128", "bf16", "sdpa-flash"}),
                         [](const auto& row) { return row_name(row.param); });

TEST(PlanTest, WhatAnUnknownEnvironmentMayForbidIsNotForbidden) {
  auto named = machine_from_spec("1xA100-80GB", {}, knowledge());
  ASSERT_TRUE(named);
  named->snapshot.complete.env = unknown<bool>("test", "not told");
  named->snapshot.packages["torch"].version = known(*Version::parse("2.5.1+cu124"), "test");
  const Diagnosis diagnosis =
      diagnose(named->snapshot, request_for("diffusers", "0.36.0", "wan2.1-t2v-1.3b"), knowledge(), false);
  ASSERT_TRUE(diagnosis.plan);
  EXPECT_NE(diagnosis.plan->possible, Truth::no);
  EXPECT_EQ(finding(diagnosis, "no-way-out"), nullptr);
}

TEST(PlanTest, TorchWithoutCodeForTheGpuRunsNothing) {
  const Diagnosis diagnosis = diagnosed("1xRTX5090", request_for("diffusers", "0.36.0", "wan2.1-t2v-1.3b"),
                                        {{"packages.torch.version", "2.5.1+cu121"}, {"packages.flash-attn", "absent"}});
  EXPECT_EQ(diagnosis.plan->possible, Truth::no);
  const bool named = std::any_of(diagnosis.findings.begin(), diagnosis.findings.end(), [](const Finding& one) {
    return one.severity == Severity::error && one.category == "no-kernel-image";
  });
  EXPECT_TRUE(named);
}

TEST(PlanTest, OneScoreMatrixOfWanAt480pIsTheFigureThatUsersSaw) {
  const Sets torch_26 = {{"packages.torch.version", "2.6.0+cu124"}, {"packages.flash-attn", "absent"}};
  const Diagnosis diagnosis = diagnosed("1xT4", request_for("diffsynth", "1.1.7", "wan2.1-t2v-1.3b"), torch_26);
  const Finding* math = finding(diagnosis, "silent-math");
  ASSERT_NE(math, nullptr);
  EXPECT_EQ(math->severity, Severity::error);
  EXPECT_TRUE(math->avoided_by_plan);
  EXPECT_NE(math->why.english.find("47.98 GiB"), std::string::npos) << math->why.english;
  EXPECT_NE(math->why.english.find("155.92 GiB"), std::string::npos) << math->why.english;
  const Diagnosis older = diagnosed("1xT4", request_for("diffsynth", "1.1.7", "wan2.1-t2v-1.3b"),
                                    {{"packages.torch.version", "2.4.1+cu121"}, {"packages.flash-attn", "absent"}});
  EXPECT_NE(finding(older, "silent-math")->why.english.find("23.99 GiB"), std::string::npos)
      << finding(older, "silent-math")->why.english;
}

TEST(PlanTest, APinIsNeverOverridden) {
  Request request = request_for("diffsynth", "1.1.7", "wan2.1-t2v-1.3b");
  request.pins["dtype"] = known<std::string>("bf16", "test");
  const Diagnosis diagnosis = diagnosed("1xT4", request, {{"packages.torch.version", "2.6.0+cu124"}});
  for (const KernelCandidate& candidate : diagnosis.plan->attention.candidates) EXPECT_EQ(candidate.dtype, "bf16");
  EXPECT_NE(diagnosis.plan->possible, Truth::yes) << "bf16 cannot run on a T4 at this size";

  request = request_for("diffusers", "0.36.0", "wan2.1-t2v-1.3b");
  request.pins["attention"] = known<std::string>("sdpa-flash", "test");
  const Diagnosis pinned =
      diagnosed("1xT4", request, {{"packages.torch.version", "2.6.0+cu124"}, {"packages.flash-attn", "absent"}});
  EXPECT_FALSE(pinned.plan->attention.chosen);
  EXPECT_NE(finding(pinned, "pinned-kernel-refused"), nullptr);
}

TEST(PlanTest, WithoutAFactItNeedsItRefuses) {
  auto simulated = machine_from_spec("1xRTX4090", {}, knowledge());
  const Diagnosis diagnosis =
      diagnose(simulated->snapshot, request_for("diffusers", "0.36.0", "wan2.1-t2v-1.3b"), knowledge(), false);
  EXPECT_EQ(diagnosis.plan->possible, Truth::unknown);
  const bool undecided = std::any_of(diagnosis.findings.begin(), diagnosis.findings.end(),
                                     [](const Finding& one) { return one.undecided; });
  EXPECT_TRUE(undecided);
  EXPECT_FALSE(diagnosis.plan->attention.chosen);
}

TEST(PlanTest, BudgetsAddUp) {
  const Diagnosis diagnosis =
      diagnosed("8xA100-80GB", request_for("xdit", "0.4.5", "cogvideox1.5-5b"), {{"packages.flash-attn", "absent"}});
  ASSERT_TRUE(diagnosis.plan->memory);
  std::int64_t largest = 0;
  for (const StageBudget& stage : diagnosis.plan->memory->stages) {
    EXPECT_LE(stage.total().low, stage.total().bytes);
    EXPECT_LE(stage.total().bytes, stage.total().high);
    largest = std::max(largest, stage.total().bytes);
  }
  EXPECT_EQ(diagnosis.plan->memory->peak.bytes, largest);
}

std::int64_t decode_bytes(std::int64_t side, const std::string& tiling) {
  Request request = request_for("diffusers", "0.36.0", "flux.1-dev");
  request.width = request.height = known(side, "test");
  request.pins["vae_tiling"] = known(tiling, "test");
  const Diagnosis diagnosis = diagnosed("1xH200-SXM", request, {});
  if (!diagnosis.plan || !diagnosis.plan->memory) return 0;
  for (const StageBudget& stage : diagnosis.plan->memory->stages) {
    for (const MemoryTerm& term : stage.terms) {
      if (term.name == "decode") return term.bytes.bytes;
    }
  }
  return 0;
}

TEST(PlanTest, TilesTakeNoMoreThanTheWholeAndNoLessThanOneTile) {
  EXPECT_GT(decode_bytes(512, "on"), 0);
  EXPECT_EQ(decode_bytes(512, "on"), decode_bytes(512, "off")) << "smaller than a tile";
  EXPECT_EQ(decode_bytes(1024, "on"), decode_bytes(1024, "off")) << "one tile";
  EXPECT_LT(decode_bytes(2048, "on"), decode_bytes(2048, "off"));
  EXPECT_GE(decode_bytes(2048, "on"), decode_bytes(1024, "on"));
}

TEST(PlanTest, AReleaseThatNobodyDescribedIsNotTakenForAnother) {
  const Diagnosis diagnosis =
      diagnosed("1xL40S", request_for("diffusers", "", "sdxl-base"), {{"packages.diffusers.version", "0.4.0"}});
  EXPECT_FALSE(diagnosis.plan);
  ASSERT_FALSE(diagnosis.findings.empty());
  EXPECT_EQ(diagnosis.findings.front().id, "engine-release-unknown");
  EXPECT_TRUE(diagnosis.findings.front().undecided);
}

TEST(PlanTest, TheSameCaseGivesTheSamePlan) {
  const auto layouts = [] {
    const Diagnosis diagnosis = diagnosed("8xH100-SXM", request_for("xdit", "", "flux.1-dev"), {});
    std::vector<Layout> list;
    for (const LayoutCandidate& candidate : diagnosis.plan->layout.candidates) list.push_back(candidate.layout);
    return list;
  };
  EXPECT_EQ(layouts(), layouts());
  EXPECT_FALSE(layouts().empty());
}

TEST(MachineSpecTest, ReadsCountsAndNamesAndRefusesTheRest) {
  const auto nodes = machine_from_spec("2x8xL40", {}, knowledge());
  ASSERT_TRUE(nodes);
  EXPECT_EQ(nodes->nodes, 2);
  EXPECT_EQ(nodes->snapshot.gpus.size(), 8U);
  EXPECT_EQ(machine_from_spec("T4", {}, knowledge())->snapshot.gpus.size(), 1U);
  for (const char* bad : {"0xT4", "9999xT4", "8x", "x", "1xNoSuchGpu", ""})
    EXPECT_FALSE(machine_from_spec(bad, {}, knowledge())) << bad;
  EXPECT_NE(machine_from_spec("1xRTX4091", {}, knowledge()).error().what.find("rtx-4090"), std::string::npos);
}

}  // namespace
}  // namespace diffcheck
