#include "probe/pasted/smi_table.h"

#include <algorithm>
#include <array>

#include "probe/pci_address.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::string_view k_format = "nvidia-smi";
constexpr std::size_t k_most_gpus = 256;
constexpr std::size_t k_most_instances = 64;
/// Of a table's own lines: processes may be many, but lines between two rows of "|" or "+" are few.
constexpr std::size_t k_widest_gap_lines = 4;

/// The word behind `label`; "" when the line has no such label.
std::string_view word_after(std::string_view line, std::string_view label) {
  const std::size_t at = line.find(label);
  return at == std::string_view::npos ? std::string_view() : first_word(line.substr(at + label.size()));
}

class Table {
 public:
  Table(const Text& text, std::size_t begin) : text_(text), end_(begin), part_(std::string(k_format)) {}

  Part read() {
    read_title(text_.lines[end_], end_);
    std::size_t gap = 0;
    for (++end_; end_ < text_.lines.size() && gap <= k_widest_gap_lines; ++end_) {
      const std::string_view line = trim(text_.lines[end_]);
      if (line.find("NVIDIA-SMI ") != std::string_view::npos) break;
      const bool is_drawn = line.starts_with('|') || line.starts_with('+');
      gap = is_drawn ? 0 : gap + 1;
      if (is_drawn) read_row(line, end_);
    }
    // Ends with a rule below the last GPU: none was cut off.
    if (is_closed_ && !part_.gpus.empty()) part_.facts.complete.gpus = known(true, last_source_);
    return std::move(part_);
  }

  std::size_t end() const { return end_; }

 private:
  void read_title(std::string_view line, std::size_t index) {
    const std::string source = part_.take(index);
    NvidiaDriverFacts& driver = part_.facts.drivers.nvidia;
    driver.nvml_status = known<std::string>("ok", source);
    // Since 610 the kernel's and the user's side have a version each.
    for (const std::string_view label : {"Driver Version:", "KMD Version:"}) {
      if (const auto word = word_after(line, label); !word.empty()) driver.version = version_fact(word, source);
    }
    for (const std::string_view label : {"CUDA Version:", "CUDA UMD Version:"}) {
      if (const auto word = word_after(line, label); !word.empty() && word != "N/A" && word != "|")
        driver.cuda_version = version_fact(word, source);
    }
  }

  void read_row(std::string_view line, std::size_t index) {
    if (line.starts_with('+')) {
      if (!part_.gpus.empty() && !lists_instances_) is_closed_ = true;
      rows_of_gpu_ = 0;
      return;
    }
    if (line.find("MIG devices:") != std::string_view::npos) lists_instances_ = true;
    if (line.find("Processes:") != std::string_view::npos) lists_processes_ = true;
    if (lists_processes_) return;
    const auto cells = table_cells(line);
    if (cells.size() < 3) return;
    if (lists_instances_) return read_instance(cells, index);
    if (read_first_row(cells, index)) return;
    if (rows_of_gpu_ == 1) read_second_row(cells, index);
    if (rows_of_gpu_ == 2) read_third_row(cells, index);
    if (rows_of_gpu_ > 0) ++rows_of_gpu_;
  }

  /// "0  Tesla T4  Off | 00000000:00:1E.0 Off | 0"
  bool read_first_row(const std::vector<std::string_view>& cells, std::size_t index) {
    const auto words = split_words(cells[0]);
    const auto address = normalised_pci_address(first_word(cells[1]));
    const auto number = words.empty() ? std::nullopt : whole_number(words[0]);
    if (words.size() < 3 || !number || !address || part_.gpus.size() >= k_most_gpus) return false;
    const std::string source = part_.take(index);
    last_source_ = source;
    Gpu& gpu = part_.gpus.emplace_back();
    gpu.index = *number;
    gpu.facts.vendor = known<std::string>("nvidia", source);
    gpu.facts.pci_bus_id = known(*address, source);
    std::string name;
    for (std::size_t i = 1; i + 1 < words.size(); ++i) name += (i > 1 ? " " : "") + std::string(words[i]);
    gpu.facts.name = text_fact(name, source);
    read_mode(words.back(), source, gpu.facts);
    if (const auto errors = whole_number(cells[2])) {
      gpu.facts.health.ecc_enabled = known(true, source);
      gpu.facts.health.ecc_uncorrected_volatile = known(*errors, source);
    } else if (cells[2] == "Off") {
      gpu.facts.health.ecc_enabled = known(false, source);
    }
    rows_of_gpu_ = 1;
    is_closed_ = false;
    return true;
  }

  /// Persistence mode on Linux, the driver's model on Windows.
  void read_mode(std::string_view word, const std::string& source, GpuFacts& gpu) {
    if (word == "On" || word == "Off") gpu.health.persistence_mode = known(word == "On", source);
    if (word == "WDDM" || word == "TCC" || word == "MCDM") {
      part_.facts.os.name = known<std::string>("windows", source);
      part_.facts.os.wsl = known(false, source);
    }
  }

  /// "N/A  41C  P0  69W / 700W | 0MiB / 81559MiB | 0%  Default"
  void read_second_row(const std::vector<std::string_view>& cells, std::size_t index) {
    const std::string source = part_.take(index);
    GpuFacts& gpu = part_.gpus.back().facts;
    const std::size_t slash = cells[1].find('/');
    if (slash != std::string_view::npos) {
      if (const auto used = parse_mebibytes(cells[1].substr(0, slash))) gpu.memory.used_bytes = known(*used, source);
      gpu.memory.total_bytes = mebibytes_fact(cells[1].substr(slash + 1), source);
    }
    const std::string_view watts = first_word(cells[0].substr(std::min(cells[0].rfind('/') + 1, cells[0].size())));
    if (const auto limit = watts.ends_with('W') ? whole_number(watts.substr(0, watts.size() - 1)) : std::nullopt)
      gpu.health.power_limit_watts = known(static_cast<double>(*limit), source);
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> modes = {
        {{"Default", "DEFAULT"},
         {"E. Process", "EXCLUSIVE_PROCESS"},
         {"E. Thread", "EXCLUSIVE_THREAD"},
         {"Prohibited", "PROHIBITED"}}};
    for (const auto& [printed, mode] : modes) {
      if (cells[2].ends_with(printed)) gpu.health.compute_mode = known(std::string(mode), source);
    }
  }

  void read_third_row(const std::vector<std::string_view>& cells, std::size_t index) {
    const std::string_view mode = first_word(cells[2]);
    if (!mode.starts_with("Enabled") && !mode.starts_with("Disabled")) return;
    const std::string source = part_.take(index);
    GpuMigFacts& mig = part_.gpus.back().facts.mig;
    mig.enabled = known(mode.starts_with("Enabled"), source);
    // "Enabled*": what follows the next reset is the other state.
    if (!mode.ends_with('*')) mig.enabled_after_reset = mig.enabled;
  }

  /// "0  2  0  0 | 26MiB / 40448MiB | 60  0 | ..."
  void read_instance(const std::vector<std::string_view>& cells, std::size_t index) {
    const auto words = split_words(cells[0]);
    const std::size_t slash = cells[1].find('/');
    if (words.size() != 4 || slash == std::string_view::npos) return;
    const auto number = whole_number(words[0]);
    const auto found = std::ranges::find_if(part_.gpus, [&](const Gpu& gpu) { return gpu.index == number; });
    const auto instance_id = whole_number(words[1]);
    const auto compute_id = whole_number(words[2]);
    if (!number || !instance_id || !compute_id || found == part_.gpus.end()) return;
    if (found->facts.mig.instances.size() >= k_most_instances) return;
    const std::string source = part_.take(index);
    MigInstanceFacts& instance = found->facts.mig.instances.emplace_back();
    instance.gpu_instance = known(*instance_id, source);
    instance.compute_instance = known(*compute_id, source);
    instance.memory_bytes = mebibytes_fact(cells[1].substr(slash + 1), source);
  }

  const Text& text_;
  std::size_t end_;
  Part part_;
  int rows_of_gpu_ = 0;
  bool is_closed_ = false;
  bool lists_instances_ = false;
  bool lists_processes_ = false;
  std::string last_source_;
};

struct Failure {
  std::string_view words;
  std::string_view status;  ///< NVML's error name.
  std::int64_t error;       ///< NVML's error number, nvml.h.
};
constexpr std::array<Failure, 5> k_failures = {
    {{"Failed to initialize NVML: Driver/library version mismatch", "LIB_RM_VERSION_MISMATCH", 18},
     {"Failed to initialize NVML: Unknown Error", "UNKNOWN", 999},
     {"Failed to initialize NVML: Insufficient Permissions", "NO_PERMISSION", 4},
     {"Failed to initialize NVML: Driver Not Loaded", "DRIVER_NOT_LOADED", 9},
     {"NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver", "DRIVER_NOT_LOADED", 9}}};

}  // namespace

std::vector<Part> read_smi_tables(const Text& text) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < text.lines.size() && parts.size() < k_most_parts;) {
    const std::string_view line = text.lines[i];
    const bool is_title =
        line.find("NVIDIA-SMI ") != std::string_view::npos &&
        (line.find("Driver Version:") != std::string_view::npos || line.find("KMD Version:") != std::string_view::npos);
    if (!is_title) {
      ++i;
      continue;
    }
    Table table(text, i);
    parts.push_back(table.read());
    i = table.end();
  }
  return parts;
}

std::vector<Part> read_smi_failures(const Text& text) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < text.lines.size() && parts.size() < k_most_parts; ++i) {
    for (const Failure& failure : k_failures) {
      if (text.lines[i].find(failure.words) == std::string::npos) continue;
      Part& part = parts.emplace_back(std::string(k_format));
      const std::string source = part.take(i);
      NvidiaDriverFacts& driver = part.facts.drivers.nvidia;
      driver.nvml_status = known(std::string(failure.status), source);
      driver.nvml_error = known(failure.error, source);
    }
  }
  return parts;
}

}  // namespace diffcheck::pasted
