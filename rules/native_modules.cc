#include "rules/native_modules.h"

#include <algorithm>

#include "probe/torch_symbols.h"
#include "rules/gpu_load.h"
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

Evidence evidence_of(const JudgedCase& judged, const ModuleDefect& defect, const GpuFacts* gpu) {
  const std::string fact = "binaries." + std::to_string(defect.file - judged.snapshot.binaries.data()) + ".";
  Evidence evidence;
  evidence.source = defect.file->path.value();
  evidence.truth = Truth::no;
  evidence.found = defect.detail;
  switch (defect.kind) {
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
  const bool named = gpu != nullptr && gpu->name.is_known();
  Finding finding = finding_from(judged.knowledge, finding_id(defect.kind),
                                 {{"module", same_in_both(defect.module)},
                                  {"package", same_in_both(package.is_known() ? package.value() : defect.module)},
                                  {"detail", same_in_both(defect.detail)},
                                  {"gpu", same_in_both(named ? gpu->name.value() : "")}},
                                 judged.scope());
  finding.evidence.push_back(evidence_of(judged, defect, gpu));
  return finding;
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
  ModuleDefect defect;
  defect.module = module_name(file.path.value());
  defect.file = &file;
  if (gpu == nullptr) {
    const auto& symbols = file.missing_torch_symbols;
    if (symbols.is_known() && !symbols.value().empty()) {
      defect.kind = ModuleDefect::Kind::undefined_symbol;
      defect.detail = demangled(symbols.value().front());
      return defect;
    }
    if (file.glibc.is_known() && snapshot.os.glibc.is_known() && file.glibc.value() > snapshot.os.glibc.value()) {
      defect.kind = ModuleDefect::Kind::newer_glibc;
      defect.detail = file.glibc.value().text();
      return defect;
    }
    return std::nullopt;
  }
  // torch's own code is judged by its list of targets.
  if (file.package.is_known() && file.package.value() == k_torch) return std::nullopt;
  const LoadVerdict verdict = code_on(file, snapshot, knowledge, *gpu);
  if (verdict.truth != Truth::no) return std::nullopt;
  defect.kind = verdict.driver_is_too_old ? ModuleDefect::Kind::driver_too_old : ModuleDefect::Kind::no_gpu_code;
  defect.detail = verdict.driver_is_too_old ? verdict.reason : to_text(Value(file.gpu_targets.value()));
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
  for (const BinaryFacts& file : judged.snapshot.binaries) {
    if (const auto defect = defect_of(file, judged.snapshot, judged.knowledge, nullptr)) {
      findings.push_back(finding_of(judged, *defect, nullptr));
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
