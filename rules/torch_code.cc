#include "rules/torch_code.h"

#include <algorithm>

#include "probe/file_path.h"
#include "rules/ptx_compiler.h"

namespace diffcheck {
namespace {

bool holds_kernels_of_torch(std::string_view name) {
  return (name.starts_with("libtorch_cuda") && !name.starts_with("libtorch_cuda_linalg")) ||
         name.starts_with("libtorch_hip");
}

void add(const GpuTargets& more, GpuTargets& sum) {
  for (const auto& [module, count] : more.modules) sum.modules[module] += count;
  for (const auto& [module, count] : more.amd_modules) sum.amd_modules[module] += count;
  sum.newest_ptx = std::max(sum.newest_ptx, more.newest_ptx);
}

bool ptx_runs_on(const std::string& target, const ComputeCapability& device) {
  if (!target.starts_with("compute_")) return false;
  const auto capability = ComputeCapability::parse(target);
  return capability && capability->suffix == '\0' && *capability <= device;
}

}  // namespace

std::optional<TorchCode> code_of_torch(const Snapshot& snapshot) {
  TorchCode code;
  for (const BinaryFacts& file : snapshot.binaries) {
    if (!file.package.is_known() || file.package.value() != "torch" || !file.path.is_known()) continue;
    if (!holds_kernels_of_torch(file_name(file.path.value()))) continue;
    if (file.gpu_targets.is_unknown() || file.gpu_modules.is_unknown()) return std::nullopt;
    add(gpu_targets_of(file), code.targets);
    if (code.source.empty()) code.source = file.path.value();
  }
  return code.targets.empty() ? std::nullopt : std::optional(std::move(code));
}

std::vector<std::string> names_of(const GpuTargets& targets) {
  std::vector<std::string> names;
  for (const GpuTarget& target : all_targets(targets)) names.push_back(to_string(target));
  for (const std::string& target : all_amd_targets(targets)) names.push_back(target);
  return names;
}

Fact<bool> has_code(const TorchCode& code, const Snapshot& snapshot, const GpuFacts& gpu, const Knowledge& knowledge) {
  LoadVerdict verdict;
  if (gpu.gfx_target.is_known()) {
    verdict = amd_code_loads(code.targets, gpu.gfx_target.value());
  } else if (gpu.compute_capability.is_known()) {
    verdict =
        code_loads(code.targets, gpu.compute_capability.value(), ptx_compiler_for(code.targets, snapshot, knowledge));
  } else {
    return unknown<bool>(gpu.compute_capability.source(), "compute capability: " + gpu.compute_capability.why());
  }
  if (verdict.truth == Truth::no && !verdict.driver_is_too_old) return known(false, code.source);
  if (verdict.modules_that_load > verdict.modules - verdict.modules_that_load) return known(true, code.source);
  return unknown<bool>(code.source, verdict.reason);
}

Fact<bool> lists_code(const Fact<std::vector<std::string>>& targets, const GpuFacts& gpu) {
  if (targets.is_absent()) return known(false, targets.source());
  if (!targets.is_known()) return unknown<bool>(targets.source(), targets.why());
  const auto& list = targets.value();
  if (gpu.gfx_target.is_known())
    return known(std::find(list.begin(), list.end(), gpu.gfx_target.value()) != list.end(), targets.source());
  if (!gpu.compute_capability.is_known())
    return unknown<bool>(gpu.compute_capability.source(), "compute capability: " + gpu.compute_capability.why());
  const ComputeCapability& device = gpu.compute_capability.value();
  std::optional<ComputeCapability> newest_sass;
  for (const std::string& target : list) {
    const auto capability = ComputeCapability::parse(target);
    if (!target.starts_with("sm_") || !capability) continue;
    if (sass_runs_on(*capability, device)) return known(true, targets.source());
    if (!newest_sass || *newest_sass < *capability) newest_sass = capability;
  }
  for (const std::string& target : list) {
    if (!ptx_runs_on(target, device)) continue;
    // "+PTX" behind an old target was for its day: cuDNN and cuBLAS beside it have nothing for this GPU.
    if (newest_sass && *ComputeCapability::parse(target) < *newest_sass && *newest_sass < device)
      return unknown<bool>(targets.source(), "only " + target + ", which is older than its other code");
    return known(true, targets.source());
  }
  return known(false, targets.source());
}

}  // namespace diffcheck
