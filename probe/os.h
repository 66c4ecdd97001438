// The operating system: distribution, kernel, C library, and whether this is Linux inside Windows (WSL).
#pragma once

#include <string>

#include "probe/describe.h"
#include "probe/system.h"
#include "probe/version.h"

namespace diffcheck {

struct OsFacts {
  Fact<std::string> name;  // "linux" or "windows"
  Fact<std::string> distribution;
  Fact<std::string> version;
  Fact<std::string> kernel;
  Fact<std::string> machine;  // "x86_64", "aarch64"
  Fact<bool> wsl;
  Fact<Version> glibc;
  Fact<bool> secure_boot;

  static void describe(auto& self, auto&& visit) {
    visit("name", self.name, "Operating system family: linux, windows or macos.");
    visit("distribution", self.distribution, "Distribution id from os-release, e.g. debian.");
    visit("version", self.version, "Distribution version from os-release, e.g. 12.");
    visit("kernel", self.kernel, "Kernel release, as uname tells it.");
    visit("machine", self.machine, "Instruction set of the kernel: x86_64, aarch64.");
    visit("wsl", self.wsl, "Linux running inside Windows (WSL2).");
    visit("glibc", self.glibc, "Version of the C library on the default path.");
    visit("secure_boot", self.secure_boot, "UEFI Secure Boot is on; absent on machines without UEFI.");
  }
  friend bool operator==(const OsFacts&, const OsFacts&) = default;
};

OsFacts probe_os(const System& system);

}  // namespace diffcheck
