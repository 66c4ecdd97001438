#include "report/text_memory.h"

#include <algorithm>
#include <array>
#include <utility>

#include "report/fact_text.h"
#include "report/stacked_bar.h"

namespace diffcheck {
namespace {

using Kind = MemoryTerm::Kind;

/// In the order of the bars' parts.
constexpr std::array<std::pair<Kind, const char*>, k_bar_fills> k_kinds = {{{Kind::weights, "column.weights"},
                                                                            {Kind::activations, "column.activations"},
                                                                            {Kind::attention, "column.attention"},
                                                                            {Kind::other, "column.other"}}};
constexpr std::size_t k_widest_bar = 48;
constexpr std::size_t k_beside_bar = 44;  // mark, stage, spaces and the size behind it

std::string fit_text(const MemoryPlan& memory, const Phrases& words) {
  const std::string peak = gibibyte_range(memory.peak, words);
  if (!memory.limit_bytes) return words("memory.no-limit", {peak});
  return words("memory.fits-" + std::string(name_of(memory.fits)), {peak, gibibytes(*memory.limit_bytes)});
}

void write_table(Page& page, const MemoryPlan& memory, const Phrases& words) {
  Table table;
  table.columns = {{words("column.stage")}};
  for (const auto& [kind, key] : k_kinds) table.columns.push_back({words(key), true});
  table.columns.push_back({words("column.total"), true});
  for (const StageBudget& stage : memory.stages) {
    std::vector<std::string> row = {words("stage." + stage.stage)};
    for (const auto& [kind, key] : k_kinds) row.push_back(gibibytes(stage.of(kind).bytes));
    row.push_back(gibibytes(stage.total().bytes));
    table.rows.push_back(std::move(row));
  }
  if (!table.rows.empty()) page.table(table);
}

void write_bars(Page& page, const MemoryPlan& memory, const Phrases& words) {
  const Style& style = page.style();
  std::int64_t full = memory.limit_bytes.value_or(0);
  for (const StageBudget& stage : memory.stages) full = std::max(full, stage.total().bytes);
  const std::size_t room = style.width > k_beside_bar ? style.width - k_beside_bar : 1;
  const std::size_t columns = std::min(k_widest_bar, room);
  for (const StageBudget& stage : memory.stages) {
    std::vector<std::int64_t> parts;
    for (const auto& [kind, key] : k_kinds) parts.push_back(stage.of(kind).bytes);
    const std::int64_t total = stage.total().bytes;
    const bool over = memory.limit_bytes && total > *memory.limit_bytes;
    page.row(over ? Mark::bad : Mark::plain, words("stage." + stage.stage),
             stacked_bar(parts, full, memory.limit_bytes, columns, style) + " " + gibibytes(total));
  }
  std::vector<std::string> legend;
  for (std::size_t i = 0; i < k_kinds.size(); ++i)
    legend.push_back(bar_fill(i, style) + " " + words(k_kinds.at(i).second));
  if (memory.limit_bytes) legend.push_back("| " + words("memory.room") + " " + gibibytes(*memory.limit_bytes));
  page.paragraph(joined(legend, "  "));
}

}  // namespace

std::string choice_text(const MemoryChoice& choice, const Phrases& words) {
  std::vector<std::string> parts = {choice.mode};
  if (!choice.quantization.empty()) parts.push_back(choice.quantization);
  if (choice.vae_tiling) parts.push_back(words("memory.vae-tiling"));
  return joined(parts);
}

void write_memory(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  if (!diagnosis.plan->memory) return;
  const MemoryPlan& memory = *diagnosis.plan->memory;
  page.heading(words("memory.heading"));
  page.row(mark_of(memory.fits), words("memory.mode"), choice_text(memory.choice, words));
  page.row(mark_of(memory.fits), words("memory.peak"), fit_text(memory, words));
  page.row(Mark::plain, words("memory.reserved"), gibibyte_range(memory.reserved, words));
  page.row(Mark::plain, words("memory.device"), gibibyte_range(memory.device, words));
  if (memory.limit_bytes)
    page.row(Mark::plain, words("memory.room"), words("pair", {gibibytes(*memory.limit_bytes), memory.limit_source}));
  if (memory.host_bytes > 0) page.row(Mark::plain, words("memory.host"), gibibytes(memory.host_bytes));
  if (memory.disk_bytes > 0) page.row(Mark::plain, words("memory.disk"), gibibytes(memory.disk_bytes));
  page.row(Mark::plain, words("memory.grade"), words("grade." + std::string(name_of(memory.grade))));
  if (!memory.unknown_terms.empty()) page.row(Mark::unknown, words("memory.not-counted"), joined(memory.unknown_terms));
  for (const Message& message : diagnosis.plan->memory_hints) page.item(Mark::plain, words(message));
  page.blank();
  write_bars(page, memory, words);
  write_table(page, memory, words);
  for (const RejectedMode& mode : memory.rejected) {
    page.item(mark_of(mode.fits), words("pair", {choice_text(mode.choice, words), gibibyte_range(mode.peak, words)}));
  }
}

}  // namespace diffcheck
