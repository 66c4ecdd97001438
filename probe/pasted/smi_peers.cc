#include "probe/pasted/smi_peers.h"

#include <algorithm>
#include <array>
#include <optional>

#include "probe/pasted/gpu_list.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::size_t k_most_gpus = 72;  // an NVL72 rack
constexpr std::size_t k_lines_to_command = 4;

/// "GPU0 GPU1 GPU2", counted from 0; 0 for any other line.
std::size_t columns_of(std::string_view line) {
  const auto words = split_words(line);
  if (words.size() < 2 || words.size() > k_most_gpus) return 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (gpu_number(words[i]) != static_cast<std::int64_t>(i)) return 0;
  }
  return words.size();
}

bool is_status(std::string_view word) {
  constexpr std::array<std::string_view, 8> k_words = {"X", "OK", "CNS", "GNS", "TNS", "DR", "NS", "U"};
  return std::ranges::find(k_words, word) != k_words.end();
}

struct Row {
  std::int64_t gpu = 0;
  std::vector<std::string_view> statuses;
};

std::optional<Row> row_of(std::string_view line, std::size_t columns) {
  auto words = split_words(line);
  const auto gpu = words.empty() ? std::nullopt : gpu_number(words[0]);
  if (!gpu || words.size() != columns + 1) return std::nullopt;
  words.erase(words.begin());
  if (!std::ranges::all_of(words, is_status)) return std::nullopt;
  return Row{*gpu, std::move(words)};
}

struct Access {
  bool reads = false;
  bool writes = false;
};

/// What the command above line `header` asked for; nullopt where none is there.
std::optional<Access> asked_above(const Text& text, std::size_t header) {
  for (std::size_t i = header; i > 0 && header - i < k_lines_to_command; --i) {
    const std::string_view line = text.lines[i - 1];
    constexpr std::string_view mark = "topo -p2p ";
    const std::size_t at = line.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view word = first_word(line.substr(at + mark.size()));
    const std::string_view kind = word.substr(0, word.find_first_not_of("rwnapc"));
    return Access{kind.find('r') != std::string_view::npos, kind.find('w') != std::string_view::npos};
  }
  return std::nullopt;
}

/// Words that only a question about memory access is answered with.
bool speaks_of_memory(const std::vector<Row>& rows) {
  return std::ranges::any_of(rows, [](const Row& row) {
    return std::ranges::any_of(row.statuses,
                               [](std::string_view word) { return word == "CNS" || word == "GNS" || word == "TNS"; });
  });
}

void add_row(const Row& row, Access access, std::size_t index, Part& part) {
  const std::string source = part.take(index);
  Gpu& gpu = part.gpus.emplace_back();
  gpu.index = row.gpu;
  gpu.facts.vendor = known<std::string>("nvidia", source);
  for (std::size_t to = 0; to < row.statuses.size(); ++to) {
    if (row.statuses[to] == "X") continue;
    Link& link = part.links.emplace_back();
    link.from = row.gpu;
    link.to = static_cast<std::int64_t>(to);
    link.source = source;
    if (access.reads) link.facts.p2p_read = known(std::string(row.statuses[to]), source);
    if (access.writes) link.facts.p2p_write = known(std::string(row.statuses[to]), source);
  }
}

}  // namespace

std::vector<Part> read_smi_peers(const Text& text) {
  std::vector<Part> parts;
  for (std::size_t i = 0; i < text.lines.size() && parts.size() < k_most_parts; ++i) {
    const std::size_t columns = columns_of(text.lines[i]);
    if (columns == 0 || i + columns >= text.lines.size()) continue;
    std::vector<Row> rows;
    while (rows.size() < columns) {
      auto row = row_of(text.lines[i + 1 + rows.size()], columns);
      if (!row || row->gpu != static_cast<std::int64_t>(rows.size())) break;
      rows.push_back(*std::move(row));
    }
    // A matrix that is cut joins the wrong GPUs.
    if (rows.size() != columns) continue;
    const auto asked = asked_above(text, i);
    const Access access = asked.value_or(Access{speaks_of_memory(rows), speaks_of_memory(rows)});
    if (!access.reads && !access.writes) continue;
    Part& part = parts.emplace_back("nvidia-smi topo -p2p");
    part.take(i);
    for (std::size_t row = 0; row < columns; ++row) add_row(rows[row], access, i + 1 + row, part);
    i += columns;
  }
  return parts;
}

}  // namespace diffcheck::pasted
