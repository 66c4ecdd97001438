#include "probe/gpu_visibility.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "probe/visible_devices.h"

namespace diffcheck {
namespace {

constexpr const char* k_cuda_variable = "CUDA_VISIBLE_DEVICES";
constexpr const char* k_order_variable = "CUDA_DEVICE_ORDER";

Fact<std::string> variable_fact(const Variables& variables, const std::string& name) {
  auto value = variables(name);
  return value ? known(*std::move(value), "environment") : absent<std::string>("environment");
}

bool is_vendor(const GpuFacts& gpu, std::string_view vendor) {
  return gpu.vendor.is_known() && gpu.vendor.value() == vendor;
}

CudaDevice cuda_device(const GpuFacts& gpu) {
  CudaDevice device;
  if (gpu.uuid.is_known()) device.uuid = gpu.uuid.value();
  device.mig_enabled = gpu.mig.enabled.is_known() && gpu.mig.enabled.value();
  for (const MigInstanceFacts& facts : gpu.mig.instances) {
    const auto number = [](const Fact<std::int64_t>& fact) { return fact.is_known() ? fact.value() : -1; };
    device.instances.push_back(
        {facts.uuid.is_known() ? facts.uuid.value() : "", number(facts.gpu_instance), number(facts.compute_instance)});
  }
  return device;
}

/// What CUDA may tell two GPUs apart by when it guesses their speed.
std::string model_of(const GpuFacts& gpu) {
  if (gpu.pci_device_id.is_known()) return gpu.pci_device_id.value();
  return gpu.name.is_known() ? gpu.name.value() : "";
}

/// Why the devices cannot be told, though all of the GPUs are known.
std::optional<std::string> why_uncertain(const std::vector<GpuFacts*>& gpus, const VisibilityFacts& facts) {
  const Fact<std::string>& list = facts.cuda_visible_devices;
  if (list.is_known() && names_devices_by_uuid(list.value())) {
    const auto has_uuid = [](const GpuFacts* gpu) { return gpu->uuid.is_known(); };
    return std::ranges::all_of(gpus, has_uuid) ? std::nullopt : std::optional<std::string>("a GPU's UUID is not known");
  }
  const Fact<std::string>& order = facts.cuda_device_order;
  if (order.is_known() && order.value() == "PCI_BUS_ID") return std::nullopt;
  const auto differs = [&](const GpuFacts* gpu) { return model_of(*gpu) != model_of(*gpus.front()); };
  if (std::ranges::none_of(gpus, differs)) return std::nullopt;
  return "the GPUs differ, and CUDA puts first which it guesses to be fastest; CUDA_DEVICE_ORDER=PCI_BUS_ID fixes it";
}

std::string device_name(const GpuFacts& gpu, const VisibleDevice& device) {
  if (device.instance && gpu.mig.instances[*device.instance].uuid.is_known()) {
    return gpu.mig.instances[*device.instance].uuid.value();
  }
  if (gpu.uuid.is_known()) return gpu.uuid.value();
  return gpu.pci_bus_id.is_known() ? gpu.pci_bus_id.value() : "unknown";
}

void set_all(const std::vector<GpuFacts*>& gpus, const Fact<bool>& visible, const Fact<std::int64_t>& index) {
  for (GpuFacts* gpu : gpus) {
    gpu->visible = visible;
    gpu->cuda_index = index;
  }
}

/// Marks what is in the list, and the rest as hidden by `source`.
void mark(const std::vector<GpuFacts*>& gpus, const std::vector<VisibleDevice>& devices, const std::string& source) {
  set_all(gpus, known(false, source), absent<std::int64_t>(source));
  for (std::size_t index = 0; index < devices.size(); ++index) {
    GpuFacts& gpu = *gpus[devices[index].gpu];
    gpu.visible = known(true, source);
    gpu.cuda_index = known(static_cast<std::int64_t>(index), source);
  }
}

void add_uncertain(VisibilityFacts& facts, const std::vector<GpuFacts*>& gpus, const VisibleDevices& devices,
                   const std::string& why) {
  // Whatever the order, all or none of them being in the list needs no order.
  const bool has_all = devices.devices.size() == gpus.size();
  const bool has_mig = std::ranges::any_of(gpus, [](const GpuFacts* gpu) { return !gpu->mig.instances.empty(); });
  const Fact<bool> visible = has_all && !has_mig ? known(true, k_cuda_variable) : unknown<bool>(k_order_variable, why);
  set_all(gpus, visible, unknown<std::int64_t>(k_order_variable, why));
  facts.cuda_devices = unknown<std::vector<std::string>>(k_order_variable, why);
}

}  // namespace

VisibilityFacts apply_cuda_visibility(const Variables& variables, std::vector<GpuFacts>& gpus,
                                      const std::vector<Fact<bool>>& reachable, const Fact<bool>& complete) {
  VisibilityFacts facts;
  facts.cuda_visible_devices = variable_fact(variables, k_cuda_variable);
  facts.cuda_device_order = variable_fact(variables, k_order_variable);
  facts.rejected_token = absent<std::string>(k_cuda_variable);
  facts.rejected_why = absent<std::string>(k_cuda_variable);

  std::vector<GpuFacts*> usable;
  const Fact<bool>* undecided = complete.is_unknown() ? &complete : nullptr;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (!is_vendor(gpus[i], "nvidia")) continue;
    if (reachable[i].is_unknown()) undecided = &reachable[i];
    if (reachable[i].is_known() && reachable[i].value()) {
      usable.push_back(&gpus[i]);
    } else {
      gpus[i].visible = reachable[i];
      gpus[i].cuda_index = reachable[i].is_known() ? absent<std::int64_t>(reachable[i].source())
                                                   : unknown<std::int64_t>(reachable[i].source(), reachable[i].why());
    }
  }
  if (undecided != nullptr) {
    set_all(usable, unknown<bool>(undecided->source(), undecided->why()),
            unknown<std::int64_t>(undecided->source(), undecided->why()));
    facts.cuda_devices = unknown<std::vector<std::string>>(undecided->source(), undecided->why());
    return facts;
  }

  std::vector<CudaDevice> devices;
  for (const GpuFacts* gpu : usable) devices.push_back(cuda_device(*gpu));
  const VisibleDevices visible = cuda_visible_devices(devices, variables(k_cuda_variable));
  if (!visible.rejected_why.empty()) {
    facts.rejected_token = known(visible.rejected_token, k_cuda_variable);
    facts.rejected_why = known(visible.rejected_why, k_cuda_variable);
  }
  const auto why = why_uncertain(usable, facts);
  if (why && !visible.devices.empty()) {
    add_uncertain(facts, usable, visible, *why);
    return facts;
  }
  mark(usable, visible.devices, k_cuda_variable);
  std::vector<std::string> names;
  for (const VisibleDevice& device : visible.devices) names.push_back(device_name(*usable[device.gpu], device));
  facts.cuda_devices = known(std::move(names), k_cuda_variable);
  return facts;
}

void apply_rocm_visibility(const Variables& variables, std::vector<GpuFacts>& gpus,
                           const std::vector<std::string>& rocm_order) {
  std::vector<GpuFacts*> ordered;
  std::vector<std::string> uuids;
  for (const std::string& address : rocm_order) {
    const auto found = std::ranges::find_if(
        gpus, [&](const GpuFacts& gpu) { return gpu.pci_bus_id.is_known() && gpu.pci_bus_id.value() == address; });
    if (found == gpus.end() || !found->gfx_target.is_known()) continue;  // KFD does not offer it to ROCm.
    ordered.push_back(&*found);
    uuids.push_back(found->uuid.is_known() ? found->uuid.value() : "");
  }
  const VisibleDevices rocr = rocr_visible_devices(uuids, variables("ROCR_VISIBLE_DEVICES"));
  std::optional<std::string> hip_list = variables("HIP_VISIBLE_DEVICES");
  if (!hip_list || hip_list->empty()) hip_list = variables(k_cuda_variable);
  const VisibleDevices hip = hip_visible_devices(rocr.devices.size(), hip_list);
  std::vector<VisibleDevice> devices;
  for (const VisibleDevice& device : hip.devices) devices.push_back(rocr.devices[device.gpu]);
  mark(ordered, devices, "ROCR_VISIBLE_DEVICES, HIP_VISIBLE_DEVICES");
}

void apply_ascend_visibility(const Variables& variables, std::vector<GpuFacts>& gpus) {
  constexpr const char* k_variable = "ASCEND_RT_VISIBLE_DEVICES";
  std::vector<GpuFacts*> ordered;
  for (GpuFacts& gpu : gpus) {
    if (is_vendor(gpu, "ascend")) ordered.push_back(&gpu);
  }
  const VisibleDevices visible = ascend_visible_devices(ordered.size(), variables(k_variable));
  std::vector<bool> listed(ordered.size(), false);
  for (const VisibleDevice& device : visible.devices) listed[device.gpu] = true;
  for (std::size_t i = 0; i < ordered.size(); ++i) ordered[i]->visible = known<bool>(listed[i], k_variable);
}

}  // namespace diffcheck
