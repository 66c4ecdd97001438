#include "probe/pasted/settle.h"

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "probe/describe.h"
#include "probe/gpu_visibility.h"

namespace diffcheck::pasted {
namespace {

template <class Member>
void mark_missing(Member& member) {
  if constexpr (is_fact<Member>::value) {
    if (member.is_unset()) member = Member::unknown("pasted text", "not in the pasted text");
  } else if constexpr (is_list<Member>::value) {
    for (auto& item : member) mark_missing(item);
  } else if constexpr (is_dictionary<Member>::value) {
    for (auto& [key, item] : member) mark_missing(item);
  } else {
    Member::describe(member, [](const char*, auto& inner, const char*) { mark_missing(inner); });
  }
}

/// "+cpu", "+rocm6.2" and "+cu121" each rule out what torch was not built for.
void settle_label(PackageFacts& torch) {
  const std::string& label = torch.version.value().local();
  const std::string source = torch.version.source();
  if (label == "cpu") {
    if (torch.cuda.is_unknown()) torch.cuda = absent<Version>(source);
    if (torch.hip.is_unknown()) torch.hip = absent<Version>(source);
  } else if (label.starts_with("rocm")) {
    if (torch.cuda.is_unknown()) torch.cuda = absent<Version>(source);
    const auto hip = Version::parse(label.substr(4));
    if (torch.hip.is_unknown() && hip) torch.hip = known(*hip, source);
  } else if (label.starts_with("cu")) {
    if (torch.hip.is_unknown()) torch.hip = absent<Version>(source);
  }
}

/// The version of "nvidia-cudnn-cu12" and the like, which torch's wheels from PyPI load. The package of one CUDA only:
/// where two are installed, nothing here tells which one torch takes.
const Fact<Version>* nvidia_package(const Packages& packages, const std::string& stem) {
  const Fact<Version>* found = nullptr;
  for (const char* suffix : {"-cu11", "-cu12", "-cu13", ""}) {
    const auto package = packages.find(stem + suffix);
    if (package == packages.end() || !package->second.version.is_known()) continue;
    if (found != nullptr) return nullptr;
    found = &package->second.version;
  }
  return found;
}

void settle_from_nvidia_packages(Snapshot& snapshot, PackageFacts& torch) {
  const auto as_source = [](const Fact<Version>& fact, const std::string& name) {
    return name + " " + fact.value().text() + ", " + fact.source();
  };
  const auto fill = [&](Fact<Version>& fact, const std::string& stem) {
    const Fact<Version>* version = nvidia_package(snapshot.packages, stem);
    if (fact.is_unknown() && version != nullptr) fact = known(version->value(), as_source(*version, stem));
  };
  fill(snapshot.cuda.cudnn_version, "nvidia-cudnn");
  fill(snapshot.cuda.nccl_version, "nvidia-nccl");
  // PyPI's wheels carry no label; they require the runtime of the CUDA that they were built for, exactly.
  const Fact<Version>* runtime = nvidia_package(snapshot.packages, "nvidia-cuda-runtime");
  if (torch.cuda.is_unknown() && torch.version.value().local().empty() && runtime != nullptr) {
    const auto cuda = Version::parse(std::to_string(runtime->value().component(0)) + "." +
                                     std::to_string(runtime->value().component(1)));
    if (cuda) torch.cuda = known(*cuda, as_source(*runtime, "nvidia-cuda-runtime"));
    if (cuda && torch.hip.is_unknown()) torch.hip = absent<Version>(runtime->source());
  }
}

/// The *_VISIBLE_DEVICES variables that the paste tells, applied as on a live machine. A GPU that a tool of its vendor
/// listed is one that the driver lets programs use; one of which torch said otherwise stays as it is.
void settle_visibility(Snapshot& snapshot) {
  const auto variables = [&](const std::string& name) -> std::optional<std::string> {
    const auto found = snapshot.env.find(name);
    if (found == snapshot.env.end() || !found->second.is_known()) return std::nullopt;
    return found->second.value();
  };
  const auto is_told = [&](const char* name) { return variables(name).has_value(); };
  if (is_told("CUDA_VISIBLE_DEVICES") && !snapshot.complete.gpus.is_unset()) {
    std::vector<Fact<bool>> reachable;
    for (const GpuFacts& gpu : snapshot.gpus) {
      const bool is_open = gpu.visible.is_unset() || gpu.visible.is_known();
      reachable.push_back(is_open ? known(true, gpu.vendor.source()) : gpu.visible);
    }
    const VisibilityFacts pasted = snapshot.visibility;
    snapshot.visibility = apply_cuda_visibility(variables, snapshot.gpus, reachable, snapshot.complete.gpus);
    snapshot.visibility.cuda_visible_devices = pasted.cuda_visible_devices;
    snapshot.visibility.cuda_device_order = pasted.cuda_device_order;
  }
  if (is_told("ROCR_VISIBLE_DEVICES") || is_told("HIP_VISIBLE_DEVICES") || is_told("CUDA_VISIBLE_DEVICES")) {
    std::vector<std::string> order;
    for (const GpuFacts& gpu : snapshot.gpus) {
      const bool is_amd = gpu.vendor.is_known() && gpu.vendor.value() == "amd";
      if (is_amd && gpu.pci_bus_id.is_known()) order.push_back(gpu.pci_bus_id.value());
    }
    apply_rocm_visibility(variables, snapshot.gpus, order);
  }
  if (is_told("ASCEND_RT_VISIBLE_DEVICES")) apply_ascend_visibility(variables, snapshot.gpus);
}

}  // namespace

Snapshot settled(Snapshot snapshot, bool has_conda_torch) {
  const auto torch = snapshot.packages.find("torch");
  if (torch != snapshot.packages.end() && torch->second.version.is_known()) {
    settle_label(torch->second);
    const bool has_cuda = !torch->second.cuda.is_absent();
    if (!has_conda_torch && has_cuda) settle_from_nvidia_packages(snapshot, torch->second);
  }
  settle_visibility(snapshot);
  mark_missing(snapshot);
  return snapshot;
}

}  // namespace diffcheck::pasted
