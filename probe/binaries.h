// What the native files of the installed packages need and hold, read from the files themselves: GPU targets,
// libraries, versions of the C and C++ libraries. Nothing is loaded.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probe/describe.h"
#include "probe/gpu_target.h"
#include "probe/linking.h"
#include "probe/packages.h"
#include "probe/python.h"
#include "probe/system.h"
#include "probe/version.h"

namespace diffcheck {

struct BinaryFacts {
  Fact<std::string> path;
  Fact<std::string> package;
  Fact<std::string> machine;
  Fact<std::vector<std::string>> gpu_targets;
  Fact<std::vector<std::string>> gpu_modules;
  Fact<std::vector<std::string>> gpu_relinkable;
  Fact<Version> ptx_version;
  Fact<std::string> soname;
  Fact<std::vector<std::string>> needed;
  Fact<std::string> rpath;
  Fact<std::string> runpath;
  Fact<Version> glibc;
  Fact<Version> glibcxx;
  Fact<Version> cxxabi;
  Fact<std::int64_t> x86_level;
  Fact<std::vector<std::string>> missing_torch_symbols;
  Fact<bool> loads;
  std::vector<LinkDefectFacts> link_defects;

  static void describe(auto& self, auto&& visit) {
    visit("path", self.path, "The file.");
    visit("package", self.package, "Package that owns it.");
    visit("machine", self.machine, "Processor that it is for: x86_64, aarch64.");
    visit("gpu_targets", self.gpu_targets,
          "Targets of its GPU code (sm_90a, compute_120, gfx942); absent without any.");
    visit("gpu_modules", self.gpu_modules, "The same by module: how many hold which targets (\"393: sm_70 sm_75\").");
    visit("gpu_relinkable", self.gpu_relinkable, "The same of objects that the driver can link again.");
    visit("ptx_version", self.ptx_version, "Newest PTX version in it, which the driver must know; absent without PTX.");
    visit("soname", self.soname, "Name by which other files ask for it.");
    visit("needed", self.needed, "Libraries that it asks for (DT_NEEDED).");
    visit("rpath", self.rpath, "Folders searched before LD_LIBRARY_PATH (DT_RPATH).");
    visit("runpath", self.runpath, "Folders searched after LD_LIBRARY_PATH (DT_RUNPATH).");
    visit("glibc", self.glibc, "Least version of the C library.");
    visit("glibcxx", self.glibcxx, "Least GLIBCXX version of libstdc++.");
    visit("cxxabi", self.cxxabi, "Least CXXABI version of libstdc++.");
    visit("missing_torch_symbols", self.missing_torch_symbols,
          "Mangled C++ symbols that it takes from torch and the installed torch lacks, the first 32; absent when it "
          "takes "
          "none.");
    visit("x86_level", self.x86_level, "x86-64 level that it says it needs, 1 to 4; absent when it says none.");
    visit("loads", self.loads,
          "Python modules only: the dynamic linker finds what it needs, in a process that has imported torch.");
    visit("link_defects", self.link_defects, "What is missing for that.");
  }
  friend bool operator==(const BinaryFacts&, const BinaryFacts&) = default;
};

struct BinaryProbe {
  std::vector<BinaryFacts> binaries;
  Fact<bool> complete;  ///< Whether the packages hold no others that matter.
  LinkingFacts linking;
};

/// The files with GPU code, those that link torch, CUDA or ROCm, those that cannot be read, with the reason, and
/// modules that do not load. In the order of sys.path and RECORD; those that matter by not loading come last.
BinaryProbe probe_binaries(const System& system, const PythonFacts& python, const Packages& packages);

/// What the facts say about GPU code, for those who judge it; of unknown and absent facts nothing.
GpuTargets gpu_targets_of(const BinaryFacts& facts);

}  // namespace diffcheck
