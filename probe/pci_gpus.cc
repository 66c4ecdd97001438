#include "probe/pci_gpus.h"

#include <algorithm>
#include <array>

#include "probe/own_status.h"
#include "probe/pci_address.h"
#include "probe/read_fact.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr const char* k_devices = "/sys/bus/pci/devices";

constexpr std::uint32_t k_class_display = 0x03;
constexpr std::uint32_t k_class_accelerator = 0x12;

struct VendorName {
  std::uint32_t vendor;
  std::string_view name;
};
// PCI vendor numbers: pci.ids (github.com/pciutils/pciids).
constexpr std::array k_vendors = {
    VendorName{0x10de, "nvidia"},    VendorName{0x1002, "amd"},           VendorName{0x8086, "intel"},
    VendorName{0x19e5, "ascend"},    VendorName{0x1ed5, "moore-threads"}, VendorName{0x1d94, "hygon"},
    VendorName{0xcabc, "cambricon"},
};

struct NotAGpu {
  std::uint32_t vendor;
  std::optional<std::uint32_t> device;      ///< Any device when not given.
  std::optional<std::uint32_t> base_class;  ///< Any class when not given.
};
// Display devices of management controllers and virtual machines, and processors that run no diffusion engine. Names of
// the vendors: pci.ids.
constexpr std::array k_not_gpus = {
    NotAGpu{0x1a03, std::nullopt, std::nullopt},         // ASPEED, management controllers
    NotAGpu{0x102b, std::nullopt, std::nullopt},         // Matrox G200, management controllers
    NotAGpu{0x126f, std::nullopt, std::nullopt},         // Silicon Motion
    NotAGpu{0x18ca, std::nullopt, std::nullopt},         // XGI
    NotAGpu{0x1002, 0x515e, std::nullopt},               // ATI ES1000, management controllers
    NotAGpu{0x19e5, std::nullopt, k_class_display},      // Huawei iBMC; Ascend is a processing accelerator
    NotAGpu{0x1013, std::nullopt, std::nullopt},         // Cirrus Logic, as QEMU emulates it
    NotAGpu{0x1234, std::nullopt, std::nullopt},         // QEMU and Bochs standard display
    NotAGpu{0x1b36, std::nullopt, std::nullopt},         // QXL
    NotAGpu{0x1af4, std::nullopt, std::nullopt},         // virtio display
    NotAGpu{0x15ad, std::nullopt, std::nullopt},         // VMware
    NotAGpu{0x80ee, std::nullopt, std::nullopt},         // VirtualBox
    NotAGpu{0x1ab8, std::nullopt, std::nullopt},         // Parallels
    NotAGpu{0x1414, std::nullopt, std::nullopt},         // Hyper-V, and the stand-in that WSL2 shows
    NotAGpu{0x5853, std::nullopt, std::nullopt},         // Xen
    NotAGpu{0x1d0f, std::nullopt, k_class_display},      // Amazon EC2's display
    NotAGpu{0x8086, std::nullopt, k_class_accelerator},  // Intel NPU
};

constexpr std::array<const char*, 2> k_pci_ids_files = {"/usr/share/hwdata/pci.ids", "/usr/share/misc/pci.ids"};

/// A sysfs attribute of one device.
Result<std::string> attribute(const System& system, const std::string& folder, const char* name) {
  Result<std::string> text = system.read(folder + "/" + name);
  if (text) return std::string(trim(*text));
  return text;
}

std::optional<std::uint32_t> hexadecimal_attribute(const System& system, const std::string& folder, const char* name) {
  const auto text = attribute(system, folder, name);
  const auto number = text ? parse_hexadecimal(*text) : std::nullopt;
  if (!number || *number > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

template <class Number, class Parse>
Fact<Number> attribute_fact(const System& system, const std::string& folder, const char* name, const Parse& parse) {
  const auto text = attribute(system, folder, name);
  if (!text) return unknown<Number>(text.error());
  const std::optional<Number> value = parse(std::string_view(*text));
  const std::string source = folder + "/" + name;
  return value ? known(*value, source) : unknown<Number>(source, "expected a PCIe link's value, found " + quote(*text));
}

Fact<std::string> id_fact(const System& system, const std::string& folder, const char* vendor, const char* device) {
  const auto vendor_number = hexadecimal_attribute(system, folder, vendor);
  const auto device_number = hexadecimal_attribute(system, folder, device);
  const std::string source = folder + "/" + device;
  if (!vendor_number || !device_number) return unknown<std::string>(source, "absent or not a number");
  return known(pci_id(*vendor_number, *device_number), source);
}

Fact<std::int64_t> numa_node(const System& system, const std::string& folder) {
  const Fact<std::int64_t> node = read_integer(system, folder + "/numa_node");
  // -1: the firmware assigns the device to no node.
  return node.is_known() && node.value() < 0 ? absent<std::int64_t>(node.source()) : node;
}

Fact<std::string> kernel_driver(const System& system, const std::string& folder) {
  const std::string path = folder + "/driver";
  const auto target = system.link(path);
  if (target) return known(target->substr(target->rfind('/') + 1), path);
  if (target.error().kind == Error::Kind::absent) return absent<std::string>(path);
  return unknown<std::string>(target.error());
}

/// What the kernel does with the device's memory addresses: /sys/kernel/iommu_groups/N/type.
Fact<std::string> iommu_domain(const System& system, const std::string& folder) {
  const std::string group = folder + "/iommu_group";
  const auto target = system.link(group);
  if (!target) {
    return target.error().kind == Error::Kind::absent ? absent<std::string>(group)
                                                      : unknown<std::string>(target.error());
  }
  return read_text(system, group + "/type");
}

/// How many of the CPUs near the device this process may use.
Fact<std::int64_t> local_cpus_allowed(const System& system, const std::string& folder) {
  const std::string path = folder + "/local_cpulist";
  const auto near = system.read(path);
  const auto own = own_status(system, "Cpus_allowed_list");
  if (!near || !own) return unknown<std::int64_t>(near ? own.error() : near.error());
  const auto local = parse_cpu_list(*near);
  const auto allowed = parse_cpu_list(*own);
  if (!local || local->empty() || !allowed) return unknown<std::int64_t>(path, "expected two lists of CPUs");
  return known<std::int64_t>(
      std::ranges::count_if(*local,
                            [&](std::int64_t cpu) { return std::ranges::find(*allowed, cpu) != allowed->end(); }),
      path);
}

GpuPcieFacts pcie_facts(const System& system, const std::string& folder) {
  const auto width = [](std::string_view text) -> std::optional<std::int64_t> {
    const auto lanes = parse_integer<std::int64_t>(text);
    constexpr std::int64_t k_most_lanes = 32;  // 0 and 255 are what the kernel says when it does not know.
    return lanes && *lanes > 0 && *lanes <= k_most_lanes ? lanes : std::nullopt;
  };
  GpuPcieFacts pcie;
  pcie.generation = attribute_fact<std::int64_t>(system, folder, "current_link_speed", pcie_generation);
  pcie.width = attribute_fact<std::int64_t>(system, folder, "current_link_width", width);
  pcie.max_generation = attribute_fact<std::int64_t>(system, folder, "max_link_speed", pcie_generation);
  pcie.max_width = attribute_fact<std::int64_t>(system, folder, "max_link_width", width);
  return pcie;
}

GpuFacts gpu_facts(const System& system, const std::string& folder, const std::string& address, std::uint32_t vendor) {
  GpuFacts gpu;
  gpu.vendor = known(gpu_vendor_name(vendor), folder + "/vendor");
  gpu.pci_bus_id = known(address, folder);
  gpu.pci_device_id = id_fact(system, folder, "vendor", "device");
  gpu.pci_subsystem_id = id_fact(system, folder, "subsystem_vendor", "subsystem_device");
  gpu.kernel_driver = kernel_driver(system, folder);
  gpu.numa_node = numa_node(system, folder);
  gpu.iommu_domain = iommu_domain(system, folder);
  gpu.local_cpus_allowed = local_cpus_allowed(system, folder);
  gpu.pcie = pcie_facts(system, folder);
  return gpu;
}

}  // namespace

bool is_compute_gpu(std::uint32_t vendor, std::uint32_t device, std::uint32_t pci_class) {
  const std::uint32_t base_class = pci_class >> 16U;
  if (base_class != k_class_display && base_class != k_class_accelerator) return false;
  return std::ranges::none_of(k_not_gpus, [&](const NotAGpu& row) {
    return row.vendor == vendor && row.device.value_or(device) == device &&
           row.base_class.value_or(base_class) == base_class;
  });
}

std::string gpu_vendor_name(std::uint32_t vendor) {
  const auto* found = std::ranges::find(k_vendors, vendor, &VendorName::vendor);
  return found != k_vendors.end() ? std::string(found->name) : pci_id(vendor, 0).substr(0, 4);
}

std::optional<std::int64_t> pcie_generation(std::string_view link_speed) {
  // Transfer rates of PCI Express 1.0 to 6.0.
  constexpr std::array<std::string_view, 6> k_rates = {"2.5", "5", "8", "16", "32", "64"};
  std::string_view rate = trim(link_speed.substr(0, link_speed.find(" GT/s")));
  if (rate.size() == link_speed.size()) return std::nullopt;
  if (rate.ends_with(".0")) rate.remove_suffix(2);
  const auto* found = std::ranges::find(k_rates, rate);
  return found == k_rates.end() ? std::nullopt : std::optional<std::int64_t>(found - k_rates.begin() + 1);
}

std::optional<std::string> name_in_pci_ids(std::string_view pci_ids, std::string_view id) {
  const std::size_t colon = id.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string vendor = "\n" + std::string(id.substr(0, colon)) + "  ";
  const std::string device = "\t" + std::string(id.substr(colon + 1)) + "  ";
  const std::size_t start = pci_ids.find(vendor);
  if (start == std::string_view::npos) return std::nullopt;
  constexpr std::size_t k_most_lines = 20'000;  // The longest vendor's list has some 4,000.
  bool is_vendor_line = true;
  for (const std::string_view line : split_lines(pci_ids.substr(start + 1), k_most_lines)) {
    if (line.starts_with(device)) return std::string(trim(line.substr(device.size())));
    const bool belongs_to_vendor = is_vendor_line || line.empty() || line.starts_with('\t') || line.starts_with('#');
    if (!belongs_to_vendor) return std::nullopt;
    is_vendor_line = false;
  }
  return std::nullopt;
}

Fact<std::string> pci_name(const System& system, const GpuFacts& gpu) {
  if (!gpu.pci_device_id.is_known()) return unknown<std::string>(gpu.pci_device_id.source(), gpu.pci_device_id.why());
  const std::string& id = gpu.pci_device_id.value();
  for (const char* file : k_pci_ids_files) {
    const auto text = system.read(file);
    if (!text) continue;
    if (auto name = name_in_pci_ids(*text, id)) return known(*std::move(name), file);
  }
  const std::string vendor = gpu.vendor.is_known() ? gpu.vendor.value() + " " : "";
  return known(vendor + id, gpu.pci_device_id.source());
}

Result<std::vector<GpuFacts>> probe_pci_gpus(const System& system) {
  const auto addresses = system.list(k_devices);
  if (!addresses) return addresses.error();
  std::vector<GpuFacts> gpus;
  for (const std::string& name : *addresses) {
    const std::string folder = std::string(k_devices) + "/" + name;
    const auto pci_class = hexadecimal_attribute(system, folder, "class");
    // Most devices of a machine end here: one file read each.
    if (!pci_class || !is_compute_gpu(0, 0, *pci_class)) continue;
    const auto address = normalised_pci_address(name);
    const auto vendor = hexadecimal_attribute(system, folder, "vendor");
    const auto device = hexadecimal_attribute(system, folder, "device");
    if (!address || !vendor || !device || !is_compute_gpu(*vendor, *device, *pci_class)) continue;
    // A virtual function that this host hands to its guests; the physical GPU is listed.
    if (system.link(folder + "/physfn")) continue;
    gpus.push_back(gpu_facts(system, folder, *address, *vendor));
  }
  return gpus;
}

}  // namespace diffcheck
