#include "probe/pasted/rocminfo.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "probe/pasted/part_series.h"
#include "probe/pci_address.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::string_view k_format = "rocminfo";
/// An agent's caches, pools and instruction sets are some hundred lines.
constexpr std::size_t k_widest_gap_lines = 60;
constexpr std::size_t k_most_gpus = 256;
constexpr std::int64_t k_most_kibibytes = std::int64_t{1} << 40;

class Reader {
 public:
  explicit Reader(const Text& text) : text_(text) {}

  std::vector<Part> read() {
    return series_.read(
        text_, [&](std::size_t i) { read_line(i); }, [&] { finish(); });
  }

 private:
  void read_line(std::size_t i) {
    const std::string_view line = trim(text_.lines[i]);
    if (line == "HSA Agents" || is_agent(line)) {
      end_agent();
      part_.take(i);
      is_in_agent_ = is_agent(line);
    } else if (is_in_agent_) {
      read_key(line, i);
    }
  }

  static bool is_agent(std::string_view line) {
    return line.starts_with("Agent ") && whole_number(line.substr(6)).has_value();
  }

  void finish() {
    end_agent();
    if (series_.has_own_line()) part_.facts.complete.gpus = known(true, last_source_);
    series_.finish();
    is_in_agent_ = false;
  }

  /// Keeps the agent at hand where it is a GPU.
  void end_agent() {
    const bool is_gpu = std::exchange(is_gpu_, false);
    Gpu gpu = std::exchange(gpu_, Gpu());
    is_coarse_ = has_name_ = false;
    if (!is_gpu || part_.gpus.size() >= k_most_gpus) return;
    gpu.index = static_cast<std::int64_t>(part_.gpus.size());
    series_.count_own_line();
    part_.gpus.push_back(std::move(gpu));
  }

  void read_key(std::string_view line, std::size_t index) {
    const auto [key, value] = key_value(line);
    if (key.empty() || value.empty()) return;
    const std::string source = part_.take(index);
    last_source_ = source;
    GpuFacts& facts = gpu_.facts;
    // Each instruction set below has a name as well: "amdgcn-amd-amdhsa--gfx942:sramecc+:xnack-".
    if (key == "Name" && !std::exchange(has_name_, true) && value.starts_with("gfx"))
      facts.gfx_target = text_fact(value, source);
    if (key == "Uuid" && value.starts_with("GPU-") && value != "GPU-XX") facts.uuid = uuid_fact(value, source);
    if (key == "Marketing Name") facts.name = text_fact(value, source);
    if (key == "Vendor Name" && value == "AMD") facts.vendor = known<std::string>("amd", source);
    if (key == "Device Type") is_gpu_ = value == "GPU";
    if (key == "Chip ID") read_chip(value, source);
    if (key == "BDFID") read_address(value, source);
    if (key == "Segment")
      is_coarse_ = value.starts_with("GLOBAL") && value.find("COARSE GRAINED") != std::string_view::npos;
    if (key == "Size" && std::exchange(is_coarse_, false)) read_memory(value, source);
  }

  /// "29857(0x74a1)"
  void read_chip(std::string_view value, const std::string& source) {
    constexpr std::uint32_t k_amd = 0x1002;
    const auto chip = whole_number(value.substr(0, value.find('(')));
    if (chip && *chip <= UINT16_MAX)
      gpu_.facts.pci_device_id = known(pci_id(k_amd, static_cast<std::uint32_t>(*chip)), source);
  }

  /// Bus, device and function in one number; the domain is a key of its own, 0 where it is not printed.
  void read_address(std::string_view value, const std::string& source) {
    const auto number = whole_number(first_word(value));
    if (!number || *number <= 0 || *number > UINT16_MAX) return;
    const auto bdf = static_cast<std::uint32_t>(*number);
    gpu_.facts.pci_bus_id = known(pci_address(0, bdf >> 8U, bdf >> 3U & 0x1fU, bdf & 7U), source);
  }

  /// "201310208(0xbffc000) KB" of the pool that holds what programs allocate.
  void read_memory(std::string_view value, const std::string& source) {
    const auto kibibytes = whole_number(value.substr(0, value.find('(')));
    if (kibibytes && *kibibytes < k_most_kibibytes && value.ends_with("KB"))
      gpu_.facts.memory.total_bytes = known(Bytes{*kibibytes * 1024}, source);
  }

  const Text& text_;
  PartSeries series_{k_format, k_widest_gap_lines};
  Part& part_ = series_.part();
  Gpu gpu_;
  std::string last_source_;
  bool is_in_agent_ = false;
  bool is_gpu_ = false;
  bool has_name_ = false;
  bool is_coarse_ = false;
};

}  // namespace

std::vector<Part> read_rocminfo(const Text& text) { return Reader(text).read(); }

}  // namespace diffcheck::pasted
