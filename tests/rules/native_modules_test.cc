#include "rules/native_modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/gpu_products.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* k_flash = "/venv/lib/python3.12/site-packages/flash_attn_2_cuda.cpython-312-x86_64-linux-gnu.so";

TEST(ModuleNameTest, IsWhatPythonImports) {
  EXPECT_EQ(module_name(k_flash), "flash_attn_2_cuda");
  EXPECT_EQ(module_name("/usr/lib/python3/dist-packages/xformers/_C.so"), "xformers._C");
  EXPECT_EQ(module_name("/src/ext/_qattn_sm90.cpython-310.so"), "_qattn_sm90");
  EXPECT_EQ(module_name("file"), "file");
}

class NativeModulesTest : public testing::Test {
 protected:
  BinaryFacts& add(const std::string& path, const std::string& package) {
    BinaryFacts file;
    file.path = known(path, "test");
    file.package = known(package, "test");
    snapshot_.binaries.push_back(file);
    return snapshot_.binaries.back();
  }

  void set_gpu(const std::string& machine) {
    auto named = machine_with(machine, {});
    ASSERT_TRUE(named);
    snapshot_.gpus = named->gpus;
    snapshot_.complete = named->complete;
  }

  std::vector<std::string> findings() const {
    const Snapshot told = with_product_facts(snapshot_, knowledge());
    const JudgedCase judged = judge_case(knowledge(), told, Request(), facts_of(told));
    std::vector<std::string> texts;
    for (const Finding& finding : module_findings(judged)) texts.push_back(finding.id + ": " + finding.title.english);
    return texts;
  }

  Snapshot snapshot_;
};

TEST_F(NativeModulesTest, AMissingSymbolIsSpelledAsCppDoes) {
  add(k_flash, "flash-attn").missing_torch_symbols =
      known(std::vector<std::string>{"_ZN3c104cuda9SetDeviceEi", "_ZN3c105ErrorC1Ev"}, "test");
  EXPECT_THAT(findings(), ElementsAre("module-undefined-symbol: flash_attn_2_cuda does not fit the installed torch"));
  const auto defect = defect_of(snapshot_.binaries[0], snapshot_, knowledge(), nullptr);
  ASSERT_TRUE(defect);
  EXPECT_EQ(defect->detail, "c10::cuda::SetDevice(int)");
}

TEST_F(NativeModulesTest, AnOlderSystemIsToldByTheVersionThatTheFileNeeds) {
  add(k_flash, "flash-attn").glibc = known(*Version::parse("2.32"), "test");
  EXPECT_THAT(findings(), IsEmpty()) << "the system's version is not known";
  snapshot_.os.glibc = known(*Version::parse("2.31"), "test");
  EXPECT_THAT(findings(), ElementsAre("module-needs-newer-glibc: flash_attn_2_cuda needs glibc 2.32"));
  snapshot_.os.glibc = known(*Version::parse("2.35"), "test");
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(NativeModulesTest, CodeForOtherGpusOnlyIsNamedWithTheGpu) {
  set_gpu("1xRTX5090");
  BinaryFacts& file = add(k_flash, "flash-attn");
  file.gpu_targets = known(std::vector<std::string>{"sm_80", "sm_90"}, "test");
  file.gpu_modules = known(std::vector<std::string>{"72: sm_80 sm_90"}, "test");
  ASSERT_THAT(findings(), testing::SizeIs(1));
  EXPECT_THAT(findings()[0], HasSubstr("flash_attn_2_cuda holds no code for"));
  const Snapshot told = with_product_facts(snapshot_, knowledge());
  EXPECT_THAT(unloadable_modules(told, knowledge(), told.gpus[0]), ElementsAre("flash_attn_2_cuda"));
  set_gpu("1xA100-80GB");
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(NativeModulesTest, PtxThatTheDriverCannotCompileIsNamedWithBothVersions) {
  set_gpu("1xRTX5090");
  BinaryFacts& file = add(k_flash, "flash-attn");
  file.gpu_targets = known(std::vector<std::string>{"sm_90", "compute_90"}, "test");
  file.gpu_modules = known(std::vector<std::string>{"72: sm_90 compute_90"}, "test");
  file.ptx_version = known(*Version::parse("9.0"), "test");
  EXPECT_THAT(findings(), IsEmpty()) << "the driver is not known";
  snapshot_.drivers.nvidia.cuda_version = known(*Version::parse("12.8"), "test");
  EXPECT_THAT(findings(), ElementsAre(HasSubstr("module-needs-newer-driver: flash_attn_2_cuda")));
  const Snapshot told = with_product_facts(snapshot_, knowledge());
  const auto defect = defect_of(told.binaries[0], told, knowledge(), &told.gpus[0]);
  ASSERT_TRUE(defect);
  EXPECT_THAT(defect->detail, HasSubstr("the driver (CUDA 12.8) cannot compile compute_90, which needs a driver for "
                                        "CUDA 13.0"));
  EXPECT_THAT(unloadable_modules(told, knowledge(), told.gpus[0]), ElementsAre("flash_attn_2_cuda"));
  snapshot_.drivers.nvidia.cuda_version = known(*Version::parse("13.0"), "test");
  EXPECT_THAT(findings(), IsEmpty());
}

TEST_F(NativeModulesTest, WhatIsNotKnownIsNotHeldAgainstAFile) {
  set_gpu("1xRTX5090");
  add(k_flash, "flash-attn");
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_THAT(unloadable_modules(snapshot_, knowledge(), snapshot_.gpus[0]), IsEmpty());
}

}  // namespace
}  // namespace diffcheck
