#include "probe/linking.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/binaries.h"
#include "probe/library_names.h"
#include "probe/record.h"
#include "probe/snapshot.h"
#include "probe/torch_process.h"
#include "tests/elf_builder.h"
#include "tests/tree.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string k_site = "/venv/lib/python3.11/site-packages";
const std::string k_interpreter = "/lib64/ld-linux-x86-64.so.2";
constexpr const char* k_module_tag = ".cpython-311-x86_64-linux-gnu.so";
constexpr const char* k_torch_rpath = "$ORIGIN/../../nvidia/cuda_runtime/lib:$ORIGIN/../../nvidia/cusparse/lib:$ORIGIN";

constexpr const char* k_init_2_8 = R"(
        try:
            with open("/proc/self/maps") as f:
                _maps = f.read()
            if "nvidia/cuda_runtime/lib/libcudart.so" not in _maps:
                return
            _preload_cuda_deps("cuda_nvrtc", "libnvrtc.so.*[0-9]")
            _preload_cuda_deps("nvjitlink", "libnvJitLink.so.*[0-9]")
    except OSError as err:
        cuda_libs: dict[str, str] = {
            "cuda_runtime": "libcudart.so.*[0-9]",
            "nvjitlink": "libnvJitLink.so.*[0-9]",
        }
)";

TEST(TorchPreloadsTest, AreReadFromTheTextOfEachGeneration) {
  const TorchPreloads first = parse_torch_preloads("  cuda_libs = {\n  \"cublas\": \"libcublas.so.*[0-9]\",\n  }\n");
  EXPECT_THAT(first.after, IsEmpty());
  EXPECT_THAT(first.instead, ElementsAre(TorchPreload{"cublas", "libcublas.so."}));

  const TorchPreloads second = parse_torch_preloads(k_init_2_8);
  EXPECT_THAT(second.after,
              ElementsAre(TorchPreload{"cuda_nvrtc", "libnvrtc.so."}, TorchPreload{"nvjitlink", "libnvJitLink.so."}));
  EXPECT_EQ(second.instead.size(), 2U);
  EXPECT_THAT(second.markers, ElementsAre("nvidia/cuda_runtime/lib/libcudart.so"));

  const TorchPreloads third = parse_torch_preloads(
      "    # (\"x\", \"libx.so.*[0-9]\")\n    (\"cublas\", \"libcublasLt.so.*[0-9]\"),\n"
      "    _preload_cuda_lib(\"nvtx\", \"libnvToolsExt.so.*[0-9]\", required=False)\n"
      "    if \"libcudart.so\" not in _maps:\n    _preload_cuda_deps()\n");
  EXPECT_THAT(third.after, ElementsAre(TorchPreload{"cublas", "libcublasLt.so."}));
  EXPECT_EQ(third.instead, third.after);

  const TorchPreloads narrow = parse_torch_preloads("if version.cuda in [\"12.4\", \"12.6\"]:\n");
  EXPECT_THAT(narrow.cuda, ElementsAre("12.4", "12.6"));
  EXPECT_EQ(parse_torch_preloads("\"..\": \"libx.so.*\"\n\"a/b\": \"libx.so.*\"\n\"a\": \"/x.so.*\"\n"),
            TorchPreloads());
}

TEST(LibraryNamesTest, TellWhatPythonImports) {
  const Version python = *Version::parse("3.11.7");
  EXPECT_EQ(module_name_of("x.cpython-311-x86_64-linux-gnu.so", python), ModuleName::module);
  EXPECT_EQ(module_name_of("x.cpython-311.so", python), ModuleName::module);
  EXPECT_EQ(module_name_of("x.abi3.so", python), ModuleName::module);
  EXPECT_EQ(module_name_of("x.cpython-31-x86_64-linux-gnu.so", python), ModuleName::other);
  EXPECT_EQ(module_name_of("x.cpython-312-x86_64-linux-gnu.so", python), ModuleName::other);
  EXPECT_EQ(module_name_of("_C.so", python), ModuleName::maybe_module);
  EXPECT_EQ(module_name_of("libtriton.so", python), ModuleName::maybe_library);
  EXPECT_EQ(module_name_of("x.so.1", python), ModuleName::other);
  EXPECT_EQ(name_without_digits("_ffmpeg4.cpython-311.so"), "_ffmpeg");
  EXPECT_TRUE(is_gpu_library("libcudart.so.12"));
  EXPECT_FALSE(is_gpu_library("libcurl.so.4"));
}

/// A venv with torch for CUDA 12 from wheels.
class LinkingTest : public testing::Test {
 protected:
  void SetUp() override {
    tree_.file(k_interpreter, ElfBuilder().soname("ld-linux-x86-64.so.2").build());
    tree_.file("/usr/bin/python3.11", ElfBuilder().interpreter(k_interpreter).build());
    library("/usr/lib/libstdc++.so.6",
            ElfBuilder().version_definition("GLIBCXX_3.4.30").version_definition("CXXABI_1.3.13"));
    install("torch", "torch/lib/libtorch_global_deps.so",
            ElfBuilder().soname("libtorch_global_deps.so").needed("libcudart.so.12").rpath(k_torch_rpath));
    install("torch", "torch/lib/libtorch_cuda.so",
            ElfBuilder().soname("libtorch_cuda.so").needed("libcusparse.so.12").rpath(k_torch_rpath));
    install("torch", std::string("torch/_C") + k_module_tag,
            ElfBuilder().needed("libtorch_cuda.so").needed("libstdc++.so.6").rpath("$ORIGIN/lib"));
    tree_.file(k_site + "/torch/__init__.py", k_init_2_8);
    install("nvidia-cuda-runtime-cu12", "nvidia/cuda_runtime/lib/libcudart.so.12",
            ElfBuilder().soname("libcudart.so.12"));
    install("nvidia-cuda-nvrtc-cu12", "nvidia/cuda_nvrtc/lib/libnvrtc.so.12", ElfBuilder().soname("libnvrtc.so.12"));
    install("nvidia-nvjitlink-cu12", "nvidia/nvjitlink/lib/libnvJitLink.so.12", nvjitlink("__nvJitLinkCreate_12_8"));
    install("nvidia-cusparse-cu12", "nvidia/cusparse/lib/libcusparse.so.12",
            ElfBuilder()
                .soname("libcusparse.so.12")
                .needed("libnvJitLink.so.12")
                .runpath("$ORIGIN/../../nvjitlink/lib")
                .version_need("libnvJitLink.so.12", "libnvJitLink.so.12")
                .symbol("__nvJitLinkCreate_12_8", false, "libnvJitLink.so.12"));
  }

  static ElfBuilder nvjitlink(const std::string& symbol) {
    return ElfBuilder()
        .soname("libnvJitLink.so.12")
        .version_definition("libnvJitLink.so.12")
        .symbol(symbol, true, "libnvJitLink.so.12");
  }

  void library(const std::string& path, ElfBuilder file) {
    tree_.file(path, file.soname(path.substr(path.rfind('/') + 1)).build());
  }

  void install(const std::string& package, const std::string& path, const ElfBuilder& file) {
    tree_.file(k_site + "/" + path, file.build());
    records_[package] += path + ",sha256=x,1\n";
    const std::string folder = k_site + "/" + package + "-1.2.dist-info/";
    tree_.file(folder + "RECORD", records_[package])
        .file(folder + "METADATA", "Name: " + package + "\nVersion: 1.2\n\n");
    packages_[package].version = known(*Version::parse("1.2"), "test");
  }

  BinaryProbe probe() const { return probe(tree_.system()); }
  BinaryProbe probe(const System& system, const std::string& root = "") const {
    PythonFacts python;
    python.sys_path = known(std::vector<std::string>{root + k_site}, "test");
    python.executable = known(root + "/usr/bin/python3.11", "test");
    python.version = known(*Version::parse("3.11.7"), "test");
    return probe_binaries(system, python, packages_);
  }

  static BinaryFacts file_named(const BinaryProbe& probe, const std::string& part) {
    for (const BinaryFacts& file : probe.binaries) {
      if (file.path.value().find(part) != std::string::npos) return file;
    }
    return {};
  }

  static std::string taken(const BinaryProbe& probe, const std::string& soname) {
    for (const LoadedLibraryFacts& library : probe.linking.libraries) {
      if (library.soname.value() == soname) return library.path.value() + " by " + library.found_by.value();
    }
    return "not loaded";
  }

  static std::string defect(const LinkDefectFacts& facts) {
    return facts.kind.value() + " " + facts.name.value() +
           (facts.library.is_known() ? " of " + facts.library.value() : "");
  }

  TemporaryTree tree_;
  std::map<std::string, std::string> records_;
  Packages packages_;
};

TEST_F(LinkingTest, TorchTakesTheLibrariesOfItsWheels) {
  const BinaryProbe result = probe();
  EXPECT_EQ(result.linking.interpreter.value(), k_interpreter);
  EXPECT_TRUE(result.linking.torch_loads.is_known() && result.linking.torch_loads.value());
  EXPECT_EQ(result.linking.glibcxx.value().text(), "3.4.30");
  EXPECT_EQ(result.linking.cxxabi.value().text(), "1.3.13");
  EXPECT_EQ(taken(result, "libcudart.so.12"), k_site + "/nvidia/cuda_runtime/lib/libcudart.so.12 by rpath");
  EXPECT_EQ(taken(result, "libnvJitLink.so.12"), k_site + "/nvidia/nvjitlink/lib/libnvJitLink.so.12 by path");
  EXPECT_EQ(taken(result, "libstdc++.so.6"), "/usr/lib/libstdc++.so.6 by system-folder");
  const BinaryFacts module = file_named(result, "torch/_C.");
  EXPECT_TRUE(module.loads.value());
  EXPECT_THAT(module.link_defects, IsEmpty());
  EXPECT_TRUE(file_named(result, "libtorch_cuda.so").loads.is_unset()) << "is no module";
}

TEST_F(LinkingTest, BeforeThePreloadAnOlderNvJitLinkOnTheVariableBreaksTorch) {
  tree_.env("LD_LIBRARY_PATH", "/usr/local/cuda/lib64");
  tree_.file("/usr/local/cuda/lib64/libnvJitLink.so.12", nvjitlink("__nvJitLinkCreate_12_1").build());
  EXPECT_TRUE(probe().linking.torch_loads.value()) << "torch 2.8 loads it by its path first";
  tree_.file(k_site + "/torch/__init__.py", "");
  const BinaryProbe result = probe();
  EXPECT_FALSE(result.linking.torch_loads.value());
  ASSERT_EQ(result.linking.torch_defects.size(), 1U);
  EXPECT_EQ(defect(result.linking.torch_defects[0]),
            "missing-symbol __nvJitLinkCreate_12_8 of /usr/local/cuda/lib64/libnvJitLink.so.12");
}

TEST_F(LinkingTest, WithoutItsRuntimeTorchDoesNotLoadAndOthersAreNotJudged) {
  tree_.file(k_site + "/nvidia-cuda-runtime-cu12-1.2.dist-info/RECORD", "");
  std::filesystem::remove(tree_.folder() / ("root" + k_site + "/nvidia/cuda_runtime/lib/libcudart.so.12"));
  install("flash-attn", std::string("flash_attn_2_cuda") + k_module_tag, ElfBuilder().needed("libtorch_cuda.so"));
  const BinaryProbe result = probe();
  EXPECT_FALSE(result.linking.torch_loads.value());
  ASSERT_FALSE(result.linking.torch_defects.empty());
  EXPECT_EQ(defect(result.linking.torch_defects[0]), "missing-library libcudart.so.12");
  EXPECT_TRUE(file_named(result, "flash_attn").loads.is_unknown());
}

TEST_F(LinkingTest, AModuleForAnotherCudaNamesTheLibraryThatIsMissing) {
  install("flash-attn", std::string("flash_attn_2_cuda") + k_module_tag,
          ElfBuilder().needed("libtorch_cuda.so").needed("libcudart.so.11.0"));
  const BinaryFacts module = file_named(probe(), "flash_attn");
  EXPECT_FALSE(module.loads.value());
  ASSERT_EQ(module.link_defects.size(), 1U);
  EXPECT_EQ(defect(module.link_defects[0]), "missing-library libcudart.so.11.0");
}

TEST_F(LinkingTest, ModulesWithoutGpuLibrariesAreListedWhereTheyDoNotLoad) {
  install("opencv-python", "cv2/cv2.abi3.so", ElfBuilder().needed("libGL.so.1"));
  install("numpy", "numpy/core.abi3.so", ElfBuilder().needed("libstdc++.so.6"));
  const BinaryProbe result = probe();
  EXPECT_EQ(defect(file_named(result, "cv2").link_defects.at(0)), "missing-library libGL.so.1");
  EXPECT_TRUE(file_named(result, "numpy").path.is_unset());
}

TEST_F(LinkingTest, ALibraryThatAPackageHoldsMayBeLoadedByItsPath) {
  install("tensorrt-libs", "tensorrt_libs/libnvinfer.so.10", ElfBuilder().soname("libnvinfer.so.10"));
  install("tensorrt", "tensorrt/tensorrt.abi3.so", ElfBuilder().needed("libnvinfer.so.10").needed("libcudart.so.12"));
  const BinaryFacts module = file_named(probe(), "tensorrt.abi3.so");
  EXPECT_TRUE(module.loads.is_unknown());
  EXPECT_THAT(module.link_defects, IsEmpty());
}

TEST_F(LinkingTest, WhatAPackageOfTorchHoldsItselfItMayLoadFirst) {
  install("torchaudio", "torchaudio/lib/libtorchaudio.so", ElfBuilder().needed("libtorch_cuda.so"));
  install("torchaudio-modules", std::string("torchaudio/lib/_torchaudio") + k_module_tag,
          ElfBuilder().needed("libtorch_cuda.so").needed("libtorchaudio.so"));
  EXPECT_FALSE(file_named(probe(), "/_torchaudio").loads.value()) << "another package's";
  install("torchaudio", std::string("torchaudio/lib/_torchaudio") + k_module_tag,
          ElfBuilder().needed("libtorch_cuda.so").needed("libtorchaudio.so"));
  const BinaryFacts module = file_named(probe(), "/_torchaudio");
  EXPECT_TRUE(module.link_defects.empty() && !module.loads.is_known());
}

TEST_F(LinkingTest, OfVariantsTheOneThatLoadsIsEnough) {
  for (const char* number : {"4", "5"})
    install("torio", "torio/_ffmpeg" + std::string(number) + ".abi3.so",
            ElfBuilder().needed("libtorch_cuda.so").needed(std::string("libavutil.so.5") + number));
  EXPECT_FALSE(file_named(probe(), "_ffmpeg4").loads.value());
  library("/usr/lib/libavutil.so.55", ElfBuilder());
  EXPECT_TRUE(file_named(probe(), "_ffmpeg4").loads.is_unknown());
  EXPECT_TRUE(file_named(probe(), "_ffmpeg5").loads.value());
}

TEST_F(LinkingTest, APlainNameIsAModuleWhereItDefinesOne) {
  install("kernels", "kernels/libkernels.so",
          ElfBuilder().needed("libcudart.so.11.0").symbol("PyInit_libkernels", true));
  install("kernels", "kernels/libhelper.so", ElfBuilder().needed("libcudart.so.11.0"));
  install("kernels", "kernels/plugin.so", ElfBuilder().needed("libcudart.so.11.0"));
  install("kernels", "kernels/_C.so", ElfBuilder().needed("libcudart.so.11.0").needed("libtorch_cuda.so"));
  const BinaryProbe result = probe();
  EXPECT_FALSE(file_named(result, "libkernels.so").loads.value());
  EXPECT_TRUE(file_named(result, "libhelper.so").loads.is_unset());
  EXPECT_TRUE(file_named(result, "plugin.so").loads.is_unset());
  EXPECT_FALSE(file_named(result, "kernels/_C.so").loads.value()) << "torch loads such files";
}

TEST_F(LinkingTest, ACopyThatIsTakenInsteadOfAPackagesIsToldWithBoth) {
  install("nvidia-cudnn-cu12", "nvidia/cudnn/lib/libcudnn.so.9",
          ElfBuilder().soname("libcudnn.so.9").runpath("$ORIGIN"));
  install("nvidia-cudnn-cu12", "nvidia/cudnn/lib/libcudnn_ops.so.9", ElfBuilder().soname("libcudnn_ops.so.9"));
  install("torch", "torch/lib/libtorch_cuda.so",
          ElfBuilder().soname("libtorch_cuda.so").needed("libcudnn.so.9").rpath("$ORIGIN/../../nvidia/cudnn/lib"));
  EXPECT_EQ(taken(probe(), "libcudnn_ops.so.9"), "not loaded");
  tree_.env("LD_LIBRARY_PATH", "/cudnn");
  library("/cudnn/libcudnn_ops.so.9.1.0", ElfBuilder());
  tree_.link("/cudnn/libcudnn_ops.so.9", "libcudnn_ops.so.9.1.0");
  const BinaryProbe result = probe();
  EXPECT_EQ(taken(result, "libcudnn.so.9"), k_site + "/nvidia/cudnn/lib/libcudnn.so.9 by rpath");
  EXPECT_EQ(taken(result, "libcudnn_ops.so.9"), "/cudnn/libcudnn_ops.so.9 by ld-library-path");
  const LoadedLibraryFacts& later = result.linking.libraries.back();
  EXPECT_EQ(later.version.value().text(), "9.1.0");
  EXPECT_TRUE(later.package.is_absent());
  EXPECT_EQ(later.shadowed.value(), k_site + "/nvidia/cudnn/lib/libcudnn_ops.so.9");
  EXPECT_EQ(later.shadowed_package.value(), "nvidia-cudnn-cu12");
  EXPECT_EQ(later.shadowed_version.value().text(), "1.2");
}

TEST_F(LinkingTest, WithoutAProgramNothingIsSaid) {
  tree_.file("/usr/bin/python3.11", "#!/bin/sh\n");
  const BinaryProbe result = probe();
  EXPECT_TRUE(result.linking.torch_loads.is_unknown());
  EXPECT_THAT(result.linking.libraries, IsEmpty());
  EXPECT_TRUE(file_named(result, "torch/_C.").loads.is_unset());
}

TEST_F(LinkingTest, RecordingsAndSnapshotsKeepIt) {
  install("opencv-python", "cv2/cv2.abi3.so", ElfBuilder().needed("libnowhere.so.9"));
  const auto recording = std::make_shared<Recording>();
  const BinaryProbe seen = probe(System::recording(System::live(), recording), (tree_.folder() / "root").string());
  ASSERT_FALSE(file_named(seen, "cv2").path.is_unset());
  TemporaryTree recorded;
  recorded.answer("binaries.json", recording->answers.at("binaries.json"));
  const BinaryProbe again = probe(recorded.system());
  EXPECT_EQ(again.linking, seen.linking);
  EXPECT_EQ(again.binaries, seen.binaries);
  Snapshot snapshot;
  snapshot.linking = seen.linking;
  snapshot.binaries = seen.binaries;
  const auto read = snapshot_from_json(snapshot_to_json(snapshot), "test");
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, snapshot);
}

}  // namespace
}  // namespace diffcheck
