#include "probe/pasted/smi_csv.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "probe/pci_address.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::string_view k_format = "nvidia-smi --query-gpu";
constexpr std::size_t k_most_columns = 64;
constexpr std::size_t k_most_gpus = 256;
/// Between the command and what it prints: a prompt, a fence.
constexpr std::size_t k_lines_to_answer = 3;

struct Cell {
  std::string_view text;
  const std::string& source;
};

using Read = void (*)(const Cell& cell, Gpu& gpu, Snapshot& facts);

std::optional<std::int64_t> number_of(const Cell& cell) { return whole_number(first_word(cell.text)); }

/// With "nounits" the column's name tells the unit, and without names nothing does: nvidia-smi counts in MiB.
void read_bytes(Fact<Bytes>& fact, const Cell& cell) {
  const bool has_unit = cell.text.find_first_not_of("0123456789 ") != std::string_view::npos;
  fact = mebibytes_fact(has_unit ? std::string(cell.text) : std::string(cell.text) + " MiB", cell.source);
}

void read_watts(Fact<double>& fact, const Cell& cell) {
  if (const auto watts = parse_watts(cell.text)) fact = known(*watts, cell.source);
}

void read_on(Fact<bool>& fact, const Cell& cell) {
  if (cell.text == "Enabled" || cell.text == "Disabled") fact = known(cell.text == "Enabled", cell.source);
}

void read_mode(const Cell& cell, Gpu& gpu, Snapshot&) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> k_modes = {
      {{"Default", "DEFAULT"},
       {"Exclusive_Process", "EXCLUSIVE_PROCESS"},
       {"Exclusive_Thread", "EXCLUSIVE_THREAD"},
       {"Prohibited", "PROHIBITED"}}};
  for (const auto& [printed, mode] : k_modes) {
    if (cell.text == printed) gpu.facts.health.compute_mode = known(std::string(mode), cell.source);
  }
}

void read_capability(const Cell& cell, Gpu& gpu, Snapshot&) {
  if (const auto capability = ComputeCapability::parse(cell.text))
    gpu.facts.compute_capability = known(*capability, cell.source);
}

void read_address(const Cell& cell, Gpu& gpu, Snapshot&) {
  if (auto address = normalised_pci_address(cell.text)) gpu.facts.pci_bus_id = known(*std::move(address), cell.source);
}

template <Fact<std::int64_t> GpuPcieFacts::*Member>
void read_pcie(const Cell& cell, Gpu& gpu, Snapshot&) {
  if (const auto number = number_of(cell)) gpu.facts.pcie.*Member = known(*number, cell.source);
}

struct Column {
  std::string_view name;
  Read read;
};
// `nvidia-smi --help-query-gpu`.
constexpr std::array k_columns = std::to_array<Column>({
    {"index", [](const Cell& cell, Gpu& gpu, Snapshot&) { gpu.index = number_of(cell); }},
    {"name", [](const Cell& cell, Gpu& gpu, Snapshot&) { gpu.facts.name = text_fact(cell.text, cell.source); }},
    {"gpu_name", [](const Cell& cell, Gpu& gpu, Snapshot&) { gpu.facts.name = text_fact(cell.text, cell.source); }},
    {"uuid", [](const Cell& cell, Gpu& gpu, Snapshot&) { gpu.facts.uuid = uuid_fact(cell.text, cell.source); }},
    {"gpu_uuid", [](const Cell& cell, Gpu& gpu, Snapshot&) { gpu.facts.uuid = uuid_fact(cell.text, cell.source); }},
    {"pci.bus_id", read_address},
    {"gpu_bus_id", read_address},
    {"driver_version", [](const Cell& cell, Gpu&,
                          Snapshot& facts) { facts.drivers.nvidia.version = version_fact(cell.text, cell.source); }},
    {"compute_cap", read_capability},
    {"compute_mode", read_mode},
    {"memory.total", [](const Cell& cell, Gpu& gpu, Snapshot&) { read_bytes(gpu.facts.memory.total_bytes, cell); }},
    {"memory.free", [](const Cell& cell, Gpu& gpu, Snapshot&) { read_bytes(gpu.facts.memory.free_bytes, cell); }},
    {"memory.used", [](const Cell& cell, Gpu& gpu, Snapshot&) { read_bytes(gpu.facts.memory.used_bytes, cell); }},
    {"memory.reserved",
     [](const Cell& cell, Gpu& gpu, Snapshot&) { read_bytes(gpu.facts.memory.reserved_bytes, cell); }},
    {"persistence_mode",
     [](const Cell& cell, Gpu& gpu, Snapshot&) { read_on(gpu.facts.health.persistence_mode, cell); }},
    {"mig.mode.current", [](const Cell& cell, Gpu& gpu, Snapshot&) { read_on(gpu.facts.mig.enabled, cell); }},
    {"mig.mode.pending",
     [](const Cell& cell, Gpu& gpu, Snapshot&) { read_on(gpu.facts.mig.enabled_after_reset, cell); }},
    {"ecc.mode.current", [](const Cell& cell, Gpu& gpu, Snapshot&) { read_on(gpu.facts.health.ecc_enabled, cell); }},
    {"power.limit",
     [](const Cell& cell, Gpu& gpu, Snapshot&) { read_watts(gpu.facts.health.power_limit_watts, cell); }},
    {"power.default_limit",
     [](const Cell& cell, Gpu& gpu, Snapshot&) { read_watts(gpu.facts.health.power_default_limit_watts, cell); }},
    {"pcie.link.gen.current", read_pcie<&GpuPcieFacts::generation>},
    {"pcie.link.gen.max", read_pcie<&GpuPcieFacts::max_generation>},
    {"pcie.link.width.current", read_pcie<&GpuPcieFacts::width>},
    {"pcie.link.width.max", read_pcie<&GpuPcieFacts::max_width>},
});

/// Pieces between commas; a name never holds one.
std::vector<std::string_view> cells_of(std::string_view line) {
  auto cells = split(line.substr(0, line.find('\n')), ',');
  if (cells.size() > k_most_columns) cells.clear();
  std::ranges::transform(cells, cells.begin(), [](std::string_view cell) { return trim(cell); });
  return cells;
}

/// "memory.total [MiB]" -> "memory.total".
std::string_view plain_name(std::string_view column) { return trim(column.substr(0, column.find('['))); }

const Column* find_column(std::string_view name) {
  const auto* found = std::ranges::find(k_columns, plain_name(name), &Column::name);
  return found == k_columns.end() ? nullptr : found;
}

/// A line of names: all are words as nvidia-smi prints them, and one of them is known that no other table has.
bool is_header(const std::vector<std::string_view>& cells) {
  const auto is_name = [](std::string_view cell) {
    const std::string_view name = plain_name(cell);
    return !name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._") == std::string_view::npos;
  };
  const auto is_own = [](std::string_view cell) {
    return find_column(cell) != nullptr && (cell.find('.') != std::string_view::npos || cell == "driver_version" ||
                                            cell == "compute_cap" || cell == "uuid");
  };
  const bool has_name = std::ranges::any_of(cells, [](std::string_view cell) { return cell == "name"; });
  return !cells.empty() && std::ranges::all_of(cells, is_name) &&
         (std::ranges::any_of(cells, is_own) || (has_name && cells.size() == 2 && cells[0] == "index"));
}

/// The names in "--query-gpu=name,memory.total"; empty for any other line.
std::vector<std::string_view> asked_columns(std::string_view line) {
  for (const std::string_view mark : {"--query-gpu=", "--query-gpu "}) {
    const std::size_t at = line.find(mark);
    if (at == std::string_view::npos) continue;
    std::string_view names = first_word(line.substr(at + mark.size()));
    while (!names.empty() && (names.front() == '"' || names.front() == '\'')) names.remove_prefix(1);
    while (!names.empty() && (names.back() == '"' || names.back() == '\'')) names.remove_suffix(1);
    return cells_of(names);
  }
  return {};
}

/// A column alone is not told from other text by its commas.
bool is_plain_value(std::string_view column, std::string_view cell) {
  constexpr std::array<std::string_view, 6> k_beginnings = {"NVIDIA ", "Tesla ", "GeForce ",
                                                            "Quadro ", "TITAN ", "GRID "};
  if (plain_name(column).ends_with("name")) {
    return std::ranges::any_of(k_beginnings, [&](std::string_view begin) { return cell.starts_with(begin); });
  }
  return !cell.empty() && cell.find_first_of("0123456789") == 0;
}

/// A line of values below the columns.
bool read_row(std::string_view line, const std::vector<std::string_view>& columns, std::size_t index, Part& part) {
  const auto cells = cells_of(line);
  if (cells.size() != columns.size() || part.gpus.size() >= k_most_gpus || trim(line).empty()) return false;
  if (cells.size() == 1 && !is_plain_value(columns[0], cells[0])) return false;
  const std::string source = part.take(index);
  Gpu gpu;
  gpu.facts.vendor = known<std::string>("nvidia", source);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column* column = find_column(columns[i]);
    // "[N/A]", "[Not Supported]", "[Insufficient Permissions]": nothing was told.
    if (column != nullptr && !cells[i].starts_with('[')) column->read({cells[i], source}, gpu, part.facts);
  }
  if (!gpu.index) gpu.index = static_cast<std::int64_t>(part.gpus.size());
  part.gpus.push_back(std::move(gpu));
  return true;
}

/// The rows below line `header`, in which `columns` stand.
std::optional<Part> read_rows(const Text& text, std::size_t header, const std::vector<std::string_view>& columns) {
  Part part{std::string(k_format)};
  part.take(header);
  std::size_t i = header + 1;
  while (i < text.lines.size() && read_row(text.lines[i], columns, i, part)) ++i;
  if (part.gpus.empty()) return std::nullopt;
  part.facts.drivers.nvidia.nvml_status = known<std::string>("ok", part.take(header));
  return part;
}

bool looks_like_values(std::string_view line, const std::vector<std::string_view>& columns) {
  return !trim(line).empty() && cells_of(line).size() == columns.size();
}

}  // namespace

std::vector<Part> read_smi_csv(const Text& text) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < text.lines.size() && parts.size() < k_most_parts; ++i) {
    auto columns = cells_of(text.lines[i]);
    std::size_t header = i;
    if (!is_header(columns)) {
      columns = asked_columns(text.lines[i]);
      if (columns.empty() || std::ranges::none_of(columns, find_column)) continue;
      // A line of names below the command is found by itself.
      while (header + 1 < text.lines.size() && header - i < k_lines_to_answer &&
             !looks_like_values(text.lines[header + 1], columns))
        ++header;
      if (header + 1 >= text.lines.size() || is_header(cells_of(text.lines[header + 1]))) continue;
    }
    if (auto part = read_rows(text, header, columns)) {
      i = part->last_line - 1;
      parts.push_back(*std::move(part));
    }
  }
  return parts;
}

}  // namespace diffcheck::pasted
