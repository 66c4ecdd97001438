#include <array>
#include <cstdio>

#include "report/fact_text.h"
#include "report/model_summary.h"
#include "report/models.h"
#include "report/page.h"

namespace diffcheck {
namespace {

constexpr double k_billion = 1e9;
constexpr double k_million = 1e6;

/// "1.419 B", "37.8 M": as models are named.
std::string count_text(std::int64_t params) {
  const auto number = static_cast<double>(params);
  std::array<char, 32> buffer{};
  if (number >= k_billion) {
    std::snprintf(buffer.data(), buffer.size(), "%.3f B", number / k_billion);
  } else {
    std::snprintf(buffer.data(), buffer.size(), "%.1f M", number / k_million);
  }
  return buffer.data();
}

std::string params_text(const std::optional<std::int64_t>& params, bool exact, const Phrases& words) {
  if (!params) return words("unknown");
  return exact ? count_text(*params) : words("models.about", {count_text(*params)});
}

std::string bytes_text(const std::optional<std::int64_t>& bytes, const Phrases& words) {
  return bytes ? gibibytes(*bytes) : words("unknown");
}

std::string size_of(const ModelCard& card) { return std::to_string(card.width) + "x" + std::to_string(card.height); }

std::string or_unknown(const std::optional<std::int64_t>& value, const Phrases& words) {
  return value ? std::to_string(*value) : words("unknown");
}

void write_parts(Page& page, const ModelSummary& summary, const Phrases& words) {
  Table table;
  table.columns = {{words("column.part")},         {words("column.name")},      {words("column.params"), true},
                   {words("column.stored"), true}, {words("column.dtype")},     {words("column.computed"), true},
                   {words("column.dtype")},        {words("column.params-how")}};
  for (const ModelPart& part : summary.parts) {
    const std::string how = words(part.from_headers ? "models.headers"
                                  : part.exact      ? "models.counted"
                                                    : "models.approximate");
    table.rows.push_back({words("models.part." + part.component), part.id, params_text(part.params, part.exact, words),
                          bytes_text(part.stored_bytes, words), part.stored_dtype,
                          bytes_text(part.compute_bytes, words), part.compute_dtype,
                          part.copies > 1 ? words("models.copies", {how, std::to_string(part.copies)}) : how});
  }
  page.table(table);
}

std::string shape_text(const ModelCard& card, const Phrases& words) {
  return words("models.shape",
               {or_unknown(card.layers, words), or_unknown(card.heads, words), or_unknown(card.head_dim, words),
                or_unknown(card.hidden, words), or_unknown(card.ffn, words)});
}

/// "((81 - 1) / 4 + 1) x (480 / 16) x (832 / 16) = 21 x 30 x 52 = 32760"
std::string tokens_text(const ModelSummary& summary, const Phrases& words) {
  const ModelCard& card = *summary.card;
  const TokenCount& tokens = summary.tokens;
  const auto number = [](std::int64_t value) { return std::to_string(value); };
  const std::string frames = card.frames > 1 && !card.frames_in_batch
                                 ? "((" + number(card.frames) + " - 1) / " + number(card.temporal) + " + 1)" +
                                       (card.patch_t > 1 ? " / " + number(card.patch_t) : "")
                                 : "1";
  std::string text = frames + " x (" + number(card.height) + " / " + number(card.spatial * card.patch_h) + ") x (" +
                     number(card.width) + " / " + number(card.spatial * card.patch_w) + ") = " + number(tokens.frames) +
                     " x " + number(tokens.rows) + " x " + number(tokens.columns) + " = " + number(tokens.visual);
  if (tokens.references > 0)
    text = words("models.tokens-references", {text, number(card.reference_images), number(tokens.references)});
  if (tokens.text > 0) text = words("models.tokens-joint", {text, number(tokens.text), number(tokens.total)});
  if (card.frames_in_batch && card.frames > 1) text = words("models.tokens-batch", {text, number(card.frames)});
  return text;
}

std::string vae_text(const Vae& vae, const Phrases& words) {
  std::string text = words("models.vae-strides", {std::to_string(vae.spatial), std::to_string(vae.temporal),
                                                  std::to_string(vae.latent_channels)});
  const auto add = [&](const std::string& more) { text = words("models.and", {text, more}); };
  add(vae.decodes.empty() ? words("models.decodes-unknown") : words("models.decodes." + vae.decodes));
  if (vae.tile_pixels == 0) {
    add(words("models.tiles-unknown"));
  } else {
    add(words("models.tiles", {std::to_string(vae.tile_pixels)}));
  }
  return text;
}

std::string frame_rule_text(const ModelCard& card, const Phrases& words) {
  if (card.frame_multiple <= 1) return "";
  return words("models.frame-rule", {std::to_string(card.frame_multiple), std::to_string(card.frame_plus)});
}

void write_card(Page& page, const ModelSummary& summary, const Phrases& words) {
  const ModelCard& card = *summary.card;
  const auto row = [&](const char* label, const std::string& text) {
    if (!text.empty()) page.row(Mark::plain, words(label), text);
  };
  row("models.kind", words("models.kind-and-tasks", {card.kind, card.family, joined(card.tasks)}));
  row("models.disk", summary.stored_bytes ? gibibytes(*summary.stored_bytes)
                                          : words("models.at-least", {gibibytes(summary.known_stored_bytes)}));
  row("models.dims", shape_text(card, words));
  row("models.default",
      words("models.job", {size_of(card), std::to_string(card.frames), std::to_string(card.steps), card.dtype}));
  row("models.tokens", tokens_text(summary, words));
  row("models.text-tokens", card.text_tokens == 0 ? words("unknown") : std::to_string(card.text_tokens));
  row("models.guidance", words("models.guidance." + card.guidance, {std::to_string(card.guidance_passes)}));
  if (summary.vae != nullptr) row("models.part.vae", vae_text(*summary.vae, words));
  row("models.sizes", joined(card.sizes));
  row("models.frames", frame_rule_text(card, words));
  std::vector<std::string> engines;
  for (const Engine* engine : summary.engines) engines.push_back(engine->id);
  row("models.engines", engines.empty() ? words("models.no-engine") : joined(engines));
  row("models.aliases", joined(card.aliases));
  row("explain.reason", card.reason);
  row("models.grade", card.grade.empty() ? "" : words("models.grade." + card.grade));
  row("explain.source", card.source);
  row("explain.checked", card.checked);
  row("explain.origin", card.origin);
}

std::string dtypes_text(const CheckpointPart& part, const Phrases& words) {
  if (!part.dtype.is_known()) return words("unknown");
  std::string text = part.dtype.value();
  for (const auto& [dtype, elements] : part.dtypes) {
    if (dtype != part.dtype.value()) text += ", " + dtype;
  }
  return text;
}

void write_disk(Page& page, const ModelOnDisk& on_disk, const Knowledge& knowledge, const Phrases& words) {
  page.blank();
  page.heading(words("models.on-disk", {on_disk.checkpoint.folder.value()}));
  Table table;
  table.columns = {{words("column.path")},         {words("column.part")},  {words("column.params"), true},
                   {words("column.stored"), true}, {words("column.dtype")}, {words("column.class")}};
  for (const CheckpointPart& part : on_disk.checkpoint.parts) {
    const Fact<std::string>& name = part.config.class_name;
    table.rows.push_back({part.path.value(), words("models.part." + component_of(part, knowledge)),
                          part.params.is_known() ? count_text(part.params.value()) : words("unknown"),
                          gibibytes(part.disk_bytes.value().count), dtypes_text(part, words),
                          name.is_known() ? name.value() : ""});
  }
  page.table(table);
  for (const CheckpointPart& part : on_disk.checkpoint.parts) {
    if (part.params.is_unknown())
      page.row(Mark::unknown, words("column.params"), words("pair", {part.path.value(), part.params.why()}));
  }
  for (const CardDifference& difference : on_disk.differences)
    page.row(Mark::warning, words(difference.what), words("models.disk-and-card", {difference.disk, difference.card}));
}

}  // namespace

std::string models_text(const Knowledge& knowledge, const Phrases& words, const Style& style) {
  Table table;
  table.columns = {{words("column.id")},          {words("column.kind")},       {words("column.params"), true},
                   {words("column.disk"), true},  {words("column.size"), true}, {words("column.frames"), true},
                   {words("column.steps"), true}, {words("models.part.vae")},   {words("column.encoders")}};
  for (const ModelCard& card : knowledge.models) {
    const ModelSummary summary = summary_of(card, knowledge);
    const std::string disk = gibibytes(summary.known_stored_bytes);
    table.rows.push_back({card.id, card.kind, params_text(summary.parts.front().params, card.params_exact, words),
                          summary.stored_bytes ? disk : words("models.more-than", {disk}), size_of(card),
                          std::to_string(card.frames), std::to_string(card.steps), card.vae,
                          joined(card.text_encoders)});
  }
  std::string text;
  for (const std::string& line : table.lines(style.width)) text += line + "\n";
  return text;
}

std::string model_text(const ModelCard& card, const ModelOnDisk* on_disk, const Knowledge& knowledge,
                       const Phrases& words, const Style& style) {
  const ModelSummary summary = summary_of(card, knowledge);
  Page page(style);
  page.item(Mark::plain, words("finding.title", {card.name, card.id}));
  page.blank();
  write_parts(page, summary, words);
  page.blank();
  write_card(page, summary, words);
  if (on_disk != nullptr) write_disk(page, *on_disk, knowledge, words);
  return page.text();
}

}  // namespace diffcheck
