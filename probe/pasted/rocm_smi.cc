#include "probe/pasted/rocm_smi.h"

#include <algorithm>
#include <array>
#include <optional>

#include "probe/pasted/part_series.h"
#include "probe/pci_address.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::string_view k_format = "rocm-smi";
constexpr std::size_t k_widest_gap_lines = 12;
constexpr std::size_t k_most_gpus = 256;
constexpr std::size_t k_most_columns = 64;
constexpr std::uint32_t k_amd = 0x1002;
constexpr std::uint64_t k_most_memory_bytes = std::uint64_t{1} << 50;

/// "GPU[3]\t\t: Card series: ..." -> 3 and what follows the first colon.
struct Line {
  std::int64_t gpu = 0;
  std::string_view rest;
};
std::optional<Line> line_of(std::string_view line) {
  constexpr std::string_view mark = "GPU[";
  line = trim(line);
  const std::size_t close = line.find(']');
  if (!line.starts_with(mark) || close == std::string_view::npos) return std::nullopt;
  const auto number = whole_number(line.substr(mark.size(), close - mark.size()));
  const std::string_view rest = trim(line.substr(close + 1));
  constexpr std::int64_t k_highest = 255;
  if (!number || *number > k_highest || !rest.starts_with(':')) return std::nullopt;
  return Line{*number, trim(rest.substr(1))};
}

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
    if (const auto told = line_of(line)) {
      read_property(*told, i);
    } else if (!read_table(line, i)) {
      read_csv(line, i);
    }
  }

  void finish() {
    series_.finish();
    columns_.clear();
    is_table_ = false;
  }

  GpuFacts* gpu(std::int64_t number, const std::string& source) {
    const auto found = std::ranges::find_if(part_.gpus, [&](const Gpu& one) { return one.index == number; });
    if (found != part_.gpus.end()) return &found->facts;
    if (part_.gpus.size() >= k_most_gpus) return nullptr;
    Gpu& added = part_.gpus.emplace_back();
    added.index = number;
    added.facts.vendor = known<std::string>("amd", source);
    part_.facts.complete.gpus = known(true, source);
    return &added.facts;
  }

  /// "Card series: AMD Instinct MI300X OAM", "VRAM Total Memory (B): 206141652992"
  void read_property(const Line& line, std::size_t index) {
    const auto [key, value] = key_value(line.rest);
    set(line.gpu, key, value, index);
  }

  void set(std::int64_t number, std::string_view name, std::string_view value, std::size_t index) {
    const std::string key = lower_case(trim(name));
    constexpr std::array<std::string_view, 9> k_keys = {"card series", "device name", "card model",
                                                        "device id",   "gfx version", "vram total memory (b)",
                                                        "pci bus",     "unique id",   "vram total used memory (b)"};
    if (std::ranges::find(k_keys, key) == k_keys.end()) return;
    const std::string source = part_.take(index);
    GpuFacts* facts = gpu(number, source);
    if (facts == nullptr || value.empty() || value == "N/A") return;
    series_.count_own_line();
    const bool is_name = value.find_first_not_of("0123456789abcdefABCDEFx") != std::string_view::npos;
    if (key == "card series" || key == "device name" || key == "card model") {
      // Older releases print the name under one of them and the device's number under another.
      if (is_name && !facts->name.is_known()) facts->name = text_fact(value, source);
      if (!is_name) set_device(*facts, value, source);
    }
    if (key == "device id") set_device(*facts, value, source);
    if (key == "gfx version" && value.starts_with("gfx")) facts->gfx_target = text_fact(value, source);
    if (key == "vram total memory (b)") set_bytes(facts->memory.total_bytes, value, source);
    if (key == "vram total used memory (b)") set_bytes(facts->memory.used_bytes, value, source);
    if (key == "pci bus") {
      if (auto address = normalised_pci_address(value)) facts->pci_bus_id = known(*std::move(address), source);
    }
    if (key == "unique id" && value.starts_with("0x"))
      facts->uuid = uuid_fact("GPU-" + std::string(value.substr(2)), source);
  }

  static void set_device(GpuFacts& facts, std::string_view value, const std::string& source) {
    const auto device = value.starts_with("0x") ? parse_hexadecimal(value) : std::nullopt;
    if (device && *device <= UINT16_MAX)
      facts.pci_device_id = known(pci_id(k_amd, static_cast<std::uint32_t>(*device)), source);
  }

  static void set_bytes(Fact<Bytes>& fact, std::string_view value, const std::string& source) {
    const auto bytes = parse_integer<std::uint64_t>(value);
    if (bytes && *bytes < k_most_memory_bytes) fact = known(Bytes{static_cast<std::int64_t>(*bytes)}, source);
  }

  /// The table of rocm-smi alone: "Device  Node  IDs ... GPU%", and below it a line a GPU, "0  2  0x74a1,  28851 ...".
  bool read_table(std::string_view line, std::size_t index) {
    const auto words = split_words(line);
    if (line.starts_with("GPU  ") || line.starts_with("Device  ")) {
      is_table_ = line.find("GPU%") != std::string_view::npos && line.find("VRAM%") != std::string_view::npos;
      if (is_table_) part_.take(index);
      return is_table_;
    }
    const bool is_row = is_table_ && words.size() >= 8 && words.back().ends_with('%');
    const auto number = is_row ? whole_number(words[0]) : std::nullopt;
    if (!number || *number >= static_cast<std::int64_t>(k_most_gpus)) return false;
    const std::string source = part_.take(index);
    GpuFacts* facts = gpu(*number, source);
    if (facts == nullptr) return true;
    series_.count_own_line();
    if (words[2].starts_with("0x")) set_device(*facts, words[2].substr(0, words[2].find(',')), source);
    return true;
  }

  /// "device,Card Series,..." and below it "card0,AMD Instinct ...". A value in quotes may hold commas.
  void read_csv(std::string_view line, std::size_t index) {
    if (line.starts_with("device,")) {
      columns_ = split(line, ',');
      if (columns_.size() > k_most_columns) columns_.clear();
      if (!columns_.empty()) part_.take(index);
      return;
    }
    if (columns_.empty() || !line.starts_with("card")) return;
    const auto cells = split(line, ',');
    const auto number = whole_number(cells[0].substr(4));
    if (!number || *number >= static_cast<std::int64_t>(k_most_gpus) || cells.size() != columns_.size()) return;
    for (std::size_t i = 1; i < cells.size(); ++i) set(*number, columns_[i], trim(cells[i]), index);
  }

  const Text& text_;
  PartSeries series_{k_format, k_widest_gap_lines};
  Part& part_ = series_.part();
  std::vector<std::string_view> columns_;
  bool is_table_ = false;
};

}  // namespace

std::vector<Part> read_rocm_smi(const Text& text) { return Reader(text).read(); }

}  // namespace diffcheck::pasted
