// Compiled modules of packages that do not load here, by what their files say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/finding.h"
#include "rules/judged_case.h"

namespace diffcheck {

/// The name by which Python imports a file: "xformers._C" for ".../site-packages/xformers/_C.cpython-312-x86_64.so".
std::string module_name(const std::string& path);

struct ModuleDefect {
  enum class Kind {
    missing_library,
    missing_version,
    missing_library_symbol,
    undefined_symbol,
    newer_glibc,
    newer_processor,
    no_gpu_code,
    driver_too_old
  };
  Kind kind = Kind::undefined_symbol;
  std::string module;
  /// The library, the symbol as C++ spells it, the version, the targets that the file holds, or why the driver is too
  /// old.
  std::string detail;
  const BinaryFacts* file = nullptr;
  const LinkDefectFacts* link = nullptr;  ///< Of the first three kinds.
};

/// Why a file does not load, in the order in which a user would meet it; nullopt where nothing known stands against it.
/// Without a GPU, only what concerns every process.
std::optional<ModuleDefect> defect_of(const BinaryFacts& file, const Snapshot& snapshot, const Knowledge& knowledge,
                                      const GpuFacts* gpu);

/// Modules that are known not to load, or to hold no code that this GPU and its driver take.
std::vector<std::string> unloadable_modules(const Snapshot& snapshot, const Knowledge& knowledge, const GpuFacts& gpu);

std::vector<Finding> module_findings(const JudgedCase& judged);

}  // namespace diffcheck
