// Whether this is a container, of what kind, and what its NVIDIA runtime was asked to give it.
#pragma once

#include <string>

#include "probe/describe.h"
#include "probe/system.h"
#include "probe/version.h"

namespace diffcheck {

struct ContainerFacts {
  Fact<bool> inside;
  Fact<std::string> runtime;
  Fact<std::string> nvidia_visible_devices;
  Fact<std::string> nvidia_driver_capabilities;
  Fact<bool> sys_nice;
  Fact<Version> image_cuda_version;

  static void describe(auto& self, auto&& visit) {
    visit("inside", self.inside, "Running inside a container.");
    visit("runtime", self.runtime, "docker, podman, kubernetes, apptainer, lxc, or another name found.");
    visit("nvidia_visible_devices", self.nvidia_visible_devices, "NVIDIA_VISIBLE_DEVICES as set; absent when not set.");
    visit("nvidia_driver_capabilities", self.nvidia_driver_capabilities, "NVIDIA_DRIVER_CAPABILITIES as set.");
    visit("sys_nice", self.sys_nice, "This process has CAP_SYS_NICE, with which it may place memory on NUMA nodes.");
    visit("image_cuda_version", self.image_cuda_version,
          "CUDA, major and minor, for which the image says that it was made (CUDA_VERSION).");
  }
  friend bool operator==(const ContainerFacts&, const ContainerFacts&) = default;
};

ContainerFacts probe_container(const System& system);

}  // namespace diffcheck
