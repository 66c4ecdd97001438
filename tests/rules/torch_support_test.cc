#include "rules/torch_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Names = std::vector<std::string>;

// Modules as libtorch_cuda.so of torch 2.8.0+cu128 holds them, and as that of 2.7.1+cu126.
const Names k_cuda_12_8 = {"1: sm_70 sm_75 sm_80 sm_86 sm_89 sm_90 sm_90a sm_100 sm_100a sm_120 sm_120a",
                           "3: sm_70 sm_75 sm_80 sm_86 sm_90 sm_90a sm_100 sm_120",
                           "389: sm_70 sm_75 sm_80 sm_86 sm_90 sm_100 sm_120"};
const Names k_cuda_12_6 = {"2: sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_89 sm_90 sm_90a",
                           "375: sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90",
                           "1: sm_50 sm_60 sm_70 sm_75 sm_80 sm_86 sm_90 sm_90a"};

class TorchSupportTest : public testing::Test {
 protected:
  TorchSupportTest() {
    snapshot_.os.name = known<std::string>("linux", "test");
    snapshot_.os.machine = known<std::string>("x86_64", "test");
    snapshot_.packages["torch"].version = known(*Version::parse("2.8.0+cu128"), "test");
  }

  BinaryFacts& add(const std::string& name, const Names& modules) {
    BinaryFacts file;
    file.path = known("/venv/lib/python3.12/site-packages/torch/lib/" + name, "test");
    file.package = known<std::string>("torch", "test");
    file.gpu_targets = known(Names{"sm_1"}, "test");
    file.gpu_modules = known(modules, "test");
    snapshot_.binaries.push_back(file);
    return snapshot_.binaries.back();
  }

  DeviceNumbers on(const std::string& capability) const {
    GpuFacts gpu;
    gpu.compute_capability = known(*ComputeCapability::parse(capability), "test");
    return torch_on_gpu(snapshot_, gpu, knowledge());
  }

  Snapshot snapshot_;
};

TEST_F(TorchSupportTest, WithoutFilesTheTableOfWheelsDecides) {
  EXPECT_TRUE(on("12.0").torch_has_code.value());
  EXPECT_FALSE(on("6.1").torch_has_code.value());
  EXPECT_THAT(on("12.0").torch_has_code.source(), HasSubstr("torch-wheels"));
}

TEST_F(TorchSupportTest, WhatTheFilesHoldDecidesAgainstTheTable) {
  add("libtorch_cuda.so", k_cuda_12_6);
  EXPECT_FALSE(on("12.0").torch_has_code.value()) << "a build of one's own, for older GPUs";
  EXPECT_TRUE(on("6.1").torch_has_code.value()) << "and for GPUs that the wheel dropped";
  EXPECT_THAT(on("6.1").torch_has_code.source(), HasSubstr("libtorch_cuda.so"));
  EXPECT_THAT(on("6.1").torch_arch_list.value(),
              ElementsAre("sm_50", "sm_60", "sm_70", "sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_90a"));
}

TEST_F(TorchSupportTest, MostOfTheModulesDecide) {
  add("libtorch_cuda.so", k_cuda_12_8);
  EXPECT_TRUE(on("7.5").torch_has_code.value());
  EXPECT_TRUE(on("9.0").torch_has_code.value());
  EXPECT_FALSE(on("6.1").torch_has_code.value());
  snapshot_.binaries.clear();
  add("libtorch_cuda.so", {"300: sm_80", "3: sm_90a"});
  EXPECT_TRUE(on("9.0").torch_has_code.is_unknown()) << "a few modules are no torch";
  EXPECT_THAT(on("9.0").torch_has_code.why(), HasSubstr("of its 303 modules 3 surely load"));
}

TEST_F(TorchSupportTest, AllPartsOfASplitLibraryCount) {
  add("libtorch_cuda_cpp.so", {"2: sm_90"});
  EXPECT_TRUE(on("9.0").torch_has_code.value());
  add("libtorch_cuda_cu.so", {"200: sm_80"});
  EXPECT_TRUE(on("9.0").torch_has_code.is_unknown());
  EXPECT_TRUE(on("8.0").torch_has_code.value());
}

TEST_F(TorchSupportTest, LibrariesOfCudaSayNothingOfTorch) {
  add("libtorch_cuda.so", k_cuda_12_6);
  add("libcublasLt.so.12", {"900: sm_120"});
  add("libtorch_cuda_linalg.so", {"107: sm_50 sm_120"});
  BinaryFacts& foreign = add("libtorch_cuda_tools.so", {"900: sm_120"});
  foreign.package = known<std::string>("tools", "test");
  EXPECT_FALSE(on("12.0").torch_has_code.value());
}

TEST_F(TorchSupportTest, AFileThatCannotBeReadLeavesTheTable) {
  add("libtorch_cuda.so", k_cuda_12_6);
  BinaryFacts& part = add("libtorch_cuda_cu.so", {});
  part.gpu_targets = unknown<Names>("test", "was cut short");
  part.gpu_modules = unknown<Names>("test", "was cut short");
  EXPECT_TRUE(on("12.0").torch_has_code.value());
  EXPECT_FALSE(on("6.1").torch_has_code.value());
}

TEST_F(TorchSupportTest, WhatTheUserSaysStands) {
  add("libtorch_cuda.so", k_cuda_12_6);
  snapshot_.packages["torch"].arch_list = known(Names{"sm_120"}, "--set");
  EXPECT_TRUE(on("12.0").torch_has_code.value());
  EXPECT_FALSE(on("6.1").torch_has_code.value());
}

TEST_F(TorchSupportTest, PtxAloneNeedsADriverThatCompilesIt) {
  add("libtorch_cuda.so", {"400: sm_80 compute_80"}).ptx_version = known(*Version::parse("8.7"), "test");
  EXPECT_TRUE(on("12.0").torch_has_code.is_unknown()) << "the driver is not known";
  snapshot_.drivers.nvidia.cuda_version = known(*Version::parse("12.8"), "test");
  EXPECT_TRUE(on("12.0").torch_has_code.value());
  snapshot_.drivers.nvidia.cuda_version = known(*Version::parse("12.6"), "test");
  EXPECT_TRUE(on("12.0").torch_has_code.is_unknown()) << "it has code, and the driver is too old for it";
  EXPECT_THAT(on("12.0").torch_has_code.why(), HasSubstr("CUDA 12.6"));
  EXPECT_TRUE(on("8.6").torch_has_code.value()) << "machine code needs no compiler";
}

TEST_F(TorchSupportTest, AmdTargetsAreReadTheSameWay) {
  add("libtorch_hip.so", {"300: gfx90a gfx942", "2: gfx942"});
  GpuFacts gpu;
  gpu.gfx_target = known<std::string>("gfx90a", "test");
  EXPECT_TRUE(torch_on_gpu(snapshot_, gpu, knowledge()).torch_has_code.value());
  gpu.gfx_target = known<std::string>("gfx1100", "test");
  EXPECT_FALSE(torch_on_gpu(snapshot_, gpu, knowledge()).torch_has_code.value());
}

}  // namespace
}  // namespace diffcheck
