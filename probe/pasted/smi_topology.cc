#include "probe/pasted/smi_topology.h"

#include <algorithm>
#include <array>

#include "probe/pasted/gpu_list.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::size_t k_most_columns = 256;
constexpr std::ptrdiff_t k_most_gpus = 72;  // an NVL72 rack

/// The columns' names up to "CPU Affinity"; empty for any other line.
std::vector<std::string_view> columns_of(std::string_view line) {
  auto words = split_words(line);
  if (words.empty() || words.size() > k_most_columns || gpu_number(words[0]) != 0) return {};
  const auto end = std::ranges::find(words, std::string_view("CPU"));
  const bool is_header = end != words.end() && std::next(end) != words.end() && *std::next(end) == "Affinity";
  words.erase(end, words.end());
  return is_header ? words : std::vector<std::string_view>();
}

/// How one GPU reaches another: "NV12" or a PCI path.
std::optional<GpuLinkFacts> link_of(std::string_view word, const std::string& source) {
  constexpr std::array<std::string_view, 5> paths = {"PIX", "PXB", "PHB", "NODE", "SYS"};
  GpuLinkFacts link;
  if (const auto count = word.starts_with("NV") ? whole_number(word.substr(2)) : std::nullopt) {
    link.nvlink_active_links = known(*count, source);
    return link;
  }
  if (std::find(paths.begin(), paths.end(), word) == paths.end()) return std::nullopt;
  link.nvlink_active_links = known<std::int64_t>(0, source);
  link.common_ancestor = known(std::string(word), source);
  return link;
}

/// "GPU0  X  NV12 ... 0-31  0  N/A" below its header. False when it is no such row.
bool read_row(std::string_view line, std::size_t index, const std::vector<std::string_view>& columns,
              std::size_t columns_behind, Part& part) {
  const auto words = split_words(line);
  const auto from = words.empty() ? std::nullopt : gpu_number(words[0]);
  if (!from || words.size() < columns.size() + 1) return false;
  const std::string source = part.take(index);
  Gpu& gpu = part.gpus.emplace_back();
  gpu.index = *from;
  gpu.facts.vendor = known<std::string>("nvidia", source);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto to = gpu_number(columns[i]);
    const auto link = link_of(words[i + 1], source);
    if (to && to != from && link) part.links.push_back({*from, *to, *link, source});
  }
  // CPU affinity, NUMA affinity and the GPU's own node; any may be blank.
  const std::size_t behind = words.size() - columns.size() - 1;
  const auto node = behind >= 2 && behind == columns_behind ? whole_number(words[columns.size() + 2]) : std::nullopt;
  if (node) gpu.facts.numa_node = known(*node, source);
  return true;
}

/// How many columns stand behind the GPUs and NICs: two words each, three for "GPU NUMA ID".
std::size_t columns_behind(std::string_view header) {
  std::size_t count = 0;
  for (const std::string_view name : {"CPU Affinity", "NUMA Affinity", "GPU NUMA ID"})
    count += header.find(name) != std::string_view::npos ? 1 : 0;
  return count;
}

}  // namespace

std::vector<Part> read_smi_topologies(const Text& text) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < text.lines.size() && parts.size() < k_most_parts; ++i) {
    const auto columns = columns_of(text.lines[i]);
    if (columns.empty()) continue;
    // A tab stands between the columns' names, or spaces where the paste lost it.
    std::string header;
    for (const std::string_view word : split_words(text.lines[i])) header += std::string(word) + " ";
    Part part("nvidia-smi topo -m");
    part.take(i);
    const auto gpus =
        std::ranges::count_if(columns, [](std::string_view column) { return gpu_number(column).has_value(); });
    if (gpus > k_most_gpus) continue;
    const std::size_t end = std::min(text.lines.size(), i + 1 + static_cast<std::size_t>(gpus));
    for (std::size_t row = i + 1; row < end; ++row) {
      if (!read_row(text.lines[row], row, columns, columns_behind(header), part)) break;
    }
    // A matrix that is cut or broken by line wraps joins the wrong GPUs.
    if (part.gpus.size() != static_cast<std::size_t>(gpus)) continue;
    parts.push_back(std::move(part));
    i = end - 1;
  }
  return parts;
}

}  // namespace diffcheck::pasted
