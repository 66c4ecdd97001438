// One model as people ask about it: its parts with their sizes, its tokens, what runs it; from its card and, where one
// was read, from a checkpoint on disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/knowledge.h"
#include "rules/model_on_disk.h"

namespace diffcheck {

/// A part of the model, as its card counts it.
struct ModelPart {
  std::string component;  ///< transformer, text_encoder or vae.
  std::string id;         ///< Of the encoder or VAE; the model's own for the transformer.
  std::string name;
  std::optional<std::int64_t> params;  ///< Of all copies.
  std::int64_t copies = 1;             ///< Experts.
  bool exact = true;
  bool from_headers = false;  ///< Counted in the checkpoint.
  std::string stored_dtype, compute_dtype;
  std::optional<std::int64_t> stored_bytes, compute_bytes;  ///< nullopt where the parameters are not known.
  std::string source;
};

/// How many tokens the default job has, step by step.
struct TokenCount {
  std::int64_t latent_frames = 0;                  ///< Of the latent, before patches.
  std::int64_t frames = 0, rows = 0, columns = 0;  ///< In patches.
  std::int64_t visual = 0;
  std::int64_t references = 0;  ///< Of images that are edited.
  std::int64_t text = 0;        ///< That take part in self-attention.
  std::int64_t total = 0;       ///< Length of self-attention.
};

struct ModelSummary {
  const ModelCard* card = nullptr;
  const Vae* vae = nullptr;
  std::vector<ModelPart> parts;
  std::optional<std::int64_t> stored_bytes;  ///< Of all parts; nullopt where one of them is not known.
  std::int64_t known_stored_bytes = 0;       ///< Of the parts that are known.
  TokenCount tokens;
  std::vector<const Engine*> engines;  ///< Those that run it.
};

/// `card` may be that of a checkpoint. The encoders' weights are counted in the compute dtype on disk as well: in which
/// one they are published, cards do not say.
ModelSummary summary_of(const ModelCard& card, const Knowledge& knowledge);

}  // namespace diffcheck
