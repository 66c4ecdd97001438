#include "rules/native_modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/gpu_products.h"
#include "rules/linking.h"
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

  template <class Judge>
  std::vector<Finding> judged_by(const Judge& judge) const {
    const Snapshot told = with_product_facts(snapshot_, knowledge());
    return judge(judge_case(knowledge(), told, Request(), facts_of(told)));
  }
  std::vector<Finding> all_findings() const { return judged_by(module_findings); }
  std::vector<Finding> links() const { return judged_by(linking_findings); }

  std::vector<std::string> findings() const {
    std::vector<std::string> texts;
    for (const Finding& finding : all_findings()) texts.push_back(finding.id + ": " + finding.title.english);
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

LinkDefectFacts link_defect(const std::string& kind, const std::string& name, const std::string& library = "") {
  LinkDefectFacts defect;
  defect.kind = known(kind, "test");
  defect.name = known(name, "test");
  defect.library = library.empty() ? absent<std::string>("test") : known(library, "test");
  defect.needed_by = known(std::string(k_flash), "test");
  return defect;
}

TEST_F(NativeModulesTest, ALibraryOfAnotherCudaIsToldWithBothVersions) {
  add(k_flash, "flash-attn").link_defects = {link_defect("missing-library", "libcudart.so.11.0")};
  snapshot_.packages["torch"].cuda = known(*Version::parse("12.8"), "test");
  const Finding finding = all_findings().at(0);
  EXPECT_EQ(finding.id, "module-missing-library");
  EXPECT_THAT(finding.title.english, HasSubstr("flash_attn_2_cuda needs libcudart.so.11.0"));
  EXPECT_THAT(finding.why.english, HasSubstr("libcudart.so.11.0: cannot open shared object file"));
  EXPECT_THAT(finding.why.english, HasSubstr("CUDA 11; the installed torch was built for CUDA 12"));
  EXPECT_THAT(finding.fix.commands, IsEmpty()) << "its package would not make the two fit";
  set_gpu("1xA100-80GB");
  EXPECT_THAT(unloadable_modules(snapshot_, knowledge(), snapshot_.gpus[0]), ElementsAre("flash_attn_2_cuda"));
}

TEST_F(NativeModulesTest, AMissingLibraryIsToldWithThePackageThatHoldsIt) {
  BinaryFacts& file = add("/venv/lib/python3.12/site-packages/cv2/cv2.abi3.so", "opencv-python");
  file.needed = known(std::vector<std::string>{"libGL.so.1"}, "test");
  file.link_defects = {link_defect("missing-library", "libGL.so.1")};
  EXPECT_THAT(all_findings().at(0).fix.text.english, HasSubstr("libgl1"));
  file.link_defects = {link_defect("missing-library", "libcudart.so.12")};
  snapshot_.packages["torch"].cuda = known(*Version::parse("12.8"), "test");
  EXPECT_THAT(all_findings().at(0).fix.commands, ElementsAre("python -m pip install \"nvidia-cuda-runtime-cu12\""));
}

TEST_F(NativeModulesTest, AnUnknownLibraryOfAModuleWithoutGpuCodeIsNotTold) {
  BinaryFacts& file = add("/venv/lib/python3.12/site-packages/numba/np/ufunc/tbbpool.cpython-312.so", "numba");
  file.needed = known(std::vector<std::string>{"libtbb.so.12"}, "test");
  file.link_defects = {link_defect("missing-library", "libtbb.so.12")};
  EXPECT_THAT(findings(), IsEmpty());
  file.needed = known(std::vector<std::string>{"libtbb.so.12", "libcudart.so.12"}, "test");
  EXPECT_THAT(findings(), testing::SizeIs(1));
}

TEST_F(NativeModulesTest, WhatAPackageTriesAndDoesWithoutIsNotMissed) {
  const auto without = [&](const std::string& path, const std::string& package) {
    BinaryFacts& file = add(path, package);
    file.needed = known(std::vector<std::string>{"libavutil.so.56", "libtorch_cuda.so"}, "test");
    LinkDefectFacts defect;
    defect.kind = known<std::string>("missing-library", "test");
    defect.name = known<std::string>("libavutil.so.56", "test");
    file.link_defects = {defect};
  };
  set_gpu("1xT4");
  without("/venv/lib/python3.12/site-packages/torio/lib/_torio_ffmpeg4.so", "torchaudio");
  EXPECT_THAT(findings(), IsEmpty());
  without("/venv/lib/python3.12/site-packages/torchaudio/lib/_torchaudio.so", "torchaudio");
  EXPECT_THAT(findings(), testing::SizeIs(1)) << "that one is imported";
  snapshot_.binaries.clear();
  without("/venv/lib/python3.12/site-packages/other/_ffmpeg4.so", "other");
  EXPECT_THAT(findings(), testing::SizeIs(1)) << "of that package nothing is known";
}

TEST_F(NativeModulesTest, TheDriversLibraryIsOnlyMissedWhereThereIsAGpu) {
  add(k_flash, "flash-attn").link_defects = {link_defect("missing-library", "libcuda.so.1")};
  EXPECT_THAT(findings(), IsEmpty());
  set_gpu("1xA100-80GB");
  EXPECT_THAT(all_findings().at(0).why.english, HasSubstr("belongs to the NVIDIA driver"));
}

TEST_F(NativeModulesTest, OneFindingForWhatTheModulesOfAPackageShare) {
  for (const char* name : {"sm90", "sm100"})
    add("/venv/lib/python3.12/site-packages/sgl_kernel/" + std::string(name) + "/ops.abi3.so", "sgl-kernel")
        .link_defects = {link_defect("missing-library", "libnvrtc.so.12")};
  EXPECT_THAT(findings(), testing::SizeIs(1));
}

TEST_F(NativeModulesTest, AMissingVersionNamesTheLibraryThatIsFound) {
  BinaryFacts& file = add(k_flash, "flash-attn");
  file.link_defects = {link_defect("missing-version", "GLIBCXX_3.4.30", "/opt/conda/lib/libstdc++.so.6")};
  EXPECT_EQ(all_findings().at(0).id, "module-missing-version");
  EXPECT_THAT(all_findings().at(0).why.english,
              HasSubstr("/opt/conda/lib/libstdc++.so.6: version `GLIBCXX_3.4.30' not found"));
  file.link_defects = {link_defect("missing-version", "GLIBC_2.32", "/lib/libc.so.6")};
  snapshot_.os.glibc = known(*Version::parse("2.31"), "test");
  EXPECT_THAT(findings(), ElementsAre("module-needs-newer-glibc: flash_attn_2_cuda needs glibc 2.32"));
}

TEST_F(NativeModulesTest, AProcessorBelowTheFilesLevelIsTold) {
  add(k_flash, "flash-attn").x86_level = known(std::int64_t{3}, "test");
  EXPECT_THAT(findings(), IsEmpty());
  snapshot_.cpu.psabi_level = known(std::string("x86-64-v3"), "test");
  EXPECT_THAT(findings(), IsEmpty());
  snapshot_.cpu.psabi_level = known(std::string("x86-64-v2"), "test");
  EXPECT_THAT(findings(),
              ElementsAre("module-needs-newer-cpu: flash_attn_2_cuda needs a processor of level x86-64-v3"));
}

TEST_F(NativeModulesTest, TorchThatDoesNotLoadIsAnErrorOfItsOwn) {
  snapshot_.linking.torch_defects = {
      link_defect("missing-symbol", "__nvJitLinkCreate_12_8", "/usr/local/cuda/lib64/libnvJitLink.so.12")};
  ASSERT_EQ(links().size(), 1U);
  EXPECT_EQ(links()[0].id, "torch-does-not-load");
  EXPECT_EQ(links()[0].severity, Severity::error);
  EXPECT_THAT(links()[0].why.english, HasSubstr("undefined symbol: __nvJitLinkCreate_12_8"));
  EXPECT_THAT(links()[0].fix.text.english, HasSubstr("LD_LIBRARY_PATH"));
  snapshot_.linking.torch_defects[0].library = unknown<std::string>("test", "not told");
  EXPECT_THAT(links(), IsEmpty());
}

TEST_F(NativeModulesTest, AnOlderLibraryInFrontOfTorchsIsTold) {
  LoadedLibraryFacts library;
  library.soname = known(std::string("libcudnn.so.9"), "test");
  library.path = known(std::string("/cudnn/lib/libcudnn.so.9"), "test");
  library.found_by = known(std::string("ld-library-path"), "test");
  library.needed_by = known(std::string("/site/torch/lib/libtorch_cuda.so"), "test");
  library.version = known(*Version::parse("9.1.0"), "test");
  snapshot_.linking.libraries = {library};
  EXPECT_THAT(links(), IsEmpty());
  LoadedLibraryFacts& taken = snapshot_.linking.libraries[0];
  taken.shadowed = known(std::string("/site/nvidia/cudnn/lib/libcudnn.so.9"), "test");
  taken.shadowed_package = known(std::string("nvidia-cudnn-cu12"), "test");
  taken.shadowed_version = known(*Version::parse("9.10.2.21"), "test");
  ASSERT_EQ(links().size(), 1U);
  EXPECT_EQ(links()[0].id, "library-shadowed");
  EXPECT_THAT(links()[0].why.english, HasSubstr("LD_LIBRARY_PATH leads to it"));
  EXPECT_THAT(links()[0].why.english, HasSubstr("nvidia-cudnn-cu12 (9.10.2.21)"));
  taken.version = known(*Version::parse("9.12"), "test");
  EXPECT_THAT(links(), IsEmpty()) << "a newer one has what an older one has";
  taken.needed_by = known(std::string("/site/nvidia/cudnn/lib/libcudnn.so.9"), "test");
  EXPECT_THAT(links(), testing::SizeIs(1)) << "parts of one library have to be of one release";
  taken.version = unknown<Version>("test", "not told");
  snapshot_.linking.libraries.push_back(taken);
  ASSERT_EQ(links().size(), 1U) << "one for each package";
  EXPECT_THAT(links()[0].evidence, testing::SizeIs(2));
}

TEST_F(NativeModulesTest, WhatIsNotKnownIsNotHeldAgainstAFile) {
  set_gpu("1xRTX5090");
  add(k_flash, "flash-attn");
  EXPECT_THAT(findings(), IsEmpty());
  EXPECT_THAT(unloadable_modules(snapshot_, knowledge(), snapshot_.gpus[0]), IsEmpty());
}

}  // namespace
}  // namespace diffcheck
