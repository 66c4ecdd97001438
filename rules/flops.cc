#include "rules/flops.h"

#include <algorithm>

namespace diffcheck {
namespace {

constexpr double k_flops_per_weight = 2;
constexpr double k_attention_products = 2;  // queries by keys, scores by values

}  // namespace

double ForwardWork::linear_flops() const {
  return static_cast<double>(blocks) * static_cast<double>(tokens) * linear_flops_per_token;
}

double ForwardWork::attention_flops() const {
  return static_cast<double>(blocks) * static_cast<double>(tokens) * static_cast<double>(tokens) *
         attention_flops_per_pair;
}

std::optional<ForwardWork> forward_work(const ModelCard& model, std::int64_t visual_tokens) {
  if (!model.layers || !model.hidden || !model.ffn || *model.layers < 1 || visual_tokens < 1) return std::nullopt;
  const auto width = static_cast<double>(*model.hidden);
  const auto text_tokens = static_cast<double>(model.text_tokens);
  ForwardWork work;
  work.blocks = *model.layers;
  work.width = *model.hidden;
  work.tokens = visual_tokens + (model.joint_attention ? model.text_tokens : 0);
  // Query, key, value and output; then the matrices of the feed-forward network.
  double weights = 4 * width * width + static_cast<double>(model.ffn_matrices * *model.ffn) * width;
  // Attention to the text has a query and an output for each token; the text's keys and values are few.
  if (!model.joint_attention) weights += 2 * width * width;
  work.linear_flops_per_token = k_flops_per_weight * weights;
  work.attention_flops_per_pair = k_flops_per_weight * k_attention_products * width;
  if (!model.joint_attention) work.linear_flops_per_token += work.attention_flops_per_pair * text_tokens;
  // One after attention and one after the feed-forward network; a block of one stream sums both in one projection.
  // Source: diffusers FluxSingleTransformerBlock.proj_out.
  work.reductions =
      2 - static_cast<double>(std::min(model.single_layers, *model.layers)) / static_cast<double>(*model.layers);
  return work;
}

}  // namespace diffcheck
