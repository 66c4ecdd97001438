#include "probe/nvidia_kernel.h"

#include <algorithm>
#include <utility>

#include "probe/driver_library.h"
#include "probe/pci_address.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr const char* k_gpus = "/proc/driver/nvidia/gpus";
constexpr const char* k_version = "/proc/driver/nvidia/version";
constexpr const char* k_module_version = "/sys/module/nvidia/version";
constexpr const char* k_libcuda = "libcuda.so.1";

template <class T>
Fact<T> not_read(const Error& error) {
  return error.kind == Error::Kind::absent ? absent<T>(error.where) : unknown<T>(error);
}

void add_module(NvidiaDriverFacts& driver, const System& system) {
  const auto text = system.read(k_version);
  if (!text) {
    driver.module_flavor = not_read<std::string>(text.error());
  } else if (const auto module = parse_nvidia_version(*text)) {
    driver.module_flavor = known(module->flavor, k_version);
    if (module->version) driver.module_version = known(*module->version, k_version);
  } else {
    driver.module_flavor = unknown<std::string>(k_version, "no line of the kernel module");
  }
  const auto loaded = system.read(k_module_version);
  const auto version = loaded ? Version::parse(trim(*loaded)) : std::nullopt;
  if (version) driver.module_version = known(*version, k_module_version);
  if (driver.module_version.is_unset()) {
    driver.module_version =
        loaded ? unknown<Version>(k_module_version, "not a version") : not_read<Version>(loaded.error());
  }
}

/// Whether `modprobe nvidia` would find a module built for this kernel.
Fact<bool> module_installed(const System& system) {
  const auto release = system.read("/proc/sys/kernel/osrelease");
  if (!release) return unknown<bool>(release.error());
  const std::string path = "/lib/modules/" + std::string(trim(*release)) + "/modules.dep";
  constexpr std::int64_t k_limit_bytes = 16 << 20;
  const auto text = system.read(path, k_limit_bytes);
  // A container has no modules of its own; the host's are not seen.
  if (!text) return unknown<bool>(text.error());
  for (std::string_view rest = *text; const auto line = take_line(rest);) {
    const std::string_view module = line->substr(0, line->find(':'));
    const std::string_view name = module.substr(module.rfind('/') + 1);
    if (name == "nvidia.ko" || name.starts_with("nvidia.ko.")) return known(true, path);
  }
  return known(false, path);
}

void add_libcuda(NvidiaDriverFacts& driver, const System& system) {
  const auto path = find_loader_library(system, k_libcuda);
  if (!path) {
    driver.libcuda_path = absent<std::string>(k_libcuda);
    driver.libcuda_version = absent<Version>(k_libcuda);
    return;
  }
  driver.libcuda_path = known(*path, k_libcuda);
  const auto file = system.real_path(*path);
  if (!file) {
    driver.libcuda_version = unknown<Version>(file.error());
  } else if (const auto version = driver_version_in_name(std::string_view(*file).substr(file->rfind('/') + 1))) {
    driver.libcuda_version = known(*version, *file);
  } else {
    driver.libcuda_version = unknown<Version>(*file, "the file's name tells no driver version");
  }
}

/// nvidiactl, nvidia-uvm, nvidia0: what a CUDA process opens.
bool is_compute_node(std::string_view name) {
  if (name == "nvidiactl" || name == "nvidia-uvm") return true;
  constexpr std::string_view k_prefix = "nvidia";
  return name.starts_with(k_prefix) && parse_integer<unsigned>(name.substr(k_prefix.size())).has_value();
}

void add_device_nodes(NvidiaDriverFacts& driver, const System& system) {
  const std::string folder = "/dev";
  const auto names = system.list(folder);
  if (!names) {
    driver.device_nodes = unknown<std::vector<std::string>>(names.error());
    driver.device_nodes_denied = unknown<std::vector<std::string>>(names.error());
    driver.uvm_node = unknown<bool>(names.error());
    return;
  }
  std::vector<std::string> nodes;
  std::vector<std::string> denied;
  for (const std::string& name : *names) {
    if (!is_compute_node(name)) continue;
    const std::string path = folder + "/" + name;
    nodes.push_back(path);
    const Result<bool> writable = system.writable(path);
    if (writable && !*writable) denied.push_back(path);
  }
  driver.uvm_node = known(std::ranges::find(nodes, folder + "/nvidia-uvm") != nodes.end(), folder);
  driver.device_nodes = known(std::move(nodes), folder);
  driver.device_nodes_denied = known(std::move(denied), folder);
}

Fact<bool> nouveau_loaded(const System& system) {
  const std::string modules = "/sys/module";
  if (!system.exists(modules)) return unknown<bool>(modules, "cannot be seen");
  return known(system.exists(modules + "/nouveau"), modules + "/nouveau");
}

GpuFacts kernel_gpu(const System& system, const std::string& name, const std::string& address) {
  GpuFacts gpu;
  const std::string folder = std::string(k_gpus) + "/" + name;
  gpu.vendor = known<std::string>("nvidia", folder);
  gpu.pci_bus_id = known(address, folder);
  const std::string path = folder + "/information";
  const auto text = system.read(path);
  if (!text) return gpu;
  if (auto model = information_value(*text, "Model")) gpu.name = known(*std::move(model), path);
  auto uuid = information_value(*text, "GPU UUID");
  // The driver prints question marks until the GPU was first initialised.
  if (uuid && uuid->find('?') == std::string::npos) gpu.uuid = known(*std::move(uuid), path);
  if (const auto excluded = information_value(*text, "GPU Excluded")) gpu.excluded = known(*excluded == "Yes", path);
  return gpu;
}

}  // namespace

std::optional<NvidiaModule> parse_nvidia_version(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  if (!line.starts_with("NVRM version:")) return std::nullopt;
  NvidiaModule module;
  module.flavor = line.find("Open Kernel Module") != std::string_view::npos ? "open" : "proprietary";
  // "... Kernel Module  550.90.07  Fri May 31 ..." and "... Open Kernel Module for x86_64  570.124.06  Release Build
  // ...".
  constexpr std::string_view k_mark = "Kernel Module";
  const std::size_t mark = line.find(k_mark);
  if (mark == std::string_view::npos) return module;
  for (const std::string_view word : split_words(line.substr(mark + k_mark.size()))) {
    if (!module.version && word.find('.') != std::string_view::npos) module.version = Version::parse(word);
  }
  return module;
}

std::optional<std::string> information_value(std::string_view text, std::string_view name) {
  for (const std::string_view line : split_lines(text)) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || trim(line.substr(0, colon)) != name) continue;
    const std::string_view value = trim(line.substr(colon + 1));
    return value.empty() ? std::nullopt : std::optional(std::string(value));
  }
  return std::nullopt;
}

std::optional<Version> driver_version_in_name(std::string_view file_name) {
  const std::size_t mark = file_name.find(".so.");
  if (mark == std::string_view::npos) return std::nullopt;
  const auto version = Version::parse(file_name.substr(mark + 4));
  constexpr std::int64_t k_first_driver_major = 100;  // The library's own interface number is 1.
  return version && version->component(0) >= k_first_driver_major ? version : std::nullopt;
}

NvidiaKernelView probe_nvidia_kernel(const System& system) {
  NvidiaKernelView view;
  add_module(view.driver, system);
  add_libcuda(view.driver, system);
  add_device_nodes(view.driver, system);
  view.driver.nouveau_loaded = nouveau_loaded(system);
  if (view.driver.module_version.is_absent()) view.driver.module_installed = module_installed(system);
  const auto names = system.list(k_gpus);
  if (!names) {
    view.driver.kernel_gpus = not_read<std::int64_t>(names.error());
    return view;
  }
  for (const std::string& name : *names) {
    if (const auto address = normalised_pci_address(name)) view.gpus.push_back(kernel_gpu(system, name, *address));
  }
  view.driver.kernel_gpus = known(static_cast<std::int64_t>(view.gpus.size()), k_gpus);
  return view;
}

}  // namespace diffcheck
