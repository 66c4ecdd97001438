#include "probe/pasted/npu_smi.h"

#include "probe/pasted/part_series.h"
#include "probe/pci_address.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::string_view k_format = "npu-smi info";
constexpr std::size_t k_widest_gap_lines = 4;
constexpr std::size_t k_most_npus = 256;

class Reader {
 public:
  explicit Reader(const Text& text) : text_(text) {}

  std::vector<Part> read() {
    return series_.read(
        text_, [&](std::size_t i) { read_line(i); }, [&] { finish(); });
  }

 private:
  void read_line(std::size_t i) {
    const std::string_view line = text_.lines[i];
    const auto cells = table_cells(line);
    if (line.find("| NPU ") != std::string_view::npos && line.find("Health") != std::string_view::npos) {
      finish();
      part_.take(i);
      is_table_ = true;
    } else if (is_table_ && cells.size() == 3) {
      read_row(cells, i);
    } else if (is_table_ && trim(line).starts_with('+')) {
      part_.take(i);
    }
  }

  void finish() {
    if (series_.has_own_line()) part_.facts.complete.gpus = known(true, last_source_);
    series_.finish();
    is_table_ = false;
    name_.clear();
  }

  /// Two rows for a chip: "0  910B4 | OK | 88.2 ..." and "0 | 0000:C1:00.0 | 0  0 / 0  26838/ 32768".
  void read_row(const std::vector<std::string_view>& cells, std::size_t index) {
    const auto words = split_words(cells[0]);
    if (words.empty() || !whole_number(words[0])) {
      // The table of processes begins.
      if (cells[0].starts_with("NPU") && cells[1].starts_with("Process")) is_table_ = false;
      return;
    }
    const std::string source = part_.take(index);
    if (words.size() >= 2 && !whole_number(words[1])) {
      name_ = std::string(words[1]);
      return;
    }
    if (name_.empty() || part_.gpus.size() >= k_most_npus) return;
    last_source_ = source;
    series_.count_own_line();
    Gpu& npu = part_.gpus.emplace_back();
    npu.index = static_cast<std::int64_t>(part_.gpus.size()) - 1;
    npu.facts.vendor = known<std::string>("ascend", source);
    npu.facts.name = text_fact(name_.starts_with("Ascend") ? name_ : "Ascend " + name_, source);
    if (auto address = normalised_pci_address(cells[1])) npu.facts.pci_bus_id = known(*std::move(address), source);
    read_memory(cells[2], source, npu.facts);
  }

  /// What stands last is HBM: "3419 / 65536". Where there is none (310P), the pair before it is the memory.
  static void read_memory(std::string_view cell, const std::string& source, GpuFacts& facts) {
    for (std::size_t slash = cell.rfind('/'); slash != std::string_view::npos;
         slash = slash == 0 ? std::string_view::npos : cell.rfind('/', slash - 1)) {
      const auto total = whole_number(first_word(cell.substr(slash + 1)));
      const auto before = split_words(cell.substr(0, slash));
      const auto used = before.empty() ? std::nullopt : whole_number(before.back());
      if (!total || !used) return;
      if (*total == 0) continue;
      facts.memory.total_bytes = mebibytes_fact(std::to_string(*total) + " MiB", source);
      facts.memory.used_bytes = mebibytes_fact(std::to_string(*used) + " MiB", source);
      return;
    }
  }

  const Text& text_;
  PartSeries series_{k_format, k_widest_gap_lines};
  Part& part_ = series_.part();
  std::string name_;
  std::string last_source_;
  bool is_table_ = false;
};

}  // namespace

std::vector<Part> read_npu_smi(const Text& text) { return Reader(text).read(); }

}  // namespace diffcheck::pasted
