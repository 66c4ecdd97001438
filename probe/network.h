// What joins this machine to others: network interfaces, InfiniBand and RoCE ports, and whether GPUs may be reached by
// them directly.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probe/describe.h"
#include "probe/system.h"

namespace diffcheck {

struct InterfaceFacts {
  Fact<std::string> name;
  Fact<std::string> state;
  Fact<std::int64_t> speed_mbps;
  Fact<bool> physical;

  static void describe(auto& self, auto&& visit) {
    visit("name", self.name, "Name of the interface.");
    visit("state", self.state, "up, down, unknown ... (operstate).");
    visit("speed_mbps", self.speed_mbps, "Link speed in Mbit/s; absent where the driver tells none.");
    visit("physical", self.physical, "A device is behind it: no bridge, tunnel or container link.");
  }
  friend bool operator==(const InterfaceFacts&, const InterfaceFacts&) = default;
};

struct FabricPortFacts {
  Fact<std::string> device;
  Fact<std::int64_t> port;
  Fact<std::string> link_layer;
  Fact<std::string> state;
  Fact<std::string> physical_state;
  Fact<std::int64_t> rate_gbps;

  static void describe(auto& self, auto&& visit) {
    visit("device", self.device, "Name of the adapter, e.g. mlx5_0.");
    visit("port", self.port, "Number of the port.");
    visit("link_layer", self.link_layer, "InfiniBand or Ethernet (RoCE).");
    visit("state", self.state, "ACTIVE, INIT, DOWN ...");
    visit("physical_state", self.physical_state, "LinkUp, Polling, Disabled ...");
    visit("rate_gbps", self.rate_gbps, "Link rate in Gbit/s.");
  }
  friend bool operator==(const FabricPortFacts&, const FabricPortFacts&) = default;
};

struct NetworkFacts {
  std::vector<InterfaceFacts> interfaces;
  std::vector<FabricPortFacts> fabric_ports;
  Fact<bool> peer_memory_module;
  Fact<bool> umad_module;
  Fact<bool> imex_channels;

  static void describe(auto& self, auto&& visit) {
    visit("interfaces", self.interfaces, "Network interfaces but the loopback, at most 64.");
    visit("fabric_ports", self.fabric_ports, "Ports of InfiniBand and RoCE adapters, at most 64.");
    visit("peer_memory_module", self.peer_memory_module,
          "A module that lets adapters reach GPU memory is loaded (nvidia_peermem or its forerunner).");
    visit("umad_module", self.umad_module, "ib_umad is loaded, which the fabric manager of NVLink 5 needs.");
    visit("imex_channels", self.imex_channels, "/dev/nvidia-caps-imex-channels holds a channel.");
  }
  friend bool operator==(const NetworkFacts&, const NetworkFacts&) = default;
};

NetworkFacts probe_network(const System& system);

// ---- pure parts ----

/// "4: ACTIVE" -> "ACTIVE".
std::string_view fabric_state_word(std::string_view text);

}  // namespace diffcheck
