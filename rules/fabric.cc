#include "rules/fabric.h"

#include <algorithm>

#include "rules/engine_variant.h"
#include "rules/gpu_products.h"
#include "rules/link_matrix.h"
#include "rules/run_size.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

constexpr double k_bytes_per_gigabyte = 1e9;
constexpr double k_bits_per_byte = 8;
constexpr std::int64_t k_all_lanes = 16;
constexpr std::int64_t k_mbit_per_gbit = 1000;
constexpr std::int64_t k_most_gbps = 1'000'000;  // of one port; what is told above it is no rate

Range spread_around(double gigabytes_per_second, double spread) {
  const double bytes = gigabytes_per_second * k_bytes_per_gigabyte;
  return {bytes * (1 - spread), bytes, bytes * (1 + spread)};
}

double gigabytes(const LinkClass& link, double nominal) {
  const double reached = link.gbps ? *link.gbps : nominal * link.share_of_nominal.value_or(1);
  return link.most_gbps ? std::min(reached, *link.most_gbps) : reached;
}

const GpuFacts& gpu_at(const JudgedCase& judged, std::size_t rank) { return judged.snapshot.gpus[judged.gpus[rank]]; }

class FabricReader {
 public:
  explicit FabricReader(const JudgedCase& judged) : judged_(judged) {}

  Fabric run() {
    fabric_.gpus_per_node = gpus_per_node(judged_);
    fabric_.nodes = node_count(judged_);
    fabric_.sockets.assign(static_cast<std::size_t>(fabric_.gpus_per_node), 0);
    if (judged_.gpus.size() > 1) read_link();
    if (fabric_.nodes > 1) read_network();
    return std::move(fabric_);
  }

 private:
  void assume(const std::string& text, const Words& words) {
    fabric_.assumptions.push_back(say(judged_.knowledge, text, words));
  }

  void read_link() {
    const GpuProduct* product = product_of(judged_.knowledge, gpu_at(judged_, 0));
    const LinkMatrix links = own_links(judged_);
    const Truth told = links.every_pair();
    const bool has_own_link = product != nullptr && product->link_bidirectional_gbps && !product->link_is_bridge;
    // A generation of PCIe that a person gave stands for the absence of other links; see machine_from_spec.
    if (told == Truth::yes || (told == Truth::unknown && has_own_link)) {
      if (told == Truth::unknown) assume("link-assumed", {{"link", product->link_kind}});
      return take_own_link(product);
    }
    take_pcie(product, told == Truth::no);
    read_sockets();
    take_bridges(product, links);
  }

  void take_own_link(const GpuProduct* product) {
    if (product == nullptr || !product->link_bidirectional_gbps) {
      fabric_.unknown = say(judged_.knowledge, "link-rate-unknown", {{"gpu", name_of_gpu()}});
      return;
    }
    const LinkClass* link = own_link_of(*product);
    if (link == nullptr) {
      fabric_.unknown = say(judged_.knowledge, "link-class-unknown", {{"link", product->link_kind}});
      return;
    }
    take(*link, gigabytes(*link, *product->link_bidirectional_gbps / 2), link->all_to_all_exponent);
  }

  const LinkClass* own_link_of(const GpuProduct& product) const {
    return find([&](const LinkClass& one) { return one.kind == product.link_kind; });
  }

  /// Some pairs have a link of their own, all others PCIe. Where its rate is not known, PCIe is the bound.
  void take_bridges(const GpuProduct* product, const LinkMatrix& links) {
    if (!links.some_pair() || product == nullptr || !product->link_bidirectional_gbps) return;
    const LinkClass* link = own_link_of(*product);
    if (link == nullptr) return;
    fabric_.bridge = PairLink{spread_around(gigabytes(*link, *product->link_bidirectional_gbps / 2), link->spread),
                              link->all_reduce_share, link->all_to_all_exponent};
    fabric_.bridge_kind = link->kind;
    fabric_.bridged.resize(links.ranks * links.ranks);
    for (std::size_t i = 0; i < links.ranks; ++i) {
      for (std::size_t j = 0; j < links.ranks; ++j)
        fabric_.bridged[i * links.ranks + j] = links.at(i, j) == Truth::yes && links.at(j, i) == Truth::yes;
    }
    fabric_.grade = weaker(fabric_.grade, link->grade);
  }

  void take_pcie(const GpuProduct* product, bool told) {
    std::optional<std::int64_t> generation;
    std::int64_t lanes = k_all_lanes;
    for (std::size_t rank = 0; rank < judged_.gpus.size(); ++rank) {
      const GpuPcieFacts& pcie = gpu_at(judged_, rank).pcie;
      const auto& of_gpu = pcie.max_generation.is_known() ? pcie.max_generation : pcie.generation;
      const auto& width = pcie.max_width.is_known() ? pcie.max_width : pcie.width;
      if (of_gpu.is_known()) generation = std::min(generation.value_or(of_gpu.value()), of_gpu.value());
      if (width.is_known() && width.value() > 0) lanes = std::min(lanes, width.value());
    }
    if (!generation && product != nullptr && product->pcie_generation) {
      generation = product->pcie_generation;
      lanes = product->pcie_lanes.value_or(k_all_lanes);
      if (!told) assume("link-assumed", {{"link", "PCIe " + std::to_string(*generation)}});
    }
    const bool peers = peers_reach_each_other(product);
    const LinkClass* link = find([&](const LinkClass& one) {
      return one.kind == "pcie" && one.generation == generation && one.peer_access == peers;
    });
    if (link == nullptr) {
      const std::string name = generation ? "PCIe " + std::to_string(*generation) : "PCIe";
      fabric_.unknown = say(judged_.knowledge, "link-class-unknown", {{"link", name}});
      return;
    }
    const Truth split = several_sockets();
    const double exponent = split == Truth::yes  ? link->all_to_all_exponent_split
                            : split == Truth::no ? link->all_to_all_exponent
                                                 : link->all_to_all_exponent_untold;
    const double share_of_lanes = static_cast<double>(lanes) / static_cast<double>(k_all_lanes);
    take(*link, gigabytes(*link, 0) * share_of_lanes, exponent);
  }

  bool peers_reach_each_other(const GpuProduct* product) const {
    for (std::size_t rank = 0; rank < judged_.gpus.size(); ++rank) {
      for (const GpuLinkFacts& link : gpu_at(judged_, rank).links) {
        if (link.p2p_read.is_known()) return link.p2p_read.value() == "OK";
      }
    }
    return product == nullptr ||
           std::none_of(judged_.knowledge.links.begin(), judged_.knowledge.links.end(), [&](const LinkClass& link) {
             return !link.without_peer_access.empty() && matches_any(link.without_peer_access, product->id);
           });
  }

  void take(const LinkClass& link, double gigabytes_per_second, double all_to_all_exponent) {
    fabric_.kind = link.kind;
    fabric_.pair_bytes_per_second = spread_around(gigabytes_per_second, link.spread);
    fabric_.all_reduce_share = link.all_reduce_share;
    fabric_.all_to_all_exponent = all_to_all_exponent;
    fabric_.grade = link.grade;
  }

  /// Whether the machine has several processors. Where it is not told: few GPUs hang on one, more may be on two.
  Truth several_sockets() const {
    const auto& sockets = judged_.snapshot.cpu.sockets;
    if (sockets.is_known()) return truth_of(sockets.value() > 1);
    const auto& packages = judged_.snapshot.topology.packages;
    if (packages.is_known()) return truth_of(packages.value() > 1);
    const LinkClass* link = between_sockets();
    const bool may_be = link == nullptr || !link->most_gpus || fabric_.gpus_per_node > *link->most_gpus;
    return may_be ? Truth::unknown : Truth::no;
  }

  const LinkClass* between_sockets() const {
    return find([](const LinkClass& one) { return one.kind == "sockets"; });
  }

  void read_sockets() {
    const LinkClass* link = between_sockets();
    if (link != nullptr) fabric_.socket_bytes_per_second = spread_around(gigabytes(*link, 0), link->spread);
    if (places_from_facts()) return;
    const auto& told = judged_.snapshot.cpu.sockets;
    const std::int64_t sockets = told.is_known()                  ? std::max<std::int64_t>(1, told.value())
                                 : several_sockets() == Truth::no ? 1
                                                                  : 2;
    if (!told.is_known() && sockets > 1) assume("sockets-assumed", {{"sockets", std::to_string(sockets)}});
    const std::int64_t on_each = (fabric_.gpus_per_node + sockets - 1) / sockets;
    for (std::int64_t rank = 0; rank < fabric_.gpus_per_node; ++rank)
      fabric_.sockets[static_cast<std::size_t>(rank)] = rank / on_each;
  }

  bool places_from_facts() {
    for (std::size_t rank = 0; rank < judged_.gpus.size(); ++rank) {
      const GpuFacts& gpu = gpu_at(judged_, rank);
      const auto place = std::find_if(judged_.snapshot.topology.pci.begin(), judged_.snapshot.topology.pci.end(),
                                      [&](const PciLocalityFacts& one) {
                                        return one.pci_bus_id.is_known() && gpu.pci_bus_id.is_known() &&
                                               one.pci_bus_id.value() == gpu.pci_bus_id.value();
                                      });
      const bool has_place = place != judged_.snapshot.topology.pci.end() && place->package.is_known();
      if (!has_place && !gpu.numa_node.is_known()) return false;
      fabric_.sockets[rank] = has_place ? place->package.value() : gpu.numa_node.value();
    }
    return true;
  }

  void read_network() {
    const auto network = network_of(judged_.snapshot);
    if (!network) return;
    const LinkClass* link = find([&](const LinkClass& one) { return one.kind == network->kind; });
    if (link == nullptr) return;
    const double nominal = static_cast<double>(network->mbps) / static_cast<double>(k_mbit_per_gbit) / k_bits_per_byte;
    fabric_.network_kind = network->kind;
    fabric_.node_bytes_per_second = spread_around(gigabytes(*link, nominal), link->spread);
    fabric_.network_grade = link->grade;
  }

  template <class Matches>
  const LinkClass* find(const Matches& matches) const {
    const auto& links = judged_.knowledge.links;
    const auto found = std::find_if(links.begin(), links.end(), matches);
    return found == links.end() ? nullptr : &*found;
  }

  std::string name_of_gpu() const {
    const auto& name = gpu_at(judged_, 0).name;
    return name.is_known() ? name.value() : "GPU";
  }

  const JudgedCase& judged_;
  Fabric fabric_;
};

/// No rate is above that of `other`, which has as many GPUs and nodes.
void slow_down(Fabric& fabric, const Fabric& other) {
  if (fabric.unknown.empty()) fabric.unknown = other.unknown;
  if (other.pair_bytes_per_second.value < fabric.pair_bytes_per_second.value) {
    fabric.pair_bytes_per_second = other.pair_bytes_per_second;
    fabric.kind = other.kind;
  }
  fabric.all_reduce_share = std::min(fabric.all_reduce_share, other.all_reduce_share);
  fabric.all_to_all_exponent = std::max(fabric.all_to_all_exponent, other.all_to_all_exponent);
  // A pair is as good as on its worst node: joined only where it is everywhere.
  if (!fabric.bridge || !other.bridge) {
    fabric.bridge.reset();
    fabric.bridged.clear();
  } else {
    if (other.bridge->pair_bytes_per_second.value < fabric.bridge->pair_bytes_per_second.value) {
      fabric.bridge = other.bridge;
      fabric.bridge_kind = other.bridge_kind;
    }
    for (std::size_t i = 0; i < fabric.bridged.size(); ++i) fabric.bridged[i] = fabric.bridged[i] && other.bridged[i];
  }
  if (other.socket_bytes_per_second && (!fabric.socket_bytes_per_second ||
                                        other.socket_bytes_per_second->value < fabric.socket_bytes_per_second->value)) {
    fabric.socket_bytes_per_second = other.socket_bytes_per_second;
    fabric.sockets = other.sockets;
  }
  if (!other.node_bytes_per_second) fabric.node_bytes_per_second.reset();
  if (fabric.node_bytes_per_second && other.node_bytes_per_second &&
      other.node_bytes_per_second->value < fabric.node_bytes_per_second->value) {
    fabric.node_bytes_per_second = other.node_bytes_per_second;
    fabric.network_kind = other.network_kind;
  }
  fabric.grade = weaker(fabric.grade, other.grade);
  fabric.network_grade = weaker(fabric.network_grade, other.network_grade);
  for (const Message& assumption : other.assumptions) {
    if (std::find(fabric.assumptions.begin(), fabric.assumptions.end(), assumption) == fabric.assumptions.end())
      fabric.assumptions.push_back(assumption);
  }
}

}  // namespace

std::optional<NodeNetwork> network_of(const Snapshot& snapshot) {
  NodeNetwork network{"infiniband", 0};
  for (const FabricPortFacts& port : snapshot.network.fabric_ports) {
    const bool active = port.state.is_known() && port.state.value() == "ACTIVE";
    const bool is_told = active && port.rate_gbps.is_known() && port.rate_gbps.value() > 0;
    if (is_told) network.mbps += std::min(port.rate_gbps.value(), k_most_gbps) * k_mbit_per_gbit;
  }
  if (network.mbps > 0) return network;
  network.kind = "ethernet";
  for (const InterfaceFacts& interface : snapshot.network.interfaces) {
    const bool up = interface.state.is_known() && interface.state.value() == "up" && interface.physical.is_known() &&
                    interface.physical.value();
    if (up && interface.speed_mbps.is_known())
      network.mbps = std::max(network.mbps, std::min(interface.speed_mbps.value(), k_most_gbps * k_mbit_per_gbit));
  }
  return network.mbps > 0 ? std::optional(network) : std::nullopt;
}

Fabric fabric_of(const JudgedCase& judged) {
  Fabric fabric = FabricReader(judged).run();
  for (const JudgedCase& other : judged.other_nodes) slow_down(fabric, FabricReader(other).run());
  return fabric;
}

Fabric part_of(const Fabric& fabric, const Placement& placement) {
  Fabric part = fabric;
  const auto before = static_cast<std::size_t>(fabric.gpus_per_node);
  const auto left = std::min(before, static_cast<std::size_t>(placement.gpus_per_node));
  part.nodes = placement.nodes;
  part.gpus_per_node = static_cast<std::int64_t>(left);
  part.sockets.resize(std::min(left, part.sockets.size()));
  if (!part.bridged.empty()) {
    part.bridged.clear();
    for (std::size_t i = 0; i < left; ++i) {
      for (std::size_t j = 0; j < left; ++j) part.bridged.push_back(fabric.bridged[i * before + j]);
    }
  }
  return part;
}

}  // namespace diffcheck
