#include "rules/machine_spec.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

#include "rules/gpu_products.h"
#include "rules/nearest.h"
#include "rules/torch_support.h"

namespace diffcheck {
namespace {

constexpr std::int64_t k_most_gpus_a_node = 72;  // an NVL72 rack is the largest machine sold as one node
constexpr std::int64_t k_most_nodes = 65'536;
constexpr const char* k_source = "--machine";

struct Counts {
  std::int64_t nodes = 1;
  std::int64_t gpus = 1;
  std::string gpu;
};

std::optional<std::int64_t> leading_count(std::string_view& text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos || (text[end] != 'x' && text[end] != 'X')) return std::nullopt;
  std::int64_t value = 0;
  const auto [last, error] = std::from_chars(text.data(), text.data() + end, value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(end + 1);
  return value;
}

Counts counts_of(std::string_view spec) {
  Counts counts;
  const auto first = leading_count(spec);
  const auto second = first ? leading_count(spec) : std::nullopt;
  if (second) {
    counts.nodes = *first;
    counts.gpus = *second;
  } else if (first) {
    counts.gpus = *first;
  }
  counts.gpu = std::string(spec);
  return counts;
}

Error refused(const std::string& spec, std::string what) {
  return Error{Error::Kind::invalid, "--machine " + spec, std::move(what)};
}

GpuFacts gpu_of(const GpuProduct& product, std::int64_t index) {
  std::array<char, 16> bus{};
  std::snprintf(bus.data(), bus.size(), "0000:%02x:00.0", static_cast<unsigned>(index + 1));
  GpuFacts gpu;
  gpu.vendor = known(product.vendor, k_source);
  gpu.name = known(product.name, k_source);
  gpu.product = known(product.id, k_source);
  gpu.pci_bus_id = known<std::string>(bus.data(), k_source);
  gpu.visible = known(true, k_source);
  gpu.cuda_index = known(index, k_source);
  gpu.memory.total_bytes = known(Bytes{product.usable_memory_bytes.value_or(product.memory_bytes)}, product.origin);
  return gpu;
}

/// NVLink between every pair, or between none; how many links there are is not known.
void add_nvlink(Snapshot& snapshot, bool is_there, const std::string& source) {
  for (GpuFacts& gpu : snapshot.gpus) {
    for (const GpuFacts& peer : snapshot.gpus) {
      if (peer.pci_bus_id == gpu.pci_bus_id) continue;
      GpuLinkFacts facts;
      facts.peer_pci_bus_id = peer.pci_bus_id;
      facts.nvlink_version = is_there ? known<std::string>("given", source) : absent<std::string>(source);
      if (is_there) facts.p2p_read = facts.p2p_write = known<std::string>("OK", source);
      gpu.links.push_back(std::move(facts));
    }
  }
}

/// `--link` as facts of each pair of GPUs.
std::optional<Error> add_links(Snapshot& snapshot, const std::string& spec, const std::string& link) {
  constexpr std::int64_t x16 = 16;
  if (link == "nvlink") {
    add_nvlink(snapshot, true, "--link nvlink");
    return std::nullopt;
  }
  std::int64_t generation = 0;
  const std::string_view digits = link.starts_with("pcie") ? std::string_view(link).substr(4) : std::string_view();
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), generation);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || generation < 1 ||
      generation > 7) {
    return Error{Error::Kind::invalid, "--link " + link,
                 "expected nvlink, pcie3, pcie4, pcie5 or pcie6 for --machine " + spec};
  }
  for (GpuFacts& gpu : snapshot.gpus) {
    gpu.pcie.max_generation = known(generation, "--link " + link);
    gpu.pcie.max_width = known(x16, "--link " + link);
  }
  add_nvlink(snapshot, false, "--link " + link);
  return std::nullopt;
}

/// `--network` as one adapter a node: "ib-400", "roce-200", "eth-100", in Gbit/s.
std::optional<Error> add_network(Snapshot& snapshot, const std::string& network) {
  constexpr std::int64_t k_fastest_gbps = 100'000;
  constexpr std::int64_t k_mbit_per_gbit = 1000;
  const std::size_t dash = network.find('-');
  const std::string kind = network.substr(0, dash);
  const std::string_view digits = dash == std::string::npos ? "" : std::string_view(network).substr(dash + 1);
  std::int64_t gbps = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), gbps);
  const bool is_known = kind == "ib" || kind == "roce" || kind == "eth";
  const bool is_number = error == std::errc() && end == digits.data() + digits.size();
  const std::string source = "--network " + network;
  if (!is_known || !is_number || gbps < 1 || gbps > k_fastest_gbps) {
    return Error{Error::Kind::invalid, source,
                 "expected ib-N, roce-N or eth-N with the rate in Gbit/s, such as ib-400 or eth-100"};
  }
  if (kind == "eth") {
    InterfaceFacts interface;
    interface.name = known<std::string>("eth0", source);
    interface.state = known<std::string>("up", source);
    interface.speed_mbps = known(gbps * k_mbit_per_gbit, source);
    interface.physical = known(true, source);
    snapshot.network.interfaces.push_back(std::move(interface));
    return std::nullopt;
  }
  FabricPortFacts port;
  port.device = known<std::string>("mlx5_0", source);
  port.port = known<std::int64_t>(1, source);
  port.link_layer = known<std::string>(kind == "ib" ? "InfiniBand" : "Ethernet", source);
  port.state = known<std::string>("ACTIVE", source);
  port.rate_gbps = known(gbps, source);
  snapshot.network.fabric_ports.push_back(std::move(port));
  return std::nullopt;
}

}  // namespace

Result<SimulatedMachine> machine_from_spec(const std::string& spec, const MachineOptions& options,
                                           const Knowledge& knowledge) {
  const Counts counts = counts_of(spec);
  if (counts.gpus < 1 || counts.gpus > k_most_gpus_a_node)
    return refused(spec, "expected 1 to " + std::to_string(k_most_gpus_a_node) + " GPUs a node");
  if (counts.nodes < 1 || counts.nodes > k_most_nodes)
    return refused(spec, "expected 1 to " + std::to_string(k_most_nodes) + " nodes");
  const GpuProduct* product = find_gpu_product(knowledge, counts.gpu);
  if (product == nullptr) {
    std::vector<std::string> names;
    for (const GpuProduct& known_product : knowledge.gpus) names.push_back(known_product.id);
    return refused(spec, "expected [NODESx]COUNTxGPU; no GPU is called \"" + counts.gpu + "\"" +
                             nearest_clause(counts.gpu, names));
  }
  SimulatedMachine machine;
  machine.nodes = counts.nodes;
  for (std::int64_t i = 0; i < counts.gpus; ++i) machine.snapshot.gpus.push_back(gpu_of(*product, i));
  machine.snapshot.complete.gpus = known(true, k_source);
  machine.snapshot.complete.env = known(true, k_source);
  if (options.sockets) machine.snapshot.cpu.sockets = known(*options.sockets, "--sockets");
  if (options.link) {
    if (auto error = add_links(machine.snapshot, spec, *options.link)) return *error;
  }
  if (options.network) {
    if (auto error = add_network(machine.snapshot, *options.network)) return *error;
  }
  return machine;
}

Snapshot with_assumptions(Snapshot snapshot, const Knowledge& knowledge, std::vector<Message>& assumptions) {
  for (const Assumption& assumption : knowledge.assumptions) {
    // What was said or follows from it (torch's CUDA, its cuDNN) comes before what is taken for granted.
    snapshot = with_torch_facts(std::move(snapshot), knowledge);
    FactTable facts;
    facts.add_all("", snapshot);
    if (!facts.find(assumption.fact).is_unset()) continue;
    if (assumption.when && decide(*assumption.when, Scope().add(facts)) != Truth::yes) continue;
    auto changed = with_override(snapshot, assumption.fact, assumption.value, assumption.origin);
    if (!changed) continue;  // the loader has checked path and value
    snapshot = *std::move(changed);
    assumptions.push_back(assumption.text);
  }
  return snapshot;
}

}  // namespace diffcheck
