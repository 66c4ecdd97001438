#include "probe/gpu.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "probe/amd_gpus.h"
#include "probe/gpu_visibility.h"
#include "probe/kernel_log.h"
#include "probe/merge_facts.h"
#include "probe/nvidia_kernel.h"
#include "probe/nvml.h"
#include "probe/pci_gpus.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr const char* k_pci_devices = "/sys/bus/pci/devices";
constexpr const char* k_wsl_device = "/dev/dxg";
constexpr const char* k_tegra_release = "/etc/nv_tegra_release";

/// A GPU as merged so far, and what NVML said of it, if it did.
struct MergedGpu {
  GpuFacts facts;
  std::optional<bool> usable_by_nvml = std::nullopt;
};

bool is_nvidia(const GpuFacts& gpu) { return gpu.vendor.is_known() && gpu.vendor.value() == "nvidia"; }

MergedGpu* find_by_address(std::vector<MergedGpu>& gpus, const Fact<std::string>& pci_bus_id) {
  if (!pci_bus_id.is_known()) return nullptr;
  const auto found = std::ranges::find_if(gpus, [&](const MergedGpu& gpu) {
    return gpu.facts.pci_bus_id.is_known() && gpu.facts.pci_bus_id.value() == pci_bus_id.value();
  });
  return found == gpus.end() ? nullptr : &*found;
}

/// NVML's facts come first: it tells what the driver does, the PCI bus what the hardware could.
void merge_nvml_gpu(MergedGpu& gpu, const nvml::NvmlGpu& from) {
  GpuFacts facts = from.facts;
  fill_from(facts, gpu.facts);
  gpu.facts = std::move(facts);
  gpu.usable_by_nvml = from.usable;
}

void merge_nvml(std::vector<MergedGpu>& gpus, const nvml::NvmlView& view) {
  std::vector<const nvml::NvmlGpu*> without_address;
  for (const nvml::NvmlGpu& from : view.gpus) {
    if (!from.facts.pci_bus_id.is_known()) {
      without_address.push_back(&from);
    } else if (MergedGpu* gpu = find_by_address(gpus, from.facts.pci_bus_id)) {
      merge_nvml_gpu(*gpu, from);
    } else {
      merge_nvml_gpu(gpus.emplace_back(), from);
    }
  }
  // A GPU that failed before it told its address: NVML lists GPUs in PCI order, so it is the next that nobody answered
  // for.
  for (const nvml::NvmlGpu* from : without_address) {
    const auto next =
        std::ranges::find_if(gpus, [](const MergedGpu& gpu) { return is_nvidia(gpu.facts) && !gpu.usable_by_nvml; });
    merge_nvml_gpu(next != gpus.end() ? *next : gpus.emplace_back(), *from);
  }
  for (MergedGpu& gpu : gpus) {
    if (!is_nvidia(gpu.facts) || gpu.usable_by_nvml) continue;
    fill_from(gpu.facts, view.unlisted);
  }
}

void sort_by_address(std::vector<MergedGpu>& gpus) {
  const auto before = [](const MergedGpu& left, const MergedGpu& right) {
    const auto& a = left.facts.pci_bus_id;
    const auto& b = right.facts.pci_bus_id;
    if (!a.is_known() || !b.is_known()) return a.is_known() && !b.is_known();
    // A longer domain is a larger number.
    return std::pair(a.value().size(), a.value()) < std::pair(b.value().size(), b.value());
  };
  std::ranges::stable_sort(gpus, before);
}

/// Whether a CUDA process could use the GPU, before CUDA_VISIBLE_DEVICES is read.
Fact<bool> reachable_by_cuda(const MergedGpu& gpu, const NvidiaDriverFacts& driver, bool nvml_lists_all) {
  // What NVML fails with when the driver refuses every client, so CUDA fails too.
  constexpr std::array<std::string_view, 4> k_refusals = {"DRIVER_NOT_LOADED", "LIB_RM_VERSION_MISMATCH",
                                                          "OPERATING_SYSTEM", "NO_PERMISSION"};
  const GpuFacts& facts = gpu.facts;
  if (facts.excluded.is_known() && facts.excluded.value()) return known(false, facts.excluded.source());
  const Fact<std::string>& bound = facts.kernel_driver;
  if (bound.is_absent() || (bound.is_known() && bound.value() != "nvidia")) return known(false, bound.source());
  if (driver.libcuda_path.is_absent()) return known(false, driver.libcuda_path.source());
  const Fact<std::string>& health = facts.health.nvml_status;
  if (gpu.usable_by_nvml == true) return known(true, health.source());
  if (nvml_lists_all) return known(false, health.source());
  const Fact<std::string>& status = driver.nvml_status;
  const bool is_refused = status.is_known() && std::ranges::find(k_refusals, status.value()) != k_refusals.end();
  return is_refused ? known(false, status.source()) : unknown<bool>(health.source(), health.why());
}

DriversFacts merge_drivers(const NvidiaKernelView& kernel, const nvml::NvmlView& view, const AmdView& amd) {
  DriversFacts drivers;
  drivers.amd = amd.driver;
  drivers.nvidia = view.driver;
  fill_from(drivers.nvidia, kernel.driver);
  if (!drivers.nvidia.version.is_known() && drivers.nvidia.module_version.is_known()) {
    drivers.nvidia.version = drivers.nvidia.module_version;
  }
  return drivers;
}

/// Machines whose GPU is on no PCI bus, so that only NVML can tell of it.
std::optional<std::string> gpu_off_the_bus(const System& system) {
  for (const char* path : {k_wsl_device, k_tegra_release}) {
    if (system.exists(path)) return path;
  }
  return std::nullopt;
}

Fact<bool> complete_fact(const System& system, const Result<std::vector<GpuFacts>>& pci, const nvml::NvmlView& view) {
  if (view.lists_all) return known(true, "nvmlDeviceGetCount");
  if (!pci) return unknown<bool>(pci.error());
  if (const auto platform = gpu_off_the_bus(system)) {
    return unknown<bool>(*platform, "GPUs of this platform are on no PCI bus, and NVML did not list them");
  }
  return known(true, k_pci_devices);
}

}  // namespace

GpuProbe probe_gpus(const System& system, std::chrono::milliseconds nvml_deadline) {
  const Result<std::vector<GpuFacts>> pci = probe_pci_gpus(system);
  const std::vector<GpuFacts> on_bus = pci ? *pci : std::vector<GpuFacts>{};
  const NvidiaKernelView kernel = probe_nvidia_kernel(system);
  const AmdView amd = probe_amd_gpus(system, on_bus);
  const nvml::NvmlView nvml_view = probe_nvml(system, nvml_deadline);

  std::vector<MergedGpu> merged;
  for (const GpuFacts& gpu : on_bus) merged.push_back({gpu});
  const auto add_view = [&](const GpuFacts& from) {
    MergedGpu* gpu = find_by_address(merged, from.pci_bus_id);
    fill_from(gpu != nullptr ? gpu->facts : merged.emplace_back().facts, from);
  };
  for (const GpuFacts& gpu : kernel.gpus) add_view(gpu);
  for (const GpuFacts& gpu : amd.gpus) add_view(gpu);
  sort_by_address(merged);
  merge_nvml(merged, nvml_view);
  sort_by_address(merged);

  GpuProbe probe;
  probe.drivers = merge_drivers(kernel, nvml_view, amd);
  if (pci) {
    probe.drivers.nvidia.pci_gpus = known<std::int64_t>(std::ranges::count_if(on_bus, is_nvidia), k_pci_devices);
  } else {
    probe.drivers.nvidia.pci_gpus = unknown<std::int64_t>(pci.error());
  }
  probe.complete = complete_fact(system, pci, nvml_view);
  std::vector<Fact<bool>> reachable;
  for (MergedGpu& gpu : merged) {
    reachable.push_back(reachable_by_cuda(gpu, probe.drivers.nvidia, nvml_view.lists_all));
    if (!gpu.facts.name.is_known()) gpu.facts.name = pci_name(system, gpu.facts);
    probe.gpus.push_back(std::move(gpu.facts));
  }
  const auto variables = [&](const std::string& name) { return system.env(name); };
  probe.visibility = apply_cuda_visibility(variables, probe.gpus, reachable, probe.complete);
  std::vector<std::string> rocm_order;
  for (const GpuFacts& gpu : amd.gpus) rocm_order.push_back(gpu.pci_bus_id.value());
  apply_rocm_visibility(variables, probe.gpus, rocm_order);
  apply_ascend_visibility(variables, probe.gpus);
  add_xids(system, probe.gpus);
  return probe;
}

}  // namespace diffcheck
