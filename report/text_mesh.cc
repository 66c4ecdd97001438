#include "report/text_mesh.h"

#include <algorithm>

#include "report/fact_text.h"
#include "rules/judged_case.h"
#include "rules/link_matrix.h"
#include "rules/node_set.h"

namespace diffcheck {
namespace {

constexpr std::int64_t k_most_cells = 16;  ///< Of a row, or rows of a grid, before they are folded.
constexpr std::int64_t k_shown_of_folded_row = 3;
constexpr std::int64_t k_shown_of_folded_rows = 8;
constexpr std::size_t k_most_gpus_in_full = 8;
constexpr std::size_t k_most_blocks = 16;
constexpr const char* k_fold = "...";
constexpr const char* k_not_known = "?";

/// Indices 0 ... count - 1 to show, with -1 for what is left out.
std::vector<std::int64_t> shown_of(std::int64_t count, std::int64_t most, std::int64_t first) {
  std::vector<std::int64_t> shown;
  for (std::int64_t i = 0; i < (count > most ? first : count); ++i) shown.push_back(i);
  if (count > most) shown.insert(shown.end(), {-1, count - 1});
  return shown;
}

std::string nodes_text(std::int64_t first_rank, std::int64_t last_rank, std::int64_t gpus_per_node) {
  const std::int64_t first = first_rank / gpus_per_node;
  const std::int64_t last = last_rank / gpus_per_node;
  return first == last ? std::to_string(first) : std::to_string(first) + "-" + std::to_string(last);
}

/// Where a row of the grid stands along the axes that are not the first, outermost first.
std::vector<std::string> coordinates(const MeshPlan& mesh, std::int64_t rank) {
  std::vector<std::string> texts;
  for (std::size_t i = mesh.axes.size(); i > 1; --i) {
    const MeshAxis& axis = mesh.axes[i - 1];
    texts.push_back(std::to_string(rank / axis.stride % axis.size));
  }
  return texts;
}

std::vector<std::string> mesh_row(const MeshPlan& mesh, std::int64_t row, const std::vector<std::int64_t>& columns) {
  const std::int64_t size = mesh.axes.front().size;
  std::vector<std::string> cells = coordinates(mesh, row * size);
  for (const std::int64_t column : columns) cells.push_back(column < 0 ? k_fold : std::to_string(row * size + column));
  cells.push_back(nodes_text(row * size, row * size + size - 1, mesh.gpus_per_node));
  return cells;
}

std::string word_of(const PairView& view) {
  const std::string ancestor = view.common_ancestor.is_known() ? view.common_ancestor.value() : std::string();
  switch (view.own_link) {
    case Truth::yes:
      return view.active_links.is_known() ? "NV" + std::to_string(view.active_links.value()) : "NV";
    case Truth::no:
      return ancestor.empty() ? "PCIe" : ancestor;
    case Truth::unknown:
      return ancestor.empty() ? k_not_known : ancestor + k_not_known;
  }
  return k_not_known;
}

using LinkWords = std::vector<std::vector<std::string>>;

/// Whether all others see two GPUs alike.
bool are_twins(const LinkWords& link_words, std::size_t one, std::size_t other) {
  for (std::size_t k = 0; k < link_words.size(); ++k) {
    if (k == one || k == other) continue;
    if (link_words[one][k] != link_words[other][k] || link_words[k][one] != link_words[k][other]) return false;
  }
  return link_words[one][other] == link_words[other][one];
}

std::vector<std::vector<std::size_t>> blocks_of(const LinkWords& link_words) {
  std::vector<std::vector<std::size_t>> blocks;
  for (std::size_t gpu = 0; gpu < link_words.size(); ++gpu) {
    const auto same = std::find_if(blocks.begin(), blocks.end(),
                                   [&](const auto& block) { return are_twins(link_words, block.front(), gpu); });
    if (same != blocks.end() && link_words.size() > k_most_gpus_in_full) {
      same->push_back(gpu);
    } else {
      blocks.push_back({gpu});
    }
  }
  return blocks;
}

/// "GPU0-3", "GPU0,2".
std::string block_name(const std::vector<std::size_t>& block) {
  std::string text = "GPU" + std::to_string(block.front());
  for (std::size_t i = 1; i < block.size(); ++i) {
    const bool goes_on = block[i] == block[i - 1] + 1;
    const bool goes_further = i + 1 < block.size() && block[i + 1] == block[i] + 1;
    if (goes_on && goes_further) continue;
    text += (goes_on ? "-" : ",") + std::to_string(block[i]);
  }
  return text;
}

std::vector<std::string> kinds_of(const LinkWords& link_words) {
  std::vector<std::string> kinds;
  for (std::size_t i = 0; i < link_words.size(); ++i) {
    for (std::size_t j = 0; j < link_words.size(); ++j) {
      if (i != j && std::find(kinds.begin(), kinds.end(), link_words[i][j]) == kinds.end())
        kinds.push_back(link_words[i][j]);
    }
  }
  return kinds;
}

std::string axis_text(const MeshAxis& axis, const Phrases& words) {
  const std::string link = words(axis.link.empty() ? "mesh.link-unknown" : "links.kind." + axis.link);
  const std::string over = axis.crosses_nodes ? words("mesh.across-nodes", {link}) : link;
  const std::string size = std::to_string(axis.size);
  return axis.stride == 1 ? words("mesh.axis-next", {axis.axis, size, over})
                          : words("mesh.axis", {axis.axis, size, std::to_string(axis.stride), over});
}

/// Whether what joins the GPUs is the same on all nodes that were named.
bool nodes_agree(const Diagnosis& diagnosis, const LinkWords& link_words) {
  const NodeSet* set = diagnosis.request.node_set.get();
  if (set == nullptr) return true;
  return std::all_of(set->kinds.begin(), set->kinds.end(), [&](std::size_t kind) {
    std::vector<std::size_t> gpus = usable_gpus(set->nodes[kind].snapshot);
    gpus.resize(std::min(gpus.size(), link_words.size()));
    return diffcheck::link_words(set->nodes[kind].snapshot, gpus) == link_words;
  });
}

}  // namespace

std::optional<Table> mesh_grid(const MeshPlan& mesh, const Phrases& words) {
  if (mesh.axes.empty()) return std::nullopt;
  const MeshAxis& fastest = mesh.axes.front();
  std::int64_t rows = 1;
  for (std::size_t i = 1; i < mesh.axes.size(); ++i) rows *= mesh.axes[i].size;
  const std::vector<std::int64_t> columns = shown_of(fastest.size, k_most_cells, k_shown_of_folded_row);
  Table table;
  for (std::size_t i = mesh.axes.size(); i > 1; --i) table.columns.push_back({mesh.axes[i - 1].axis, true});
  for (const std::int64_t column : columns) {
    const std::string name = column < 0 ? k_fold : std::to_string(column);
    table.columns.push_back({column == 0 ? fastest.axis + " " + name : name, true});
  }
  table.columns.push_back({words("mesh.node")});
  for (const std::int64_t row : shown_of(rows, k_most_cells, k_shown_of_folded_rows)) {
    table.rows.push_back(row < 0 ? std::vector<std::string>(table.columns.size(), k_fold)
                                 : mesh_row(mesh, row, columns));
  }
  return table;
}

std::vector<std::vector<std::string>> link_words(const Snapshot& snapshot, const std::vector<std::size_t>& gpus) {
  const LinkMatrix matrix = own_links(snapshot, gpus);
  LinkWords link_words(matrix.ranks, std::vector<std::string>(matrix.ranks, "X"));
  for (std::size_t i = 0; i < matrix.ranks; ++i) {
    for (std::size_t j = 0; j < matrix.ranks; ++j) {
      if (i != j) link_words[i][j] = word_of(matrix.view(i, j));
    }
  }
  return link_words;
}

Table link_grid(const std::vector<std::vector<std::string>>& link_words) {
  std::vector<std::vector<std::size_t>> blocks = blocks_of(link_words);
  const bool is_cut = blocks.size() > k_most_blocks;
  if (is_cut) blocks.resize(k_most_blocks);
  Table table;
  table.columns.push_back({""});
  for (const auto& block : blocks) table.columns.push_back({block_name(block)});
  if (is_cut) table.columns.push_back({k_fold});
  for (const auto& from : blocks) {
    std::vector<std::string> row = {block_name(from)};
    for (const auto& to : blocks)
      row.push_back(&from == &to ? (from.size() > 1 ? link_words[from[0]][from[1]] : "X")
                                 : link_words[from.front()][to.front()]);
    if (is_cut) row.emplace_back(k_fold);
    table.rows.push_back(std::move(row));
  }
  if (is_cut) table.rows.emplace_back(table.columns.size(), k_fold);
  return table;
}

void write_mesh(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  const auto& mesh = diagnosis.plan->layout.mesh;
  if (!mesh) return;
  const auto grid = mesh_grid(*mesh, words);
  if (!grid) return;
  std::vector<std::string> axes;
  for (const MeshAxis& axis : mesh->axes) axes.push_back(axis_text(axis, words));
  page.row(Mark::plain, words("mesh.heading"), joined(axes, words("list-semicolon")));
  page.blank();
  page.table(*grid);
  page.blank();
}

void write_links(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  if (diagnosis.chosen_gpus.size() < 2) return;
  const LinkWords found = link_words(diagnosis.snapshot, diagnosis.chosen_gpus);
  const std::vector<std::string> kinds = kinds_of(found);
  if (kinds.size() == 1 && kinds.front() == k_not_known) return;
  if (!nodes_agree(diagnosis, found)) {
    const NodeSet& set = *diagnosis.request.node_set;
    page.row(Mark::warning, words("links.heading"), words("links.nodes-differ", {set.nodes[set.weakest].name}));
  }
  if (kinds.size() == 1) {
    page.row(Mark::plain, words("links.heading"),
             words("links.all-alike", {std::to_string(found.size()), kinds.front()}));
    return;
  }
  page.row(Mark::plain, words("links.heading"), words("links.legend"));
  page.blank();
  page.table(link_grid(found));
  page.blank();
}

}  // namespace diffcheck
