#include "rules/torch_support.h"

#include <algorithm>

#include "rules/native_modules.h"
#include "rules/torch_code.h"
#include "rules/torch_wheels.h"

namespace diffcheck {
namespace {

const PackageFacts* torch_of(const Snapshot& snapshot) {
  const auto found = snapshot.packages.find("torch");
  return found != snapshot.packages.end() && found->second.version.is_known() ? &found->second : nullptr;
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

/// Whether one of the wheels that torch may be holds code for the GPU: known where all agree. That all do is no answer
/// where torch may be no wheel for CUDA at all.
Fact<bool> code_in_any(const std::vector<const TorchWheel*>& wheels, const GpuFacts& gpu, bool is_cuda_wheel) {
  const char* source = "data/libraries/torch-wheels.json";
  if (wheels.empty()) return unknown<bool>(source, "no official wheel of this torch is listed");
  std::size_t with_code = 0;
  for (const TorchWheel* wheel : wheels) {
    if (!wheel->arch_list) return unknown<bool>(wheel->origin, "its GPU targets are not listed");
    const Fact<bool> has = lists_code(known(*wheel->arch_list, wheel->origin), gpu);
    if (!has.is_known()) return has;
    if (has.value()) ++with_code;
  }
  const bool agree = with_code == 0 || (with_code == wheels.size() && is_cuda_wheel);
  if (!agree) return unknown<bool>(source, "some wheels of this torch hold code for the GPU, some may not");
  return known(with_code > 0, "all official wheels of this torch; " + std::string(source));
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

/// The targets of a wheel; where its own are not listed, those of its release for another platform.
const std::vector<std::string>* likely_targets(const TorchWheel& wheel, const Knowledge& knowledge) {
  if (wheel.arch_list) return &*wheel.arch_list;
  for (const TorchWheel& other : knowledge.torch_wheels) {
    if (other.torch == wheel.torch && other.cuda == wheel.cuda && other.arch_list) return &*other.arch_list;
  }
  return nullptr;
}

/// Which official wheels hold code for the GPU and may run on this driver.
void tell_fitting_wheels(DeviceNumbers& numbers, const Snapshot& snapshot, const GpuFacts& gpu,
                         const Knowledge& knowledge) {
  if (!gpu.compute_capability.is_known() && !gpu.gfx_target.is_known()) return;
  const TorchWheel* oldest = nullptr;
  const TorchWheel* newest = nullptr;
  for (const TorchWheel* wheel : possible_wheels(snapshot, nullptr, knowledge)) {
    const auto* targets = likely_targets(*wheel, knowledge);
    if (!wheel->cuda || targets == nullptr) continue;
    const Fact<bool> has = lists_code(known(*targets, wheel->origin), gpu);
    if (!has.is_known()) continue;
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

using DriverMin = std::optional<Version> CudaToolkit::*;

/// The newest CUDA whose toolkit asks for no newer driver than this; nullptr for a driver older than the table.
const CudaToolkit* newest_toolkit(const Version& driver, DriverMin least, const Knowledge& knowledge) {
  const CudaToolkit* newest = nullptr;
  for (const CudaToolkit& toolkit : knowledge.cuda_toolkits) {
    const bool runs = toolkit.*least && is_at_least(driver, *(toolkit.*least));
    if (runs && (newest == nullptr || newest->version < toolkit.version)) newest = &toolkit;
  }
  return newest;
}

/// Drivers for Windows have numbers of their own, which WSL shows too. Three parts ("535.129.03") are of Linux.
std::optional<bool> is_windows_driver(const Snapshot& snapshot) {
  if (snapshot.drivers.nvidia.version.value().release().size() >= 3) return false;
  if (snapshot.os.name.is_known()) {
    const bool wsl = snapshot.os.wsl.is_known() && snapshot.os.wsl.value();
    return wsl || snapshot.os.name.value() == "windows";
  }
  return std::nullopt;
}

/// As the driver itself would tell it. Where the system is not known, both have to say the same.
Fact<Version> cuda_of_driver(const Snapshot& snapshot, const Knowledge& knowledge) {
  const NvidiaDriverFacts& driver = snapshot.drivers.nvidia;
  if (!driver.version.is_known()) return driver.cuda_version;
  const std::optional<bool> windows = is_windows_driver(snapshot);
  const CudaToolkit* newest = newest_toolkit(
      driver.version.value(),
      windows.value_or(false) ? &CudaToolkit::driver_min_windows : &CudaToolkit::driver_min_linux, knowledge);
  if (newest == nullptr) return driver.cuda_version;
  const Version cuda = newest->version.minor();
  if (!windows) {
    const CudaToolkit* other = newest_toolkit(driver.version.value(), &CudaToolkit::driver_min_windows, knowledge);
    if (other == nullptr || other->version.minor() != cuda) return driver.cuda_version;
  }
  return known(cuda, driver.version.source() + "; " + newest->origin);
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
  numbers.unloadable_modules = known(unloadable_modules(snapshot, knowledge, gpu), "binaries");
  tell_fitting_wheels(numbers, snapshot, gpu, knowledge);
  const PackageFacts* torch = torch_of(snapshot);
  if (torch == nullptr) return numbers;
  numbers.torch_arch_list = arch_list_of(snapshot, *torch, knowledge);
  // What the user or torch itself says stands; then the files; the table of wheels where they were not read.
  const auto code = torch->arch_list.is_unknown() ? code_of_torch(snapshot) : std::nullopt;
  numbers.torch_has_code = code ? has_code(*code, snapshot, gpu, knowledge) : lists_code(numbers.torch_arch_list, gpu);
  numbers.driver_runs_torch = driver_runs(snapshot, *torch, knowledge);
  if (!code && numbers.torch_has_code.is_unknown() && may_be_official(*torch)) {
    auto wheels = possible_wheels(snapshot, torch, knowledge);
    // A ROCm wheel beside an NVIDIA GPU is another fault than a missing target.
    if (gpu.compute_capability.is_known()) std::erase_if(wheels, [](const TorchWheel* wheel) { return !wheel->cuda; });
    if (const Fact<bool> has = code_in_any(wheels, gpu, cuda_of_torch(*torch).is_known()); has.is_known()) {
      numbers.torch_has_code = has;
      numbers.torch_arch_list = known(targets_of(wheels), has.source());
    }
  }
  return numbers;
}

}  // namespace diffcheck
