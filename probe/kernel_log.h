// What the NVIDIA driver has written into the kernel log: the errors it calls Xid.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probe/gpu.h"
#include "probe/system.h"

namespace diffcheck {

/// Sets `health.xids` of NVIDIA's GPUs. On machines where the log may only be read by root they are unknown.
void add_xids(const System& system, std::vector<GpuFacts>& gpus);

// ---- pure parts ----

struct Xid {
  std::string pci_bus_id;
  std::string number;
  friend bool operator==(const Xid&, const Xid&) = default;
};
/// The lines "NVRM: Xid (PCI:0000:2b:00): 79, ..." of a log, in their order, at most 10,000.
std::vector<Xid> parse_xids(std::string_view log);

}  // namespace diffcheck
