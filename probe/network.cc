#include "probe/network.h"

#include <array>
#include <utility>

#include "probe/read_fact.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_interfaces = 64;
constexpr std::size_t k_most_ports = 64;

InterfaceFacts read_interface(const System& system, const std::string& folder, const std::string& name) {
  InterfaceFacts facts;
  facts.name = known(printable(name, 32), folder);
  facts.state = read_text(system, folder + "/operstate");
  facts.speed_mbps = read_integer(system, folder + "/speed");
  // Drivers say -1, or refuse the read, where a link is down or has no speed of its own.
  if (facts.speed_mbps.is_known() && facts.speed_mbps.value() < 0)
    facts.speed_mbps = absent<std::int64_t>(facts.speed_mbps.source());
  facts.physical = known(system.exists(folder + "/device"), folder + "/device");
  return facts;
}

std::vector<InterfaceFacts> read_interfaces(const System& system) {
  const std::string folder = "/sys/class/net";
  std::vector<InterfaceFacts> interfaces;
  const auto names = system.list(folder);
  if (!names) return interfaces;
  for (const std::string& name : *names) {
    if (name == "lo" || interfaces.size() == k_most_interfaces) continue;
    interfaces.push_back(read_interface(system, folder + "/" + name, name));
  }
  return interfaces;
}

Fact<std::string> state_fact(const System& system, const std::string& path) {
  const auto text = read_text(system, path);
  return text.is_known() ? known(std::string(fabric_state_word(text.value())), path) : text;
}

/// "400 Gb/sec (4X NDR)"; 2.5 Gb/sec of a port that is down is rounded down.
Fact<std::int64_t> rate_fact(const System& system, const std::string& path) {
  const auto text = read_text(system, path);
  if (!text.is_known()) return unknown<std::int64_t>(text.source(), text.why());
  const std::string_view rate = text.value();
  const auto number = whole_number(rate.substr(0, rate.find_first_of(". ")));
  if (!number) return unknown<std::int64_t>(path, "expected a rate in Gb/sec, found " + quote(rate));
  return known(*number, path);
}

void read_ports(const System& system, const std::string& adapter, std::vector<FabricPortFacts>& ports) {
  const std::string folder = "/sys/class/infiniband/" + adapter + "/ports";
  const auto numbers = system.list(folder);
  if (!numbers) return;
  for (const std::string& number : *numbers) {
    const auto port = whole_number(number);
    if (!port || ports.size() == k_most_ports) continue;
    const std::string place = folder + "/" + number;
    FabricPortFacts facts;
    facts.device = known(printable(adapter, 32), place);
    facts.port = known(*port, place);
    facts.link_layer = read_text(system, place + "/link_layer");
    facts.state = state_fact(system, place + "/state");
    facts.physical_state = state_fact(system, place + "/phys_state");
    facts.rate_gbps = rate_fact(system, place + "/rate");
    ports.push_back(std::move(facts));
  }
}

std::vector<FabricPortFacts> read_fabric(const System& system) {
  std::vector<FabricPortFacts> ports;
  const auto adapters = system.list("/sys/class/infiniband");
  if (!adapters) return ports;
  for (const std::string& adapter : *adapters) read_ports(system, adapter, ports);
  return ports;
}

/// What NCCL looks for (transport/net_ib/gdr.cc of 2.30).
Fact<bool> peer_memory_module(const System& system) {
  constexpr std::array k_signs = {"/sys/module/nvidia_peermem", "/sys/kernel/mm/memory_peers/nv_mem",
                                  "/sys/kernel/mm/memory_peers/nv_mem_nc"};
  for (const char* sign : k_signs) {
    if (system.exists(sign)) return known(true, sign);
  }
  if (!system.exists("/sys/module")) return unknown<bool>("/sys/module", "cannot be seen");
  return known(false, k_signs[0]);
}

Fact<bool> module_loaded(const System& system, const std::string& name) {
  if (!system.exists("/sys/module")) return unknown<bool>("/sys/module", "cannot be seen");
  const std::string path = "/sys/module/" + name;
  return known(system.exists(path), path);
}

Fact<bool> imex_channels(const System& system) {
  const std::string folder = "/dev/nvidia-caps-imex-channels";
  const auto names = system.list(folder);
  if (names) return known(!names->empty(), folder);
  const bool is_absent = names.error().kind == Error::Kind::absent && system.exists("/dev");
  return is_absent ? known(false, folder) : unknown<bool>(names.error());
}

}  // namespace

std::string_view fabric_state_word(std::string_view text) {
  const std::size_t colon = text.find(':');
  return trim(colon == std::string_view::npos ? text : text.substr(colon + 1));
}

NetworkFacts probe_network(const System& system) {
  NetworkFacts facts;
  facts.interfaces = read_interfaces(system);
  facts.fabric_ports = read_fabric(system);
  facts.peer_memory_module = peer_memory_module(system);
  facts.umad_module = module_loaded(system, "ib_umad");
  facts.imex_channels = imex_channels(system);
  return facts;
}

}  // namespace diffcheck
