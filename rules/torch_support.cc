#include "rules/torch_support.h"

#include <algorithm>

#include "probe/file_path.h"
#include "rules/gpu_load.h"
#include "rules/native_modules.h"
#include "rules/ptx_compiler.h"

namespace diffcheck {
namespace {

const PackageFacts* torch_of(const Snapshot& snapshot) {
  const auto found = snapshot.packages.find("torch");
  return found != snapshot.packages.end() && found->second.version.is_known() ? &found->second : nullptr;
}

std::string wheel_platform(const Snapshot& snapshot) {
  if (!snapshot.os.name.is_known()) return "";
  if (snapshot.os.name.value() == "windows") return "windows";
  return snapshot.os.machine.is_known() ? "linux-" + snapshot.os.machine.value() : "";
}

/// The CUDA that torch was built for: version.py, else the local label ("+cu121").
Fact<Version> cuda_of_torch(const PackageFacts& torch) {
  if (!torch.cuda.is_unknown()) return torch.cuda;
  const std::string& local = torch.version.value().local();
  constexpr std::size_t digits_of_major = 2;
  if (local.starts_with("cu") && local.size() > 2 + digits_of_major) {
    if (auto version = Version::parse(local.substr(2, digits_of_major) + "." + local.substr(2 + digits_of_major)))
      return known(*version, torch.version.source());
  }
  return unknown<Version>(torch.version.source(),
                          "neither torch/version.py nor the version's label tells the CUDA version");
}

bool same_minor(const Version& left, const Version& right) {
  return left.component(0) == right.component(0) && left.component(1) == right.component(1);
}

/// The official wheel of that torch, CUDA and platform.
const TorchWheel* wheel_of(const Snapshot& snapshot, const PackageFacts& torch, const Knowledge& knowledge) {
  const auto cuda = cuda_of_torch(torch);
  const std::string platform = wheel_platform(snapshot);
  for (const TorchWheel& wheel : knowledge.torch_wheels) {
    if (!same_minor(wheel.torch, torch.version.value()) || wheel.platform != platform) continue;
    const bool cuda_fits = wheel.cuda && cuda.is_known() && same_minor(*wheel.cuda, cuda.value());
    const bool hip_fits = wheel.hip && torch.hip.is_known() && same_minor(*wheel.hip, torch.hip.value());
    if (cuda_fits || hip_fits) return &wheel;
  }
  return nullptr;
}

/// What torch's own libraries hold for GPUs, where all of them could be read. Other libraries beside them have code for
/// other GPUs than torch: CUDA's own, and MAGMA in libtorch_cuda_linalg (of torch 2.8.0+cu128 for sm_50 and sm_60, on
/// which nothing else of that torch runs).
struct TorchCode {
  GpuTargets targets;
  std::string source;
};

bool is_torch_library(std::string_view name) {
  return (name.starts_with("libtorch_cuda") && !name.starts_with("libtorch_cuda_linalg")) ||
         name.starts_with("libtorch_hip");
}

void add(const GpuTargets& more, GpuTargets& sum) {
  for (const auto& [module, count] : more.modules) sum.modules[module] += count;
  for (const auto& [module, count] : more.amd_modules) sum.amd_modules[module] += count;
  sum.newest_ptx = std::max(sum.newest_ptx, more.newest_ptx);
}

std::optional<TorchCode> code_of_torch(const Snapshot& snapshot) {
  TorchCode code;
  for (const BinaryFacts& file : snapshot.binaries) {
    if (!file.package.is_known() || file.package.value() != "torch" || !file.path.is_known()) continue;
    if (!is_torch_library(file_name(file.path.value()))) continue;
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

/// A few modules hold less or more than the others, such as flash attention without code for old GPUs: which kernels
/// those are, and on which GPUs they run, the kernels' own requirements say. So most of the modules decide.
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

Fact<std::vector<std::string>> arch_list_of(const Snapshot& snapshot, const PackageFacts& torch,
                                            const Knowledge& knowledge) {
  if (!torch.arch_list.is_unknown()) return torch.arch_list;
  if (const auto code = code_of_torch(snapshot)) return known(names_of(code->targets), code->source);
  if (torch.cuda.is_absent() && torch.hip.is_absent()) return absent<std::vector<std::string>>(torch.cuda.source());
  if (const TorchWheel* wheel = wheel_of(snapshot, torch, knowledge); wheel != nullptr && wheel->arch_list)
    return known(*wheel->arch_list, wheel->origin);
  return unknown<std::vector<std::string>>(
      "data/libraries/torch-wheels.json",
      "no official wheel of torch " + torch.version.value().text() + " for this platform is listed");
}

bool ptx_runs_on(const std::string& target, const ComputeCapability& device) {
  if (!target.starts_with("compute_")) return false;
  const auto capability = ComputeCapability::parse(target);
  return capability && capability->suffix == '\0' && *capability <= device;
}

/// By a list of targets, as torch.cuda.get_arch_list() gives it.
Fact<bool> lists_code(const Fact<std::vector<std::string>>& targets, const GpuFacts& gpu) {
  if (targets.is_absent()) return known(false, targets.source());
  if (!targets.is_known()) return unknown<bool>(targets.source(), targets.why());
  const auto& list = targets.value();
  if (gpu.gfx_target.is_known())
    return known(std::find(list.begin(), list.end(), gpu.gfx_target.value()) != list.end(), targets.source());
  if (!gpu.compute_capability.is_known())
    return unknown<bool>(gpu.compute_capability.source(), "compute capability: " + gpu.compute_capability.why());
  const ComputeCapability& device = gpu.compute_capability.value();
  const bool runs = std::any_of(list.begin(), list.end(), [&](const std::string& target) {
    const auto capability = ComputeCapability::parse(target);
    return ptx_runs_on(target, device) ||
           (target.starts_with("sm_") && capability && sass_runs_on(*capability, device));
  });
  return known(runs, targets.source());
}

/// Minor-version compatibility: any driver of the CUDA major's floor runs it. Source:
/// data/libraries/cuda-toolkits.json.
Fact<bool> driver_runs(const Snapshot& snapshot, const PackageFacts& torch, const Knowledge& knowledge) {
  const auto cuda = cuda_of_torch(torch);
  const auto& driver = snapshot.drivers.nvidia.version;
  if (cuda.is_absent()) return absent<bool>(cuda.source());
  if (!cuda.is_known()) return unknown<bool>(cuda.source(), cuda.why());
  if (!driver.is_known()) return unknown<bool>(driver.source(), "driver version: " + driver.why());
  for (const CudaToolkit& toolkit : knowledge.cuda_toolkits) {
    if (toolkit.version.component(0) != cuda.value().component(0)) continue;
    return known(driver.value() >= toolkit.minor_compat_driver_min, driver.source() + "; " + toolkit.origin);
  }
  return unknown<bool>("data/libraries/cuda-toolkits.json", "CUDA " + cuda.value().text() + " is not listed");
}

}  // namespace

Snapshot with_torch_facts(Snapshot snapshot, const Knowledge& knowledge) {
  const auto found = snapshot.packages.find("torch");
  if (found == snapshot.packages.end() || !found->second.version.is_known()) return snapshot;
  PackageFacts& torch = found->second;
  if (const auto cuda = cuda_of_torch(torch); torch.cuda.is_unknown() && cuda.is_known()) torch.cuda = cuda;
  const TorchWheel* wheel = wheel_of(snapshot, torch, knowledge);
  if (wheel != nullptr && wheel->cudnn && snapshot.cuda.cudnn_version.is_unknown())
    snapshot.cuda.cudnn_version = known(*wheel->cudnn, wheel->origin);
  return snapshot;
}

std::string fact_behind(const std::string& path) {
  if (path == "device.driver_runs_torch") return "drivers.nvidia.version";
  if (path.starts_with("device.")) return "packages.torch.arch_list";
  return path;
}

DeviceNumbers torch_on_gpu(const Snapshot& snapshot, const GpuFacts& gpu, const Knowledge& knowledge) {
  DeviceNumbers numbers;
  numbers.unloadable_modules = known(unloadable_modules(snapshot, knowledge, gpu), "binaries");
  const PackageFacts* torch = torch_of(snapshot);
  if (torch == nullptr) return numbers;
  numbers.torch_arch_list = arch_list_of(snapshot, *torch, knowledge);
  // What the user or torch itself says stands; then the files; the table of wheels where they were not read.
  const auto code = torch->arch_list.is_unknown() ? code_of_torch(snapshot) : std::nullopt;
  numbers.torch_has_code = code ? has_code(*code, snapshot, gpu, knowledge) : lists_code(numbers.torch_arch_list, gpu);
  numbers.driver_runs_torch = driver_runs(snapshot, *torch, knowledge);
  return numbers;
}

}  // namespace diffcheck
