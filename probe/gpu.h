// The GPUs of every vendor, as PCI, the kernel driver and the vendor's management library see them, and the NVIDIA
// driver as it was found. The views are asked separately (pci_gpus, nvidia_kernel, nvml, amd_gpus) and merged by PCI
// address; which GPUs a process will see is gpu_visibility.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "probe/compute_capability.h"
#include "probe/describe.h"
#include "probe/system.h"
#include "probe/version.h"

namespace diffcheck {

struct GpuMemoryFacts {
  Fact<Bytes> total_bytes;
  Fact<Bytes> free_bytes;
  Fact<Bytes> used_bytes;
  Fact<Bytes> reserved_bytes;
  Fact<Bytes> bar1_total_bytes;

  static void describe(auto& self, auto&& visit) {
    visit("total_bytes", self.total_bytes, "Device memory.");
    visit("free_bytes", self.free_bytes, "Device memory that is free now.");
    visit("used_bytes", self.used_bytes, "Device memory that processes use now.");
    visit("reserved_bytes", self.reserved_bytes, "Device memory that the driver keeps.");
    visit("bar1_total_bytes", self.bar1_total_bytes, "BAR1 window; 256 MiB means resizable BAR is off.");
  }
  friend bool operator==(const GpuMemoryFacts&, const GpuMemoryFacts&) = default;
};

struct GpuPcieFacts {
  Fact<std::int64_t> generation;
  Fact<std::int64_t> width;
  Fact<std::int64_t> max_generation;
  Fact<std::int64_t> max_width;

  static void describe(auto& self, auto&& visit) {
    visit("generation", self.generation, "PCIe generation now; drops when idle.");
    visit("width", self.width, "PCIe lanes now.");
    visit("max_generation", self.max_generation, "Highest generation of card and slot.");
    visit("max_width", self.max_width, "Most lanes of card and slot.");
  }
  friend bool operator==(const GpuPcieFacts&, const GpuPcieFacts&) = default;
};

/// One GPU's connection to one peer GPU.
struct GpuLinkFacts {
  Fact<std::string> peer_pci_bus_id;
  Fact<std::int64_t> nvlink_active_links;
  Fact<std::string> nvlink_version;
  Fact<std::string> common_ancestor;
  Fact<std::string> p2p_read;
  Fact<std::string> p2p_write;

  static void describe(auto& self, auto&& visit) {
    visit("peer_pci_bus_id", self.peer_pci_bus_id, "PCI address of the peer.");
    visit("nvlink_active_links", self.nvlink_active_links,
          "Active NVLinks towards the peer, directly or through a switch.");
    visit("nvlink_version", self.nvlink_version, "NVLink version, e.g. 4.0.");
    visit("common_ancestor", self.common_ancestor, "PCI path: INTERNAL, PIX, PXB, PHB, NODE or SYS.");
    visit("p2p_read", self.p2p_read, "Peer reads: OK, or the driver's reason (CNS, GNS, TNS, DR, NS, U).");
    visit("p2p_write", self.p2p_write, "Peer writes, likewise.");
  }
  friend bool operator==(const GpuLinkFacts&, const GpuLinkFacts&) = default;
};

struct MigInstanceFacts {
  Fact<std::string> uuid;
  Fact<std::string> name;
  Fact<std::int64_t> gpu_instance;
  Fact<std::int64_t> compute_instance;
  Fact<Bytes> memory_bytes;

  static void describe(auto& self, auto&& visit) {
    visit("uuid", self.uuid, "MIG device's UUID.");
    visit("name", self.name, "Profile name.");
    visit("gpu_instance", self.gpu_instance, "GPU instance id.");
    visit("compute_instance", self.compute_instance, "Compute instance id.");
    visit("memory_bytes", self.memory_bytes, "Device memory of the instance.");
  }
  friend bool operator==(const MigInstanceFacts&, const MigInstanceFacts&) = default;
};

struct GpuMigFacts {
  Fact<bool> enabled;
  Fact<bool> enabled_after_reset;
  std::vector<MigInstanceFacts> instances;

  static void describe(auto& self, auto&& visit) {
    visit("enabled", self.enabled, "MIG mode now.");
    visit("enabled_after_reset", self.enabled_after_reset, "MIG mode after the next GPU reset.");
    visit("instances", self.instances, "MIG devices that exist.");
  }
  friend bool operator==(const GpuMigFacts&, const GpuMigFacts&) = default;
};

struct GpuHealthFacts {
  Fact<std::string> nvml_status;
  Fact<std::string> compute_mode;
  Fact<bool> persistence_mode;
  Fact<bool> ecc_enabled;
  Fact<bool> ecc_enabled_after_reboot;
  Fact<std::int64_t> ecc_uncorrected_volatile;
  Fact<bool> row_remap_pending;
  Fact<bool> row_remap_failed;
  Fact<std::string> recovery_action;
  Fact<std::vector<std::string>> throttle_reasons;
  Fact<double> power_limit_watts;
  Fact<double> power_default_limit_watts;
  Fact<std::string> fabric_state;
  Fact<std::string> fabric_cluster_uuid;
  Fact<std::int64_t> fabric_clique_id;
  Fact<std::int64_t> compute_processes;
  Fact<std::vector<std::string>> xids;

  static void describe(auto& self, auto&& visit) {
    visit("nvml_status", self.nvml_status, "ok, or NVML's error name for this GPU, e.g. GPU_IS_LOST.");
    visit("compute_mode", self.compute_mode, "DEFAULT, PROHIBITED or EXCLUSIVE_PROCESS.");
    visit("persistence_mode", self.persistence_mode, "Driver keeps the GPU initialised.");
    visit("ecc_enabled", self.ecc_enabled, "ECC now.");
    visit("ecc_enabled_after_reboot", self.ecc_enabled_after_reboot, "ECC after the next reboot.");
    visit("ecc_uncorrected_volatile", self.ecc_uncorrected_volatile, "Uncorrected ECC errors since the last reset.");
    visit("row_remap_pending", self.row_remap_pending, "A row remap waits for a GPU reset.");
    visit("row_remap_failed", self.row_remap_failed, "A row could not be remapped.");
    visit("recovery_action", self.recovery_action,
          "What the driver asks for: none, reset, reboot, drain-p2p, drain-and-reset.");
    visit("throttle_reasons", self.throttle_reasons, "Active clock event reasons.");
    visit("power_limit_watts", self.power_limit_watts, "Enforced power limit.");
    visit("power_default_limit_watts", self.power_default_limit_watts, "Default power limit.");
    visit("fabric_state", self.fabric_state, "NVLink fabric: not-supported, not-started, in-progress or completed.");
    visit("fabric_cluster_uuid", self.fabric_cluster_uuid, "NVLink domain's cluster.");
    visit("fabric_clique_id", self.fabric_clique_id, "NVLink domain's clique.");
    visit("compute_processes", self.compute_processes, "Processes that hold a compute context now.");
    visit("xids", self.xids, "NVIDIA error numbers (Xid) that the kernel log holds for this GPU, in their order.");
  }
  friend bool operator==(const GpuHealthFacts&, const GpuHealthFacts&) = default;
};

struct GpuFacts {
  Fact<std::string> vendor;
  Fact<std::string> name;
  Fact<std::string> product;
  Fact<std::string> uuid;
  Fact<std::string> pci_bus_id;
  Fact<std::string> pci_device_id;
  Fact<std::string> pci_subsystem_id;
  Fact<std::string> kernel_driver;
  Fact<ComputeCapability> compute_capability;
  Fact<std::string> gfx_target;
  Fact<std::string> architecture;
  Fact<std::int64_t> numa_node;
  Fact<std::string> iommu_domain;
  Fact<std::int64_t> local_cpus_allowed;
  Fact<bool> integrated;
  Fact<bool> excluded;
  Fact<bool> visible;
  Fact<std::int64_t> cuda_index;
  GpuMemoryFacts memory;
  GpuPcieFacts pcie;
  GpuMigFacts mig;
  GpuHealthFacts health;
  std::vector<GpuLinkFacts> links;

  static void describe(auto& self, auto&& visit) {
    visit("vendor", self.vendor,
          "nvidia, amd, intel, ascend, moore-threads, hygon, cambricon, apple, or the PCI vendor number.");
    visit("name", self.name, "Name as the driver or the PCI table tells it.");
    visit("product", self.product, "Id in data/gpus, where the product is known.");
    visit("uuid", self.uuid, "GPU UUID.");
    visit("pci_bus_id", self.pci_bus_id, "PCI address, dddd:bb:dd.f.");
    visit("pci_device_id", self.pci_device_id, "PCI vendor and device, e.g. 10de:1eb8.");
    visit("pci_subsystem_id", self.pci_subsystem_id, "PCI subsystem vendor and device.");
    visit("kernel_driver", self.kernel_driver, "Kernel driver bound to the device; absent when none.");
    visit("compute_capability", self.compute_capability, "CUDA compute capability.");
    visit("gfx_target", self.gfx_target, "AMD ISA name, e.g. gfx942.");
    visit("architecture", self.architecture, "Architecture family: turing, ampere, ada, hopper, blackwell, cdna3 ...");
    visit("numa_node", self.numa_node, "Nearest NUMA node.");
    visit("iommu_domain", self.iommu_domain,
          "How the IOMMU treats it: DMA or DMA-FQ (translated), identity; absent without one.");
    visit("local_cpus_allowed", self.local_cpus_allowed, "CPUs near the GPU on which this process may run.");
    visit("integrated", self.integrated, "Shares host memory.");
    visit("excluded", self.excluded, "Excluded by the driver (GPU Excluded: Yes).");
    visit("visible", self.visible, "Whether a CUDA or HIP process started here would see it.");
    visit("cuda_index", self.cuda_index, "Index that such a process would give it.");
    visit("memory", self.memory, "Device memory.");
    visit("pcie", self.pcie, "PCIe link.");
    visit("mig", self.mig, "Multi-instance GPU.");
    visit("health", self.health, "State that decides whether it can be used.");
    visit("links", self.links, "Connections to the other GPUs.");
  }
  friend bool operator==(const GpuFacts&, const GpuFacts&) = default;
};

struct NvidiaDriverFacts {
  Fact<Version> version;
  Fact<Version> cuda_version;
  Fact<Version> module_version;
  Fact<std::string> module_flavor;
  Fact<bool> module_installed;
  Fact<Version> nvml_version;
  Fact<std::string> nvml_path;
  Fact<std::string> nvml_status;
  Fact<std::int64_t> nvml_error;
  Fact<std::string> nvml_failed_call;
  Fact<std::int64_t> nvml_gpus;
  Fact<std::int64_t> kernel_gpus;
  Fact<std::int64_t> pci_gpus;
  Fact<std::string> libcuda_path;
  Fact<Version> libcuda_version;
  Fact<std::vector<std::string>> device_nodes;
  Fact<std::vector<std::string>> device_nodes_denied;
  Fact<bool> uvm_node;
  Fact<bool> nouveau_loaded;

  static void describe(auto& self, auto&& visit) {
    visit("version", self.version, "Driver version, from NVML or from the kernel module.");
    visit("cuda_version", self.cuda_version, "Newest CUDA version that the driver supports; not an installed toolkit.");
    visit("module_version", self.module_version, "Version of the loaded kernel module.");
    visit("module_flavor", self.module_flavor, "open or proprietary.");
    visit("module_installed", self.module_installed,
          "The running kernel has an nvidia module to load; asked where none is loaded.");
    visit("nvml_version", self.nvml_version, "Version of the NVML library.");
    visit("nvml_path", self.nvml_path, "NVML library that was loaded.");
    visit("nvml_status", self.nvml_status, "ok, absent, timeout, crash, or NVML's error name.");
    visit("nvml_error", self.nvml_error, "NVML's error number, when it gave one.");
    visit("nvml_failed_call", self.nvml_failed_call, "The NVML call that failed, hung or crashed.");
    visit("nvml_gpus", self.nvml_gpus, "GPUs that NVML counts.");
    visit("kernel_gpus", self.kernel_gpus, "GPUs under /proc/driver/nvidia/gpus.");
    visit("pci_gpus", self.pci_gpus, "NVIDIA GPUs on the PCI bus.");
    visit("libcuda_path", self.libcuda_path, "libcuda.so.1 that the loader would take.");
    visit("libcuda_version", self.libcuda_version, "Driver version in that file's real name.");
    visit("device_nodes", self.device_nodes, "NVIDIA device nodes that exist.");
    visit("device_nodes_denied", self.device_nodes_denied, "Those that this user may not open.");
    visit("uvm_node", self.uvm_node, "/dev/nvidia-uvm exists.");
    visit("nouveau_loaded", self.nouveau_loaded, "The nouveau module is loaded.");
  }
  friend bool operator==(const NvidiaDriverFacts&, const NvidiaDriverFacts&) = default;
};

struct AmdDriverFacts {
  Fact<Version> version;
  Fact<Version> rocm_version;
  Fact<bool> kfd_node;
  Fact<bool> kfd_usable;

  static void describe(auto& self, auto&& visit) {
    visit("version", self.version, "amdgpu module version (DKMS builds only).");
    visit("rocm_version", self.rocm_version, "ROCm release installed under /opt/rocm.");
    visit("kfd_node", self.kfd_node, "/dev/kfd exists.");
    visit("kfd_usable", self.kfd_usable, "This user may open /dev/kfd.");
  }
  friend bool operator==(const AmdDriverFacts&, const AmdDriverFacts&) = default;
};

struct DriversFacts {
  NvidiaDriverFacts nvidia;
  AmdDriverFacts amd;

  static void describe(auto& self, auto&& visit) {
    visit("nvidia", self.nvidia, "NVIDIA driver.");
    visit("amd", self.amd, "AMD driver and ROCm.");
  }
  friend bool operator==(const DriversFacts&, const DriversFacts&) = default;
};

struct VisibilityFacts {
  Fact<std::string> cuda_visible_devices;
  Fact<std::string> cuda_device_order;
  Fact<std::vector<std::string>> cuda_devices;
  Fact<std::string> rejected_token;
  Fact<std::string> rejected_why;

  static void describe(auto& self, auto&& visit) {
    visit("cuda_visible_devices", self.cuda_visible_devices, "CUDA_VISIBLE_DEVICES as set; absent when not set.");
    visit("cuda_device_order", self.cuda_device_order, "CUDA_DEVICE_ORDER as set; absent when not set.");
    visit("cuda_devices", self.cuda_devices,
          "UUIDs (or PCI addresses) of the devices a CUDA process sees, in its order.");
    visit("rejected_token", self.rejected_token, "First entry of CUDA_VISIBLE_DEVICES that ends the list.");
    visit("rejected_why", self.rejected_why, "Why that entry ends it.");
  }
  friend bool operator==(const VisibilityFacts&, const VisibilityFacts&) = default;
};

/// Generous for a healthy machine (milliseconds; seconds where a GPU without persistence mode has to be woken).
inline constexpr std::chrono::milliseconds k_nvml_deadline{2000};

struct GpuProbe {
  std::vector<GpuFacts> gpus;
  Fact<bool> complete;  ///< Whether `gpus` are all there are.
  DriversFacts drivers;
  VisibilityFacts visibility;
};

/// Files first; then NVML, within `nvml_deadline`, where its library is installed.
GpuProbe probe_gpus(const System& system, std::chrono::milliseconds nvml_deadline = k_nvml_deadline);

}  // namespace diffcheck
