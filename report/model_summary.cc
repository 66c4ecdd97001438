#include "report/model_summary.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rules/budget.h"
#include "rules/engine_variant.h"

namespace diffcheck {
namespace {

std::optional<std::int64_t> bytes_of(const std::optional<std::int64_t>& params, const std::string& dtype,
                                     const Knowledge& knowledge) {
  const auto bytes = bytes_per_element(knowledge, dtype);
  if (!params || !bytes) return std::nullopt;
  return static_cast<std::int64_t>(std::llround(static_cast<double>(*params) * *bytes));
}

ModelPart sized(ModelPart part, const Knowledge& knowledge) {
  part.stored_bytes = bytes_of(part.params, part.stored_dtype, knowledge);
  part.compute_bytes = bytes_of(part.params, part.compute_dtype, knowledge);
  return part;
}

ModelPart transformer_of(const ModelCard& card, const Knowledge& knowledge) {
  ModelPart part;
  part.component = "transformer";
  part.id = card.id;
  part.name = card.name;
  part.params = card.params * card.experts;
  part.copies = card.experts;
  part.exact = card.params_exact;
  part.stored_dtype = card.checkpoint_dtype.empty() ? card.dtype : card.checkpoint_dtype;
  part.compute_dtype = card.dtype;
  part.source = card.source;
  if (const auto found = card.on_disk.find("transformer"); found != card.on_disk.end() && found->second.params) {
    part.from_headers = true;
    part.source = found->second.source;
  }
  return sized(std::move(part), knowledge);
}

ModelPart encoder_of(const TextEncoder& encoder, const ModelCard& card, const Knowledge& knowledge) {
  ModelPart part;
  part.component = "text_encoder";
  part.id = encoder.id;
  part.name = encoder.name;
  part.params = encoder.params;
  part.exact = encoder.params_exact;
  part.stored_dtype = part.compute_dtype = card.dtype;
  part.source = encoder.source;
  return sized(std::move(part), knowledge);
}

ModelPart vae_of(const Vae& vae, const ModelCard& card, const Knowledge& knowledge) {
  ModelPart part;
  part.component = "vae";
  part.id = vae.id;
  part.name = vae.name;
  part.params = vae.params;
  part.exact = vae.params_exact;
  part.stored_dtype = part.compute_dtype = vae.dtype.empty() || vae.dtype == "pipeline" ? card.dtype : vae.dtype;
  part.source = vae.source;
  return sized(std::move(part), knowledge);
}

/// As rules/judged_case.cc counts those of a request.
TokenCount tokens_of(const ModelCard& card) {
  TokenCount tokens;
  tokens.latent_frames = card.frames_in_batch ? card.frames : (card.frames - 1) / card.temporal + 1;
  tokens.frames = card.frames_in_batch ? 1 : (tokens.latent_frames + card.patch_t - 1) / card.patch_t;
  tokens.rows = card.height / card.spatial / card.patch_h;
  tokens.columns = card.width / card.spatial / card.patch_w;
  tokens.visual = tokens.frames * tokens.rows * tokens.columns;
  tokens.text = card.joint_attention ? card.text_tokens : 0;
  const std::int64_t scaled = card.reference_pixels / (card.spatial * card.patch_h * card.spatial * card.patch_w);
  tokens.references = card.reference_images * std::max(tokens.visual, scaled);
  tokens.total = tokens.visual + tokens.references + tokens.text;
  return tokens;
}

}  // namespace

ModelSummary summary_of(const ModelCard& card, const Knowledge& knowledge) {
  ModelSummary summary;
  summary.card = &card;
  summary.vae = find_entry(knowledge.vaes, card.vae);
  summary.parts.push_back(transformer_of(card, knowledge));
  for (const std::string& id : card.text_encoders) {
    if (const TextEncoder* encoder = find_entry(knowledge.text_encoders, id))
      summary.parts.push_back(encoder_of(*encoder, card, knowledge));
  }
  if (summary.vae != nullptr) summary.parts.push_back(vae_of(*summary.vae, card, knowledge));
  bool all_known = true;
  for (const ModelPart& part : summary.parts) {
    summary.known_stored_bytes += part.stored_bytes.value_or(0);
    all_known = all_known && part.stored_bytes.has_value();
  }
  if (all_known) summary.stored_bytes = summary.known_stored_bytes;
  summary.tokens = tokens_of(card);
  for (const Engine& engine : knowledge.engines) {
    if (matches_any(engine.models, card.id)) summary.engines.push_back(&engine);
  }
  return summary;
}

}  // namespace diffcheck
