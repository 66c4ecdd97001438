// What is said about attention where nothing is planned.
#include "rules/kernel_findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

#include "rules/attention.h"
#include "rules/diagnose.h"
#include "rules/gpu_products.h"
#include "rules/torch_support.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

const std::vector<std::string> k_linux = {"os.name=linux",
                                          "os.machine=x86_64",
                                          "drivers.nvidia.version=580.95.05",
                                          "packages.torch.version=2.8.0+cu128",
                                          "packages.torchvision.version=0.23.0",
                                          "packages.triton.version=3.4.0"};

std::vector<Finding> findings_on(const std::string& machine, const std::vector<std::string>& settings,
                                 const Request& request = {}) {
  const auto named = machine_with(machine, {k_linux, settings});
  if (request.model.is_known()) return diagnose(*named, request, knowledge(), false).findings;
  // As diagnose() does, without the table of models: that takes longest.
  const Snapshot snapshot = with_torch_facts(with_product_facts(*named, knowledge()), knowledge());
  const JudgedCase judged = judge_case(knowledge(), snapshot, request, facts_of(snapshot));
  std::vector<Finding> findings = machine_findings(judged, false);
  for (Finding& finding : kernel_findings(judged, kernels_on_machine(judged))) findings.push_back(std::move(finding));
  return findings;
}

const Finding* find(const std::vector<Finding>& findings, const std::string& id) {
  const auto found = std::find_if(findings.begin(), findings.end(), [&](const auto& each) { return each.id == id; });
  return found == findings.end() ? nullptr : &*found;
}

Request pinned(const std::string& kernel) {
  Request request;
  request.pins["attention"] = known(kernel, "--attention");
  return request;
}

TEST(KernelFindingsTest, AnInstalledPackageWhoseKernelsDoNotRun) {
  const auto findings = findings_on("1xT4", {"packages.flash-attn.version=2.8.3"});
  const Finding* finding = find(findings, "installed-kernel-refused");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->category, "kernel-unsupported-arch");
  EXPECT_EQ(finding->severity, Severity::warning);
  EXPECT_NE(finding->title.english.find("flash-attn 2.8.3"), std::string::npos);
  EXPECT_NE(finding->fix.text.english.find("sdpa-efficient"), std::string::npos) << finding->fix.text.english;
}

TEST(KernelFindingsTest, OnePackageWithAKernelThatRunsIsSilent) {
  EXPECT_EQ(find(findings_on("1xL40S", {"packages.flash-attn.version=2.8.3"}), "installed-kernel-refused"), nullptr);
}

TEST(KernelFindingsTest, WhereTorchItselfDoesNotRunThePackageIsNotBlamed) {
  const auto findings =
      findings_on("1xRTX5090", {"packages.torch.version=2.5.1+cu124", "packages.torchvision.version=0.20.1",
                                "packages.sageattention.version=1.0.6"});
  EXPECT_NE(find(findings, "torch-no-code-for-gpu"), nullptr);
  EXPECT_EQ(find(findings, "installed-kernel-refused"), nullptr);
}

TEST(KernelFindingsTest, AFixedKernelThatCannotRun) {
  const auto findings = findings_on("1xRTX3090", {}, pinned("flash-attn-3"));
  const Finding* finding = find(findings, "pinned-kernel-refused");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->category, "kernel-unsupported-arch");
}

TEST(KernelFindingsTest, TheReasonIsOneThatNoDtypeHelps) {
  const auto findings = findings_on("1xT4", {"packages.sageattention.version=1.0.6"}, pinned("sage-1"));
  const Finding* finding = find(findings, "pinned-kernel-refused");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->category, "kernel-unsupported-arch");
}

TEST(KernelFindingsTest, AFixedKernelThatMayRunIsUndecided) {
  const auto findings = findings_on("1xL40S", {"complete.packages=unknown"}, pinned("sage-2"));
  const Finding* finding = find(findings, "kernel-fit-unknown");
  ASSERT_NE(finding, nullptr);
  EXPECT_TRUE(finding->undecided);
  EXPECT_EQ(finding->category, "abi-undefined-symbol") << "nothing but the build can stand against it on this GPU";
  EXPECT_EQ(find(findings, "kernel-unknown"), nullptr);
}

TEST(KernelFindingsTest, WhatMayFailIsNamedByTheGpu) {
  const auto categories = [](const std::vector<Finding>& findings) {
    std::set<std::string> found;
    for (const Finding& finding : findings) {
      if (finding.id == "kernel-unknown" && finding.undecided) found.insert(finding.category);
    }
    return found;
  };
  using Categories = std::set<std::string>;
  EXPECT_EQ(categories(findings_on("1xRTX5090", {"complete.packages=unknown"}, pinned("flash-attn-2"))),
            (Categories{"kernel-unsupported-arch", "no-kernel-image"}))
      << "releases before 2.7.3 refuse it, 2.7.3 and 2.7.4 hold no code for it";
  EXPECT_EQ(categories(findings_on("1xRTX5090", {"complete.packages=unknown"}, pinned("xformers"))),
            Categories{"no-kernel-image"})
      << "0.0.30 takes its Hopper kernels there";
  EXPECT_EQ(categories(findings_on("1xRTX5090", {"complete.packages=unknown", "os.name=unknown"}, pinned("xformers"))),
            (Categories{"kernel-unsupported-arch", "no-kernel-image"}))
      << "on Windows nothing is left from 0.0.33 on";
  EXPECT_EQ(categories(findings_on("1xA100", {"complete.packages=unknown"}, pinned("flash-attn-2"))), Categories());
}

TEST(KernelFindingsTest, ABuildForAnotherTorchIsTheRiskWhereTheGpuIsNone) {
  const std::vector<std::string> torch_alone = {"complete.packages=unknown"};
  const auto xformers = findings_on("1xA100", torch_alone, pinned("xformers"));
  ASSERT_NE(find(xformers, "kernel-fit-unknown"), nullptr);
  EXPECT_EQ(find(xformers, "kernel-fit-unknown")->category, "version-conflict") << "its wheels name their torch";
  EXPECT_NE(find(xformers, "kernel-fit-unknown")->why.english.find("2.8.0+cu128"), std::string::npos);
  const auto flash = findings_on("1xA100", torch_alone, pinned("flash-attn-2"));
  ASSERT_NE(find(flash, "kernel-fit-unknown"), nullptr);
  EXPECT_EQ(find(flash, "kernel-fit-unknown")->category, "abi-undefined-symbol");
}

TEST(KernelFindingsTest, AFixedKernelThatRunsIsSilent) {
  const auto findings = findings_on("1xL40S", {}, pinned("sdpa-flash"));
  EXPECT_EQ(find(findings, "kernel-unknown"), nullptr);
  EXPECT_EQ(find(findings, "pinned-kernel-refused"), nullptr);
}

TEST(KernelFindingsTest, WhatAnEngineTakesWithoutAModel) {
  Request request;
  request.engine = known<std::string>("wan2.1", "--engine");
  const auto findings = findings_on(
      "1xL40S", {"packages.flash-attn=absent", "packages.flash-attn-3=absent", "packages.flashattn-hopper=absent"},
      request);
  EXPECT_NE(find(findings, "engine-finds-no-kernel"), nullptr);
}

TEST(KernelFindingsTest, WhatNoGpuCanHelpIsSureWithoutOne) {
  Request request;
  request.engine = known<std::string>("wan2.1", "--engine");
  request.model = known<std::string>("wan2.1-t2v-1.3b", "--model");
  const auto findings = findings_on("1xL40S",
                                    {"gpus.0=absent", "complete.gpus=unknown", "packages.flash-attn=absent",
                                     "packages.flash-attn-3=absent", "packages.flashattn-hopper=absent"},
                                    request);
  EXPECT_NE(find(findings, "engine-finds-no-kernel"), nullptr);
}

TEST(KernelFindingsTest, WhatAnEngineDoesByItselfMayNotFit) {
  Request request;
  request.engine = known<std::string>("diffusers", "--engine");
  request.model = known<std::string>("cogvideox1.5-5b", "--model");
  request.width = known<std::int64_t>(1360, "--size");
  request.height = known<std::int64_t>(768, "--size");
  request.frames = known<std::int64_t>(81, "--frames");
  const auto findings = findings_on("1xA100-SXM4-80GB", {}, request);
  const Finding* finding = find(findings, "memory-close");
  ASSERT_NE(finding, nullptr) << "81 frames are decoded at once unless the VAE tiles";
  EXPECT_EQ(finding->category, "oom");
  EXPECT_TRUE(finding->avoided_by_plan);
  const auto on_larger = findings_on("1xB200", {}, request);
  EXPECT_EQ(find(on_larger, "memory-close"), nullptr);
}

TEST(KernelFindingsTest, DegreesThatNeedMoreGpus) {
  Request request;
  request.pins["ulysses"] = known<std::string>("8", "--ulysses");
  request.gpus = known<std::int64_t>(4, "--gpus");
  const auto findings = findings_on("4xL40S", {}, request);
  ASSERT_NE(find(findings, "degrees-exceed-gpus"), nullptr);
  EXPECT_EQ(find(findings, "degrees-exceed-gpus")->category, "invalid-parallel-layout");
  request.gpus = known<std::int64_t>(4, "--gpus");
  request.nodes = known<std::int64_t>(2, "--nodes");
  EXPECT_EQ(find(findings_on("4xL40S", {}, request), "degrees-exceed-gpus"), nullptr) << "four on each of two nodes";
}

TEST(KernelFindingsTest, AWheelThatNamesAnotherTorch) {
  const auto findings = findings_on("1xRTX4090", {"packages.sageattention.version=2.2.0+cu128torch2.9.0.post3"});
  const Finding* finding = find(findings, "package-tagged");
  ASSERT_NE(finding, nullptr);
  EXPECT_EQ(finding->category, "abi-undefined-symbol");
  EXPECT_EQ(
      find(findings_on("1xRTX4090", {"packages.sageattention.version=2.2.0+cu128torch2.8.0.post3"}), "package-tagged"),
      nullptr);
}

}  // namespace
}  // namespace diffcheck
