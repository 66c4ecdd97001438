#include "rules/torch_wheels.h"

namespace diffcheck {
namespace {

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

}  // namespace

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

std::vector<const TorchWheel*> possible_wheels(const Snapshot& snapshot, const PackageFacts* torch,
                                               const Knowledge& knowledge) {
  std::vector<const TorchWheel*> wheels;
  for (const TorchWheel& wheel : knowledge.torch_wheels) {
    if (is_for(wheel, snapshot) && (torch == nullptr || is_of(wheel, *torch))) wheels.push_back(&wheel);
  }
  return wheels;
}

const TorchWheel* wheel_of(const Snapshot& snapshot, const PackageFacts& torch, const Knowledge& knowledge) {
  if (!cuda_of_torch(torch).is_known() && !torch.hip.is_known()) return nullptr;
  const auto wheels = possible_wheels(snapshot, &torch, knowledge);
  return wheels.size() == 1 ? wheels.front() : nullptr;
}

bool may_be_official(const PackageFacts& torch) {
  const std::string& local = torch.version.value().local();
  return !torch.version.value().is_prerelease() &&
         (local.empty() || local.starts_with("cu") || local.starts_with("rocm"));
}

}  // namespace diffcheck
