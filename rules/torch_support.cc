#include "rules/torch_support.h"

#include <algorithm>

#include "rules/native_modules.h"

namespace diffcheck {
namespace {

const PackageFacts* torch_of(const Snapshot& snapshot) {
  const auto found = snapshot.packages.find("torch");
  return found != snapshot.packages.end() && found->second.version.is_known() ? &found->second : nullptr;
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

bool is_for(const TorchWheel& wheel, const Snapshot& snapshot) {
  if (!snapshot.os.name.is_known()) return true;
  const std::string& system = snapshot.os.name.value();
  if (system != "linux" || !snapshot.os.machine.is_known()) return wheel.platform.starts_with(system);
  return wheel.platform == "linux-" + snapshot.os.machine.value();
}

bool is_of(const TorchWheel& wheel, const PackageFacts& torch) {
  if (!same_minor(wheel.torch, torch.version.value())) return false;
  const auto cuda = cuda_of_torch(torch);
  if (cuda.is_known()) return wheel.cuda && same_minor(*wheel.cuda, cuda.value());
  if (torch.hip.is_known()) return wheel.hip && same_minor(*wheel.hip, torch.hip.value());
  return (wheel.cuda || !cuda.is_absent()) && (wheel.hip || !torch.hip.is_absent());
}

/// The official wheels that the installed torch may be, as far as its version, CUDA and platform are known. Of an
/// unknown torch, all.
std::vector<const TorchWheel*> possible_wheels(const Snapshot& snapshot, const PackageFacts* torch,
                                               const Knowledge& knowledge) {
  std::vector<const TorchWheel*> wheels;
  for (const TorchWheel& wheel : knowledge.torch_wheels) {
    if (is_for(wheel, snapshot) && (torch == nullptr || is_of(wheel, *torch))) wheels.push_back(&wheel);
  }
  return wheels;
}

/// The wheel that it must be; nullptr where several are possible.
const TorchWheel* wheel_of(const Snapshot& snapshot, const PackageFacts& torch, const Knowledge& knowledge) {
  if (!cuda_of_torch(torch).is_known() && !torch.hip.is_known()) return nullptr;
  const auto wheels = possible_wheels(snapshot, &torch, knowledge);
  return wheels.size() == 1 ? wheels.front() : nullptr;
}

Fact<std::vector<std::string>> arch_list_of(const Snapshot& snapshot, const PackageFacts& torch,
                                            const Knowledge& knowledge) {
  if (!torch.arch_list.is_unknown()) return torch.arch_list;
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

Fact<bool> has_code(const Fact<std::vector<std::string>>& targets, const GpuFacts& gpu) {
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

/// Whether none of these wheels holds code for the GPU. That one does is no answer: which one is installed is unknown.
Fact<bool> code_in_any(const std::vector<const TorchWheel*>& wheels, const GpuFacts& gpu) {
  const char* source = "data/libraries/torch-wheels.json";
  if (wheels.empty()) return unknown<bool>(source, "no official wheel of this torch is listed");
  for (const TorchWheel* wheel : wheels) {
    if (!wheel->arch_list) return unknown<bool>(wheel->origin, "its GPU targets are not listed");
    const Fact<bool> has = has_code(known(*wheel->arch_list, wheel->origin), gpu);
    if (!has.is_known()) return has;
    if (has.value()) return unknown<bool>(source, "some wheels of this torch hold code for the GPU, some may not");
  }
  return known(false, "all official wheels of this torch; " + std::string(source));
}

std::vector<std::string> targets_of(const std::vector<const TorchWheel*>& wheels) {
  std::vector<std::string> targets;
  for (const TorchWheel* wheel : wheels) {
    for (const std::string& target : *wheel->arch_list) {
      if (std::find(targets.begin(), targets.end(), target) == targets.end()) targets.push_back(target);
    }
  }
  return targets;
}

/// A pre-release or a build with a label of its own is not one of the official wheels.
bool may_be_official(const PackageFacts& torch) {
  const std::string& local = torch.version.value().local();
  return !torch.version.value().is_prerelease() &&
         (local.empty() || local.starts_with("cu") || local.starts_with("rocm"));
}

/// Whether the driver is new enough for `least`; a driver that is named by its branch alone ("535") counts as the
/// newest.
bool is_at_least(const Version& driver, const Version& least) {
  return driver.release().size() == 1 ? driver.component(0) >= least.component(0) : driver >= least;
}

/// Minor-version compatibility: any driver of the CUDA major's floor runs it. Source:
/// data/libraries/cuda-toolkits.json.
Fact<bool> driver_runs_cuda(const Snapshot& snapshot, const Version& cuda, const Knowledge& knowledge) {
  const auto& driver = snapshot.drivers.nvidia.version;
  if (!driver.is_known()) return unknown<bool>(driver.source(), "driver version: " + driver.why());
  for (const CudaToolkit& toolkit : knowledge.cuda_toolkits) {
    if (toolkit.version.component(0) != cuda.component(0)) continue;
    return known(is_at_least(driver.value(), toolkit.minor_compat_driver_min), driver.source() + "; " + toolkit.origin);
  }
  return unknown<bool>("data/libraries/cuda-toolkits.json", "CUDA " + cuda.text() + " is not listed");
}

Fact<bool> driver_runs(const Snapshot& snapshot, const PackageFacts& torch, const Knowledge& knowledge) {
  const auto cuda = cuda_of_torch(torch);
  if (cuda.is_absent()) return absent<bool>(cuda.source());
  if (!cuda.is_known()) return unknown<bool>(cuda.source(), cuda.why());
  return driver_runs_cuda(snapshot, cuda.value(), knowledge);
}

/// Which official wheels hold code for the GPU and may run on this driver.
void tell_fitting_wheels(DeviceNumbers& numbers, const Snapshot& snapshot, const GpuFacts& gpu,
                         const Knowledge& knowledge) {
  const TorchWheel* oldest = nullptr;
  const TorchWheel* newest = nullptr;
  for (const TorchWheel* wheel : possible_wheels(snapshot, nullptr, knowledge)) {
    if (!wheel->cuda || !wheel->arch_list) continue;
    const Fact<bool> has = has_code(known(*wheel->arch_list, wheel->origin), gpu);
    if (!has.is_known()) return;
    const Fact<bool> runs = driver_runs_cuda(snapshot, *wheel->cuda, knowledge);
    if (!has.value() || (runs.is_known() && !runs.value())) continue;
    if (oldest == nullptr || wheel->torch < oldest->torch) oldest = wheel;
    if (newest == nullptr || newest->torch < wheel->torch) newest = wheel;
  }
  const char* source = "data/libraries/torch-wheels.json";
  if (oldest == nullptr) {
    numbers.oldest_torch = absent<Version>(source);
    numbers.torch_index = absent<std::string>(source);
    return;
  }
  numbers.oldest_torch = known(oldest->torch, oldest->origin);
  numbers.torch_index = known(
      "cu" + std::to_string(newest->cuda->component(0)) + std::to_string(newest->cuda->component(1)), newest->origin);
}

/// The newest CUDA whose toolkit asks for no newer driver than this, as the driver itself would tell it.
Fact<Version> cuda_of_driver(const Snapshot& snapshot, const Knowledge& knowledge) {
  const NvidiaDriverFacts& driver = snapshot.drivers.nvidia;
  const bool windows = snapshot.os.name.is_known() && snapshot.os.name.value() == "windows";
  if (!driver.version.is_known() || windows) return driver.cuda_version;
  const CudaToolkit* newest = nullptr;
  for (const CudaToolkit& toolkit : knowledge.cuda_toolkits) {
    const bool runs = toolkit.driver_min_linux && is_at_least(driver.version.value(), *toolkit.driver_min_linux);
    if (runs && (newest == nullptr || newest->version < toolkit.version)) newest = &toolkit;
  }
  if (newest == nullptr) return driver.cuda_version;
  const std::string minor =
      std::to_string(newest->version.component(0)) + "." + std::to_string(newest->version.component(1));
  return known(*Version::parse(minor), driver.version.source() + "; " + newest->origin);
}

}  // namespace

Snapshot with_torch_facts(Snapshot snapshot, const Knowledge& knowledge) {
  if (snapshot.drivers.nvidia.cuda_version.is_unknown())
    snapshot.drivers.nvidia.cuda_version = cuda_of_driver(snapshot, knowledge);
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
  numbers.unloadable_modules = known(unloadable_modules(snapshot, gpu), "binaries");
  tell_fitting_wheels(numbers, snapshot, gpu, knowledge);
  const PackageFacts* torch = torch_of(snapshot);
  if (torch == nullptr) return numbers;
  numbers.torch_arch_list = arch_list_of(snapshot, *torch, knowledge);
  numbers.torch_has_code = has_code(numbers.torch_arch_list, gpu);
  numbers.driver_runs_torch = driver_runs(snapshot, *torch, knowledge);
  if (numbers.torch_has_code.is_unknown() && may_be_official(*torch)) {
    auto wheels = possible_wheels(snapshot, torch, knowledge);
    // A ROCm wheel beside an NVIDIA GPU is another fault than a missing target.
    if (gpu.compute_capability.is_known()) std::erase_if(wheels, [](const TorchWheel* wheel) { return !wheel->cuda; });
    if (const Fact<bool> has = code_in_any(wheels, gpu); has.is_known()) {
      numbers.torch_has_code = has;
      numbers.torch_arch_list = known(targets_of(wheels), has.source());
    }
  }
  return numbers;
}

}  // namespace diffcheck
