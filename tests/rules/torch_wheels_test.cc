// What the installed torch may be, and what follows from that for a GPU.
#include "rules/torch_wheels.h"

#include <gtest/gtest.h>

#include "rules/gpu_products.h"
#include "rules/torch_support.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

DeviceNumbers numbers_on(const std::string& machine, const std::vector<std::string>& settings) {
  const auto named = machine_with(machine, {settings});
  const Snapshot snapshot = with_torch_facts(with_product_facts(*named, knowledge()), knowledge());
  return torch_on_gpu(snapshot, snapshot.gpus.front(), knowledge());
}

TEST(TorchWheelsTest, NoWheelOfTheReleaseHoldsCode) {
  const auto numbers = numbers_on("1xRTX5090", {"os.name=linux", "os.machine=x86_64", "packages.torch.version=2.5.1"});
  ASSERT_TRUE(numbers.torch_has_code.is_known());
  EXPECT_FALSE(numbers.torch_has_code.value());
  EXPECT_TRUE(numbers.torch_arch_list.is_known()) << "all that its wheels hold, for the message";
}

TEST(TorchWheelsTest, SomeWheelsOfTheReleaseHoldCode) {
  const auto numbers = numbers_on("1xRTX5090", {"os.name=linux", "os.machine=x86_64", "packages.torch.version=2.7.1"});
  EXPECT_TRUE(numbers.torch_has_code.is_unknown()) << "2.7.1 for CUDA 12.6 has none, for 12.8 it has";
}

TEST(TorchWheelsTest, AnUnknownPlatformIsNoObstacleWhereItsWheelsAgree) {
  EXPECT_TRUE(numbers_on("1xA100-80GB", {"packages.torch.version=2.5.1+cu121"}).torch_has_code.value());
  EXPECT_TRUE(numbers_on("1xA100-80GB", {"packages.torch.version=2.5.1"}).torch_has_code.is_unknown())
      << "it may be a CPU build";
}

TEST(TorchWheelsTest, WhatAnybodyElseBuiltIsUnknown) {
  for (const char* version : {"2.5.0a0+e000000.nv24.08", "2.5.0.dev20240801", "2.5.1+debian"}) {
    const auto numbers = numbers_on(
        "1xRTX5090", {"os.name=linux", "os.machine=x86_64", std::string("packages.torch.version=") + version});
    EXPECT_TRUE(numbers.torch_has_code.is_unknown()) << version;
  }
}

TEST(TorchWheelsTest, TheOldestTorchThatRuns) {
  const auto numbers = numbers_on("1xRTX5090", {"os.name=linux", "os.machine=x86_64"});
  ASSERT_TRUE(numbers.oldest_torch.is_known());
  EXPECT_EQ(numbers.oldest_torch.value().text(), "2.7");
}

TEST(TorchWheelsTest, TheIndexIsOneThatTheDriverRuns) {
  const std::vector<std::string> linux = {"os.name=linux", "os.machine=x86_64"};
  std::vector<std::string> old_driver = linux;
  old_driver.emplace_back("drivers.nvidia.version=535.129.03");
  const auto index = numbers_on("1xL40S", old_driver).torch_index;
  ASSERT_TRUE(index.is_known());
  EXPECT_EQ(index.value().substr(0, 4), "cu12") << "driver 535 runs no CUDA 13";
}

TEST(TorchWheelsTest, PtxOfAnOldGpuInAWheelIsNoCodeForANewOne) {
  const auto numbers = numbers_on("1xRTX5090", {"os.name=windows", "packages.torch.version=2.5.1+cu118"});
  EXPECT_TRUE(numbers.torch_has_code.is_unknown()) << "compute_37 beside sm_90";
  ASSERT_TRUE(numbers.oldest_torch.is_known());
  EXPECT_EQ(numbers.oldest_torch.value().text(), "2.7");
}

TEST(TorchWheelsTest, ADriverOfThreePartsIsOfLinux) {
  const auto cuda_of = [](const std::string& version, const std::string& system) {
    const auto named = machine_with(
        "1xL40S", {{"drivers.nvidia.version=" + version, "drivers.nvidia.cuda_version=unknown", "os.name=" + system}});
    const auto fact = with_torch_facts(*named, knowledge()).drivers.nvidia.cuda_version;
    return fact.is_known() ? fact.value().text() : "unknown";
  };
  EXPECT_EQ(cuda_of("535.129.03", "unknown"), "12.2");
  EXPECT_EQ(cuda_of("525", "linux"), "12.0");
  EXPECT_EQ(cuda_of("525", "unknown"), "unknown") << "of Windows it would be 11.8";
}

TEST(TorchWheelsTest, TheDriversCudaFollowsFromItsVersion) {
  const auto cuda_of = [](const std::string& version) {
    const auto named = machine_with(
        "1xL40S", {{"drivers.nvidia.version=" + version, "drivers.nvidia.cuda_version=unknown", "os.name=linux"}});
    const auto fact = with_torch_facts(*named, knowledge()).drivers.nvidia.cuda_version;
    return fact.is_known() ? fact.value().text() : "unknown";
  };
  EXPECT_EQ(cuda_of("535.129.03"), "12.2");
  EXPECT_EQ(cuda_of("470.86"), "11.4");
  EXPECT_EQ(cuda_of("570.124.06"), "12.8") << "a release of the toolkit within a minor is not another CUDA";
  EXPECT_EQ(cuda_of("535"), "12.2") << "a branch alone counts as its newest";
  EXPECT_EQ(cuda_of("418.87"), "unknown") << "older than the table";
}

}  // namespace
}  // namespace diffcheck
