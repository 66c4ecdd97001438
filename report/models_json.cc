#include "report/json_parts.h"
#include "report/model_summary.h"
#include "report/models.h"

namespace diffcheck {
namespace {

Json or_null(const std::optional<std::int64_t>& value) { return value ? Json(*value) : Json(nullptr); }

Json parts_json(const ModelSummary& summary) {
  Json parts = Json::array();
  for (const ModelPart& part : summary.parts) {
    parts.push_back({{"component", part.component},
                     {"id", part.id},
                     {"params", or_null(part.params)},
                     {"params_grade", part.from_headers ? "headers"
                                      : part.exact      ? "computed"
                                                        : "approximate"},
                     {"copies", part.copies},
                     {"stored_dtype", part.stored_dtype},
                     {"stored_bytes", or_null(part.stored_bytes)},
                     {"compute_dtype", part.compute_dtype},
                     {"compute_bytes", or_null(part.compute_bytes)},
                     {"source", part.source}});
  }
  return parts;
}

Json card_json(const ModelSummary& summary) {
  const ModelCard& card = *summary.card;
  std::vector<std::string> engines;
  for (const Engine* engine : summary.engines) engines.push_back(engine->id);
  Json json = {{"id", card.id},
               {"name", card.name},
               {"family", card.family},
               {"kind", card.kind},
               {"tasks", card.tasks},
               {"parts", parts_json(summary)},
               {"disk_bytes", or_null(summary.stored_bytes)},
               {"layers", or_null(card.layers)},
               {"heads", or_null(card.heads)},
               {"head_dim", or_null(card.head_dim)},
               {"hidden", or_null(card.hidden)},
               {"ffn", or_null(card.ffn)}};
  json["default"] = {{"width", card.width},
                     {"height", card.height},
                     {"frames", card.frames},
                     {"steps", card.steps},
                     {"dtype", card.dtype}};
  json["tokens"] = {{"frames", summary.tokens.frames},   {"rows", summary.tokens.rows},
                    {"columns", summary.tokens.columns}, {"visual", summary.tokens.visual},
                    {"text", summary.tokens.text},       {"self_attention", summary.tokens.total}};
  if (card.reference_images > 0) json["tokens"]["references"] = summary.tokens.references;
  json["text_tokens"] = card.text_tokens == 0 ? Json(nullptr) : Json(card.text_tokens);
  json["guidance"] = {{"kind", card.guidance}, {"passes", card.guidance_passes}};
  json["sizes"] = card.sizes;
  json["frame_multiple"] = card.frame_multiple;
  json["frame_plus"] = card.frame_plus;
  if (summary.vae != nullptr) {
    const Vae& vae = *summary.vae;
    json["vae"] = {{"id", vae.id},
                   {"spatial", vae.spatial},
                   {"temporal", vae.temporal},
                   {"latent_channels", vae.latent_channels},
                   {"decodes", vae.decodes.empty() ? Json(nullptr) : Json(vae.decodes)},
                   {"tile_pixels", vae.tile_pixels == 0 ? Json(nullptr) : Json(vae.tile_pixels)}};
  }
  json["engines"] = engines;
  json["aliases"] = card.aliases;
  json["grade"] = card.grade;
  json["reason"] = card.reason;
  json["source"] = card.source;
  json["checked"] = card.checked;
  json["origin"] = card.origin;
  return json;
}

Json config_json(const CheckpointConfig& config) {
  Json json = Json::object();
  CheckpointConfig::describe(config, [&](const char* name, const auto& fact, const char*) {
    if (!fact.is_unset() && !fact.is_absent()) json[name] = fact_json(fact);
  });
  return json;
}

Json disk_json(const ModelOnDisk& on_disk, const Knowledge& knowledge, Language language) {
  Json parts = Json::array();
  for (const CheckpointPart& part : on_disk.checkpoint.parts) {
    Json dtypes = Json::object();
    for (const auto& [dtype, elements] : part.dtypes) dtypes[dtype] = fact_json(elements);
    parts.push_back({{"path", fact_json(part.path)},
                     {"component", component_of(part, knowledge)},
                     {"files", fact_json(part.files)},
                     {"disk_bytes", fact_json(part.disk_bytes)},
                     {"tensor_bytes", fact_json(part.tensor_bytes)},
                     {"tensors", fact_json(part.tensors)},
                     {"params", fact_json(part.params)},
                     {"dtype", fact_json(part.dtype)},
                     {"dtypes", std::move(dtypes)},
                     {"config", config_json(part.config)}});
  }
  Json differences = Json::array();
  for (const CardDifference& difference : on_disk.differences) {
    const auto text = knowledge.texts.find(difference.what);
    differences.push_back({{"what", text == knowledge.texts.end() ? difference.what : text->second.in(language)},
                           {"card", difference.card},
                           {"disk", difference.disk},
                           {"source", difference.source}});
  }
  return {{"folder", fact_json(on_disk.checkpoint.folder)},
          {"pipeline", fact_json(on_disk.checkpoint.pipeline)},
          {"disk_bytes", fact_json(on_disk.checkpoint.disk_bytes)},
          {"parts", std::move(parts)},
          {"differences", std::move(differences)}};
}

}  // namespace

std::string models_json(const Knowledge& knowledge) {
  Json models = Json::array();
  for (const ModelCard& card : knowledge.models) models.push_back(card_json(summary_of(card, knowledge)));
  return document({{"schema", k_models_schema}, {"models", std::move(models)}});
}

std::string model_json(const ModelCard& card, const ModelOnDisk* on_disk, const Knowledge& knowledge,
                       Language language) {
  Json json = {{"schema", k_models_schema}, {"models", Json::array({card_json(summary_of(card, knowledge))})}};
  if (on_disk != nullptr) json["on_disk"] = disk_json(*on_disk, knowledge, language);
  return document(json);
}

}  // namespace diffcheck
