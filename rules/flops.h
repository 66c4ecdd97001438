// Arithmetic of a diffusion transformer: floating-point operations of its blocks, by tokens. A multiplication and an
// addition count as two.
#pragma once

#include <cstdint>
#include <optional>

#include "rules/knowledge.h"

namespace diffcheck {

/// One pass of the transformer over one sequence, by block.
struct ForwardWork {
  std::int64_t blocks = 0;
  std::int64_t width = 0;               ///< Elements of a token's hidden state.
  std::int64_t tokens = 0;              ///< Attended to at once: text included where attention is joint.
  double linear_flops_per_token = 0;    ///< Projections, feed-forward network and attention to the text, of one block.
  double attention_flops_per_pair = 0;  ///< Scores and their sum, for one query and one key, of one block.
  double reductions = 2;  ///< All-reduces of the hidden state in one block that is split over tensor ranks, on average.

  double linear_flops() const;     ///< Of all blocks.
  double attention_flops() const;  ///< Of all blocks.
};

/// nullopt where the model's card does not say its shape (UNets). Embeddings, modulation and the text's own layers are
/// below one percent and left out.
std::optional<ForwardWork> forward_work(const ModelCard& model, std::int64_t visual_tokens);

}  // namespace diffcheck
