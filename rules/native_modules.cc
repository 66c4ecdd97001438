#include "rules/native_modules.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "probe/library_names.h"
#include "probe/torch_symbols.h"
#include "rules/gpu_load.h"
#include "rules/linking.h"
#include "rules/ptx_compiler.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

constexpr std::string_view k_torch = "torch";

LoadVerdict code_on(const BinaryFacts& file, const Snapshot& snapshot, const Knowledge& knowledge,
                    const GpuFacts& gpu) {
  const GpuTargets targets = gpu_targets_of(file);
  if (targets.empty()) return {};
  if (gpu.gfx_target.is_known()) return amd_code_loads(targets, gpu.gfx_target.value());
  if (!gpu.compute_capability.is_known()) return {};
  return code_loads(targets, gpu.compute_capability.value(), ptx_compiler_for(targets, snapshot, knowledge));
}

const char* finding_id(ModuleDefect::Kind kind) {
  switch (kind) {
    case ModuleDefect::Kind::missing_library:
      return "module-missing-library";
    case ModuleDefect::Kind::missing_version:
      return "module-missing-version";
    case ModuleDefect::Kind::missing_library_symbol:
      return "module-missing-library-symbol";
    case ModuleDefect::Kind::newer_processor:
      return "module-needs-newer-cpu";
    case ModuleDefect::Kind::undefined_symbol:
      return "module-undefined-symbol";
    case ModuleDefect::Kind::newer_glibc:
      return "module-needs-newer-glibc";
    case ModuleDefect::Kind::no_gpu_code:
      return "module-no-code-for-gpu";
    case ModuleDefect::Kind::driver_too_old:
      return "module-needs-newer-driver";
  }
  return "";
}

ModuleDefect::Kind link_kind(const LinkDefectFacts& defect) {
  if (defect.kind.value() == "missing-library") return ModuleDefect::Kind::missing_library;
  return defect.kind.value() == "missing-version" ? ModuleDefect::Kind::missing_version
                                                  : ModuleDefect::Kind::missing_library_symbol;
}

std::string level_name(std::int64_t level) { return "x86-64-v" + std::to_string(level); }

/// Both names are of one form, and differ in one digit.
bool needs_newer_processor(const BinaryFacts& file, const CpuFacts& cpu) {
  return file.x86_level.is_known() && cpu.psabi_level.is_known() && cpu.psabi_level.value().starts_with("x86-64-v") &&
         level_name(file.x86_level.value()) > cpu.psabi_level.value();
}

/// The package tries to load it and works without.
bool is_optional(const BinaryFacts& file, const Knowledge& knowledge) {
  const std::string name = file.path.value().substr(file.path.value().rfind('/') + 1);
  return file.package.is_known() && std::any_of(knowledge.optional_modules.begin(), knowledge.optional_modules.end(),
                                                [&](const OptionalModules& modules) {
                                                  return modules.package == file.package.value() &&
                                                         matches_glob(modules.files, name);
                                                });
}

/// Whether people have to hear of it. An optional module of a package that has nothing to do with GPUs is often left
/// without its library; of a library that everybody needs, only one that is known by name is told.
bool is_worth_telling(const ModuleDefect& defect, const JudgedCase& judged) {
  if (defect.kind != ModuleDefect::Kind::missing_library) return true;
  if (is_optional(*defect.file, judged.knowledge)) return false;
  const bool is_torch = defect.file->package.is_known() && defect.file->package.value() == k_torch;
  if (is_torch && !judged.snapshot.linking.torch_defects.empty()) return false;  // told once, of torch
  const SharedLibrary* library = shared_library(judged.knowledge, defect.detail);
  if (library != nullptr) return !is_of_driver(*library) || !judged.gpus.empty();
  const Fact<std::vector<std::string>>& needed = defect.file->needed;
  return needed.is_known() && std::any_of(needed.value().begin(), needed.value().end(), is_gpu_library);
}

Evidence evidence_of(const JudgedCase& judged, const ModuleDefect& defect, const GpuFacts* gpu) {
  const std::string fact = "binaries." + std::to_string(defect.file - judged.snapshot.binaries.data()) + ".";
  Evidence evidence;
  evidence.source = defect.file->path.value();
  evidence.truth = Truth::no;
  evidence.found = defect.detail;
  switch (defect.kind) {
    case ModuleDefect::Kind::missing_library:
    case ModuleDefect::Kind::missing_version:
    case ModuleDefect::Kind::missing_library_symbol:
      evidence.fact = fact + "link_defects.0";
      evidence.needed = defect.detail;
      evidence.found = defect.link->library.is_known() ? defect.link->library.value() : "none";
      break;
    case ModuleDefect::Kind::newer_processor:
      evidence.fact = fact + "x86_level";
      evidence.needed = "<= " + judged.snapshot.cpu.psabi_level.value();
      break;
    case ModuleDefect::Kind::undefined_symbol:
      evidence.fact = fact + "missing_torch_symbols";
      evidence.needed = "empty";
      break;
    case ModuleDefect::Kind::newer_glibc:
      evidence.fact = fact + "glibc";
      evidence.needed = "<= " + judged.snapshot.os.glibc.value().text();
      break;
    case ModuleDefect::Kind::no_gpu_code:
      evidence.fact = fact + "gpu_targets";
      evidence.needed = gpu->compute_capability.is_known() ? to_string(gpu->compute_capability.value())
                                                           : to_text(Value(gpu->gfx_target.value()));
      break;
    case ModuleDefect::Kind::driver_too_old:
      evidence.fact = fact + "ptx_version";
      evidence.found = defect.file->ptx_version.value().text();
      evidence.needed = "a version that the driver (CUDA " +
                        judged.snapshot.drivers.nvidia.cuda_version.value().text() + ") compiles";
      break;
  }
  return evidence;
}

Finding finding_of(const JudgedCase& judged, const ModuleDefect& defect, const GpuFacts* gpu) {
  const Fact<std::string>& package = defect.file->package;
  const std::string owner = package.is_known() ? package.value() : defect.module;
  const bool named = gpu != nullptr && gpu->name.is_known();
  LinkExplanation told;
  if (defect.link != nullptr) told = explain(*defect.link, owner, judged.snapshot, judged.knowledge);
  Finding finding = finding_from(judged.knowledge, finding_id(defect.kind),
                                 {{"module", same_in_both(defect.module)},
                                  {"package", same_in_both(owner)},
                                  {"detail", same_in_both(defect.detail)},
                                  {"gpu", same_in_both(named ? gpu->name.value() : "")},
                                  {"what", told.what},
                                  {"meaning", told.meaning},
                                  {"remedy", told.remedy}},
                                 judged.scope());
  finding.fix.commands.insert(finding.fix.commands.end(), told.commands.begin(), told.commands.end());
  finding.evidence.push_back(evidence_of(judged, defect, gpu));
  return finding;
}

ModuleDefect defect_with(ModuleDefect::Kind kind, std::string detail) {
  ModuleDefect defect;
  defect.kind = kind;
  defect.detail = std::move(detail);
  return defect;
}

ModuleDefect link_defect(const LinkDefectFacts& link, const Snapshot& snapshot) {
  constexpr std::string_view glibc = "GLIBC_";
  if (link.name.value().starts_with(glibc) && snapshot.os.glibc.is_known())
    return defect_with(ModuleDefect::Kind::newer_glibc, link.name.value().substr(glibc.size()));
  ModuleDefect defect = defect_with(link_kind(link), demangled(link.name.value()));
  defect.link = &link;
  return defect;
}

/// Why no process on this machine can load the file, in the order in which a user would meet it.
std::optional<ModuleDefect> load_defect(const BinaryFacts& file, const Snapshot& snapshot) {
  if (!file.link_defects.empty() && is_told(file.link_defects.front()))
    return link_defect(file.link_defects.front(), snapshot);
  if (needs_newer_processor(file, snapshot.cpu))
    return defect_with(ModuleDefect::Kind::newer_processor, level_name(file.x86_level.value()));
  const auto& symbols = file.missing_torch_symbols;
  if (symbols.is_known() && !symbols.value().empty())
    return defect_with(ModuleDefect::Kind::undefined_symbol, demangled(symbols.value().front()));
  if (file.glibc.is_known() && snapshot.os.glibc.is_known() && file.glibc.value() > snapshot.os.glibc.value())
    return defect_with(ModuleDefect::Kind::newer_glibc, file.glibc.value().text());
  return std::nullopt;
}

/// Why its GPU code does not run on that GPU. torch's own code is judged by its list of targets.
std::optional<ModuleDefect> gpu_code_defect(const BinaryFacts& file, const Snapshot& snapshot,
                                            const Knowledge& knowledge, const GpuFacts& gpu) {
  if (file.package.is_known() && file.package.value() == k_torch) return std::nullopt;
  const LoadVerdict verdict = code_on(file, snapshot, knowledge, gpu);
  if (verdict.truth != Truth::no) return std::nullopt;
  return verdict.driver_is_too_old
             ? defect_with(ModuleDefect::Kind::driver_too_old, verdict.reason)
             : defect_with(ModuleDefect::Kind::no_gpu_code, to_text(Value(file.gpu_targets.value())));
}

}  // namespace

std::string module_name(const std::string& path) {
  std::size_t begin = path.rfind('/') + 1;
  for (const std::string_view folder : {"/site-packages/", "/dist-packages/"}) {
    const std::size_t found = path.rfind(folder);
    if (found != std::string::npos) begin = found + folder.size();
  }
  const std::size_t file = path.rfind('/') + 1;
  std::string name = path.substr(begin, path.find('.', file) - begin);
  std::replace(name.begin(), name.end(), '/', '.');
  return name;
}

std::optional<ModuleDefect> defect_of(const BinaryFacts& file, const Snapshot& snapshot, const Knowledge& knowledge,
                                      const GpuFacts* gpu) {
  if (!file.path.is_known()) return std::nullopt;
  auto defect = gpu == nullptr ? load_defect(file, snapshot) : gpu_code_defect(file, snapshot, knowledge, *gpu);
  if (defect) {
    defect->module = module_name(file.path.value());
    defect->file = &file;
  }
  return defect;
}

std::vector<std::string> unloadable_modules(const Snapshot& snapshot, const Knowledge& knowledge, const GpuFacts& gpu) {
  std::vector<std::string> modules;
  for (const BinaryFacts& file : snapshot.binaries) {
    auto defect = defect_of(file, snapshot, knowledge, nullptr);
    if (!defect) defect = defect_of(file, snapshot, knowledge, &gpu);
    if (defect) modules.push_back(std::move(defect->module));
  }
  return modules;
}

std::vector<Finding> module_findings(const JudgedCase& judged) {
  std::vector<Finding> findings;
  std::set<std::tuple<std::string, std::string, std::string>> told;
  for (const BinaryFacts& file : judged.snapshot.binaries) {
    if (const auto defect = defect_of(file, judged.snapshot, judged.knowledge, nullptr)) {
      // A package's modules mostly share what is wrong with them.
      const std::string package = file.package.is_known() ? file.package.value() : defect->module;
      if (!is_worth_telling(*defect, judged)) continue;
      const bool is_new = told.emplace(package, finding_id(defect->kind), defect->detail).second;
      if (is_new) findings.push_back(finding_of(judged, *defect, nullptr));
      continue;
    }
    for (const std::size_t i : judged.distinct_gpus) {
      const GpuFacts& gpu = judged.snapshot.gpus[judged.gpus[i]];
      if (const auto defect = defect_of(file, judged.snapshot, judged.knowledge, &gpu)) {
        findings.push_back(finding_of(judged, *defect, &gpu));
        break;
      }
    }
  }
  return findings;
}

}  // namespace diffcheck
