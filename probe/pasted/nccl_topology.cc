#include "probe/pasted/nccl_topology.h"

#include <expat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "probe/pci_address.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::string_view k_root = "system";
constexpr std::size_t k_deepest = 64;
constexpr std::size_t k_most_gpus = 72;  // an NVL72 rack
constexpr std::size_t k_most_nets = 64;
constexpr std::size_t k_most_links = 256;
constexpr std::size_t k_longest_value_bytes = 256;
constexpr std::int64_t k_most_links_to_one = 1024;
constexpr std::int64_t k_mbit_per_gbit = 1000;
constexpr std::int64_t k_most_mbps = 1'000'000'000;
constexpr std::uint32_t k_switch_class = 0x0680;  // "other bridge": NVSwitch

/// A link of a GPU's own, to a GPU or a switch.
struct OwnLink {
  std::string target;
  std::int64_t count = 0;
  bool to_switch = false;
};

struct GpuNode {
  std::size_t line = 0;
  std::optional<std::int64_t> device;  ///< The driver's number.
  std::string bus;
  std::string cpu;                    ///< NUMA number of the processor above it.
  std::vector<std::string> switches;  ///< PCI switches above it, the outermost first.
  std::string vendor, pci_device, sm, gcn, speed, width;
  bool tells_links = false;
  std::vector<OwnLink> links;
};

struct NetNode {
  std::size_t line = 0;
  std::string name, speed, port, guid;
};

struct Topology {
  std::size_t first_line = 0, last_line = 0;  ///< From 0.
  std::vector<GpuNode> gpus;
  std::vector<NetNode> nets;
};

class Attributes {
 public:
  explicit Attributes(const XML_Char** list) : list_(list) {}
  std::string operator[](std::string_view name) const {
    for (const XML_Char** at = list_; at[0] != nullptr; at += 2) {
      if (name == at[0]) return std::string(std::string_view(at[1]).substr(0, k_longest_value_bytes));
    }
    return {};
  }

 private:
  const XML_Char** list_;
};

std::optional<std::uint32_t> hexadecimal(std::string_view text) {
  if (text.starts_with("0x")) text.remove_prefix(2);
  return parse_integer<std::uint32_t>(text, 16);
}

/// Of a PCI class 0xccssff, ccss.
std::uint32_t class_of(const std::string& text) { return hexadecimal(text).value_or(0) >> 8U; }

/// VGA, 3D and other display controllers, and AMD's accelerators.
bool is_gpu_class(const std::string& text) {
  constexpr std::array<std::uint32_t, 4> k_classes = {0x0300, 0x0302, 0x0380, 0x1200};
  return std::ranges::find(k_classes, class_of(text)) != k_classes.end();
}

/// What expat calls back into.
class Collector {
 public:
  Collector(Topology& topology, XML_Parser parser) : topology_(topology), parser_(parser) {}

  void begin(std::string_view name, const Attributes& attributes) {
    if (open_.size() >= k_deepest) return XML_StopParser(parser_, XML_FALSE), void();
    open_.emplace_back(name == "pci" ? "pci " + attributes["busid"] : std::string(name));
    if (name == "cpu") cpu_ = attributes["numaid"];
    if (name == "pci" && is_gpu_class(attributes["class"])) add_gpu(attributes);
    if (name == "gpu") describe_gpu(attributes);
    if (name == "nvlink" || name == "xgmi") add_link(attributes);
    if (name == "net") add_net(attributes);
  }

  void end(std::string_view name) {
    if (!open_.empty()) open_.pop_back();
    if (name == "pci" || name == "gpu") in_gpu_ = in_gpu_ && name == "gpu";
  }

 private:
  std::size_t line() const {
    return topology_.first_line + static_cast<std::size_t>(XML_GetCurrentLineNumber(parser_)) - 1;
  }

  void add_gpu(const Attributes& attributes) {
    in_gpu_ = topology_.gpus.size() < k_most_gpus;
    if (!in_gpu_) return;
    GpuNode& gpu = topology_.gpus.emplace_back();
    gpu.line = line();
    gpu.bus = normalised_pci_address(attributes["busid"]).value_or("");
    gpu.cpu = cpu_;
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      if (open_[i].starts_with("pci ")) gpu.switches.push_back(open_[i]);
    }
    gpu.vendor = attributes["vendor"];
    gpu.pci_device = attributes["device"];
    gpu.speed = attributes["link_speed"];
    gpu.width = attributes["link_width"];
  }

  void describe_gpu(const Attributes& attributes) {
    if (!in_gpu_) return;
    GpuNode& gpu = topology_.gpus.back();
    gpu.device = whole_number(attributes["dev"]);
    gpu.sm = attributes["sm"];
    gpu.gcn = attributes["gcn"];
    gpu.tells_links = true;
  }

  void add_link(const Attributes& attributes) {
    if (!in_gpu_) return;
    GpuNode& gpu = topology_.gpus.back();
    const auto count = whole_number(attributes["count"]);
    if (gpu.links.size() >= k_most_links || !count || *count < 1 || *count > k_most_links_to_one) return;
    gpu.links.push_back({normalised_pci_address(attributes["target"]).value_or(""), *count,
                         class_of(attributes["tclass"]) == k_switch_class});
  }

  void add_net(const Attributes& attributes) {
    if (topology_.nets.size() >= k_most_nets) return;
    topology_.nets.push_back({line(), attributes["name"], attributes["speed"], attributes["port"], attributes["guid"]});
  }

  Topology& topology_;
  XML_Parser parser_;
  std::vector<std::string> open_;  ///< Names of the elements that are open; of a PCI device with its address.
  std::string cpu_;
  bool in_gpu_ = false;
};

void on_begin(void* collector, const XML_Char* name, const XML_Char** attributes) {
  static_cast<Collector*>(collector)->begin(name, Attributes(attributes));
}
void on_end(void* collector, const XML_Char* name) { static_cast<Collector*>(collector)->end(name); }

/// Gives expat the lines from the root element on, until its end or the first mistake. What stands before it, a
/// document type with entities too, never reaches expat.
Topology read_from(const Text& text, std::size_t begin, std::size_t column) {
  Topology topology;
  topology.first_line = topology.last_line = begin;
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(XML_ParserCreate("UTF-8"), XML_ParserFree);
  if (parser == nullptr) return topology;
  Collector collector(topology, parser.get());
  XML_SetUserData(parser.get(), &collector);
  XML_SetElementHandler(parser.get(), on_begin, on_end);
  const std::string mark = "</" + std::string(k_root) + ">";
  for (std::size_t i = begin; i < text.lines.size(); ++i) {
    std::string_view line = text.lines[i];
    if (i == begin) line.remove_prefix(column);
    const std::size_t end = line.find(mark);
    if (end != std::string_view::npos) line = line.substr(0, end + mark.size());
    const std::string fed = std::string(line) + "\n";
    topology.last_line = i;
    if (XML_Parse(parser.get(), fed.data(), static_cast<int>(fed.size()), 0) != XML_STATUS_OK) break;
    if (end != std::string_view::npos) break;
  }
  return topology;
}

/// The generation of PCIe whose lanes have that rate: "16 GT/s", "16.0 GT/s PCIe".
std::optional<std::int64_t> pcie_generation(std::string_view speed) {
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> k_rates = {
      {{"2.5", 1}, {"5", 2}, {"8", 3}, {"16", 4}, {"32", 5}, {"64", 6}}};
  std::string_view rate = first_word(speed);
  if (rate.ends_with(".0")) rate.remove_suffix(2);
  const auto found = std::ranges::find_if(k_rates, [&](const auto& one) { return one.first == rate; });
  return found == k_rates.end() ? std::nullopt : std::optional(found->second);
}

/// "908", "gfx942"; older RCCL writes the last digit of gfx90a in decimal.
std::string gfx_name(const std::string& gcn) {
  if (gcn.starts_with("gfx")) return gcn;
  return gcn == "910" ? "gfx90a" : "gfx" + gcn;
}

void tell_gpu(const GpuNode& node, std::int64_t number, Part& part) {
  const std::string source = part.take(node.line);
  Gpu& gpu = part.gpus.emplace_back();
  gpu.index = number;
  GpuFacts& facts = gpu.facts;
  const auto vendor = hexadecimal(node.vendor);
  const auto device = hexadecimal(node.pci_device);
  const bool is_amd = !node.gcn.empty() || vendor == 0x1002U;
  const bool is_nvidia = !is_amd && (vendor == 0x10deU || !node.sm.empty());
  if (is_amd || is_nvidia) facts.vendor = known<std::string>(is_amd ? "amd" : "nvidia", source);
  if (!node.bus.empty()) facts.pci_bus_id = known(node.bus, source);
  if (vendor && device && *vendor != 0xffffU) facts.pci_device_id = known(pci_id(*vendor, *device), source);
  const auto capability = is_nvidia ? ComputeCapability::parse("sm_" + node.sm) : std::nullopt;
  if (capability) facts.compute_capability = known(*capability, source);
  if (is_amd && !node.gcn.empty()) facts.gfx_target = known(gfx_name(node.gcn), source);
  const auto numa = whole_number(node.cpu);
  if (numa && *numa >= 0) facts.numa_node = known(*numa, source);
  if (const auto generation = pcie_generation(node.speed)) facts.pcie.max_generation = known(*generation, source);
  const auto width = whole_number(node.width);
  if (width && *width > 0) facts.pcie.max_width = known(*width, source);
}

/// PIX: one switch joins them; PXB: several; PHB: the processor does; SYS: two processors are between them.
std::string way_over_pci(const GpuNode& left, const GpuNode& right) {
  if (left.cpu != right.cpu) return "SYS";
  const auto [end, other] = std::ranges::mismatch(left.switches, right.switches);
  if (end == left.switches.begin()) return "PHB";
  return end == left.switches.end() && other == right.switches.end() ? "PIX" : "PXB";
}

/// How many links join two GPUs, directly or through switches.
std::int64_t links_between(const GpuNode& left, const GpuNode& right) {
  std::int64_t direct = 0;
  for (const OwnLink& link : left.links) direct += !link.to_switch && link.target == right.bus ? link.count : 0;
  const auto to_switches = [](const GpuNode& node) {
    std::int64_t count = 0;
    for (const OwnLink& link : node.links) count += link.to_switch ? link.count : 0;
    return count;
  };
  return direct + std::min(to_switches(left), to_switches(right));
}

void tell_links(const Topology& topology, const std::vector<std::int64_t>& numbers, Part& part) {
  for (std::size_t i = 0; i < topology.gpus.size(); ++i) {
    for (std::size_t j = 0; j < topology.gpus.size(); ++j) {
      if (i == j) continue;
      const GpuNode& from = topology.gpus[i];
      const GpuNode& to = topology.gpus[j];
      const std::string source = part.take(from.line);
      Link& link = part.links.emplace_back();
      link.from = numbers[i];
      link.to = numbers[j];
      link.source = source;
      if (from.tells_links && to.tells_links) link.facts.nvlink_active_links = known(links_between(from, to), source);
      link.facts.common_ancestor = known(way_over_pci(from, to), source);
    }
  }
}

/// An adapter with a number of its own is InfiniBand, RoCE or the like; NCCL's sockets have none.
void tell_net(const NetNode& net, Part& part) {
  const auto mbps = whole_number(net.speed);
  if (net.name.empty() || !mbps || *mbps < 1 || *mbps > k_most_mbps) return;
  const std::string source = part.take(net.line);
  NetworkFacts& network = part.facts.network;
  const bool is_socket = net.guid.empty() || net.guid == "0x0" || net.guid == "0";
  if (is_socket) {
    InterfaceFacts& interface = network.interfaces.emplace_back();
    interface.name = known(net.name, source);
    interface.state = known<std::string>("up", source);
    interface.speed_mbps = known(*mbps, source);
    interface.physical = known(true, source);
    return;
  }
  FabricPortFacts& port = network.fabric_ports.emplace_back();
  port.device = known(net.name, source);
  if (const auto number = whole_number(net.port)) port.port = known(*number, source);
  port.state = known<std::string>("ACTIVE", source);  // NCCL leaves out the others
  port.rate_gbps = known(*mbps / k_mbit_per_gbit, source);
}

/// The driver's numbers where all GPUs have one, else their order.
std::vector<std::int64_t> numbers_of(const Topology& topology) {
  std::vector<std::int64_t> numbers;
  for (const GpuNode& gpu : topology.gpus) {
    const bool is_new = gpu.device && *gpu.device >= 0 && std::ranges::find(numbers, *gpu.device) == numbers.end();
    if (!is_new) break;
    numbers.push_back(*gpu.device);
  }
  if (numbers.size() == topology.gpus.size()) return numbers;
  numbers.resize(topology.gpus.size());
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::int64_t>(i);
  return numbers;
}

}  // namespace

std::vector<Part> read_nccl_topologies(const Text& text) {
  std::vector<Part> parts;
  const std::string mark = '<' + std::string(k_root) + ' ';
  for (std::size_t i = 0; i < text.lines.size() && parts.size() < k_most_parts; ++i) {
    const std::size_t at = text.lines[i].find(mark);
    if (at == std::string::npos || text.lines[i].find("version", at) == std::string::npos) continue;
    const Topology topology = read_from(text, i, at);
    i = topology.last_line;
    if (topology.gpus.empty() && topology.nets.empty()) continue;
    Part& part = parts.emplace_back("NCCL topology");
    part.take(topology.first_line);
    const std::vector<std::int64_t> numbers = numbers_of(topology);
    for (std::size_t gpu = 0; gpu < topology.gpus.size(); ++gpu) tell_gpu(topology.gpus[gpu], numbers[gpu], part);
    tell_links(topology, numbers, part);
    for (const NetNode& net : topology.nets) tell_net(net, part);
    part.take(topology.last_line);
  }
  return parts;
}

}  // namespace diffcheck::pasted
