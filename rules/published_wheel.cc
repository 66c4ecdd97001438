#include "rules/published_wheel.h"

#include <algorithm>
#include <map>

#include "rules/torch_wheels.h"

namespace diffcheck {
namespace {

using Names = std::map<std::string, std::string>;

std::string digits(const Version& version) {
  return std::to_string(version.component(0)) + std::to_string(version.component(1));
}

/// What the names of wheels are put together from; nullopt where something is not known.
std::optional<Names> names_of_environment(const Snapshot& snapshot, const Knowledge& knowledge) {
  const auto found = snapshot.packages.find("torch");
  if (found == snapshot.packages.end() || !found->second.version.is_known()) return std::nullopt;
  const PackageFacts& torch = found->second;
  const auto cuda = cuda_of_torch(torch);
  const TorchWheel* wheel = wheel_of(snapshot, torch, knowledge);
  const Fact<Version>& python = snapshot.python.version;
  const bool linux = snapshot.os.name.is_known() && snapshot.os.name.value() == "linux";
  if (!linux || !snapshot.os.machine.is_known() || !python.is_known() || !cuda.is_known()) return std::nullopt;
  if (wheel == nullptr || !wheel->cxx11_abi) return std::nullopt;
  return Names{{"torch", torch.version.value().minor().text()},
               {"cuda_major", std::to_string(cuda.value().component(0))},
               {"cxx11_abi", *wheel->cxx11_abi ? "TRUE" : "FALSE"},
               {"python", digits(python.value())},
               {"platform", "linux_" + snapshot.os.machine.value()}};
}

/// The newest release that the pin stands for: the end of its range. A range without one is not released yet.
std::string newest_release(const WheelPin& pin) {
  for (const char* end : {"<=", "=="}) {
    const std::size_t at = pin.version.find(end);
    if (at != std::string::npos) return pin.version.substr(at + 2, pin.version.find(',', at) - at - 2);
  }
  return "";
}

/// The toolkit of that major version that the wheels were built with.
const Version* toolkit_of(const WheelPin& pin, const std::string& cuda_major) {
  const auto found = std::find_if(pin.cuda.begin(), pin.cuda.end(),
                                  [&](const Version& cuda) { return std::to_string(cuda.component(0)) == cuda_major; });
  return found == pin.cuda.end() ? nullptr : &*found;
}

bool is_for(const WheelPin& pin, const Snapshot& snapshot) {
  const Version& torch = snapshot.packages.at("torch").version.value();
  const auto fits = [](const Version& version, const std::string& specifier) {
    return satisfies(version, specifier).value_or(false);
  };
  return fits(snapshot.python.version.value(), pin.python) &&
         std::all_of(pin.needs.begin(), pin.needs.end(), [&](const WheelPin::Need& need) {
           return need.package != "torch" || fits(torch, need.specifier);
         });
}

std::string filled(std::string text, const Names& names) {
  for (const auto& [name, value] : names) {
    const std::string placeholder = "{" + name + "}";
    for (std::size_t at = text.find(placeholder); at != std::string::npos; at = text.find(placeholder))
      text.replace(at, placeholder.size(), value);
  }
  return text;
}

}  // namespace

std::optional<std::string> published_wheel(const std::string& package, const Snapshot& snapshot,
                                           const Knowledge& knowledge) {
  auto names = names_of_environment(snapshot, knowledge);
  if (!names) return std::nullopt;
  std::optional<std::string> newest;
  for (const WheelPin& pin : knowledge.wheel_pins) {
    const std::string version = newest_release(pin);
    if (pin.package != package || pin.wheel.empty() || version.empty() || !is_for(pin, snapshot)) continue;
    const Version* toolkit = toolkit_of(pin, (*names)["cuda_major"]);
    if (toolkit == nullptr) continue;
    (*names)["version"] = version;
    (*names)["cuda_minor"] = digits(*toolkit);
    newest = filled(pin.wheel, *names);  // the last is the newest
  }
  return newest;
}

}  // namespace diffcheck
