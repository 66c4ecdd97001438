// Numbers that conditions and messages name and that are computed here, so that a rule stays one readable line of data.
#pragma once

#include "probe/fact_table.h"
#include "rules/diagnosis.h"
#include "rules/knowledge.h"
#include "rules/plan.h"

namespace diffcheck {

/// Facts of a workload that do not depend on the candidate.
struct WorkloadNumbers {
  Fact<std::int64_t> latent_frames;
  Fact<std::int64_t> latent_height;
  Fact<std::int64_t> latent_width;
  Fact<std::int64_t> tokens_visual;
  Fact<std::int64_t> tokens;           ///< Length of self-attention.
  Fact<std::int64_t> attention_batch;  ///< Sequences attended to at once: batch, guidance, frames.
  Fact<double> score_elements;         ///< attention_batch x heads x tokens^2.
  Fact<Bytes> score_buffer_bytes;      ///< One fp32 score matrix.
  Fact<std::vector<std::string>> ulysses_degrees;
  Fact<Bytes> transformer_bytes;
  Fact<Bytes> usable_gpu_bytes;
  Fact<std::int64_t> gpus;

  static void describe(auto& self, auto&& visit) {
    visit("latent_frames", self.latent_frames, "Frames of the latent.");
    visit("latent_height", self.latent_height, "Rows of the latent.");
    visit("latent_width", self.latent_width, "Columns of the latent.");
    visit("tokens_visual", self.tokens_visual, "Image or video tokens.");
    visit("tokens", self.tokens, "Tokens that self-attention sees at once, text included where it is joint.");
    visit("attention_batch", self.attention_batch, "Sequences attended to at once.");
    visit("score_elements", self.score_elements, "Elements of one score matrix: batch x heads x tokens x tokens.");
    visit("score_buffer_bytes", self.score_buffer_bytes, "One score matrix in fp32.");
    visit("ulysses_degrees", self.ulysses_degrees, "Degrees that divide the attention heads.");
    visit("transformer_bytes", self.transformer_bytes, "Weights of one transformer in the compute dtype.");
    visit("usable_gpu_bytes", self.usable_gpu_bytes, "What the least-free chosen GPU can give to tensors.");
    visit("gpus", self.gpus, "GPUs chosen on each node.");
  }
};

/// Facts of one candidate: a kernel, a dtype and a layout.
struct CandidateNumbers {
  Fact<std::string> kernel;
  Fact<std::string> kernel_family;
  Fact<bool> kernel_returns_lse;
  Fact<std::string> dtype;
  Fact<std::int64_t> world_size;
  Fact<std::int64_t> nodes;
  Fact<std::int64_t> gpus_per_node;
  Fact<std::int64_t> data;
  Fact<std::int64_t> cfg;
  Fact<std::int64_t> ulysses;
  Fact<std::int64_t> ring;
  Fact<std::int64_t> pipefusion;
  Fact<std::int64_t> tensor;
  Fact<std::int64_t> fsdp;
  Fact<std::int64_t> vae;
  Fact<std::int64_t> product;
  Fact<std::int64_t> data_and_cfg;
  Fact<std::int64_t> replica_size;
  Fact<std::int64_t> sequence_degree;
  Fact<std::int64_t> head_ways;
  Fact<std::int64_t> empty_stages;
  Fact<std::int64_t> row_multiple;
  Fact<bool> text_is_split;
  Fact<std::int64_t> query_tokens_per_rank;
  Fact<std::int64_t> query_tokens_padded;

  static void describe(auto& self, auto&& visit) {
    visit("kernel", self.kernel, "Attention kernel.");
    visit("kernel_family", self.kernel_family, "Its family, e.g. sdpa.");
    visit("kernel_returns_lse", self.kernel_returns_lse, "It returns the log-sum-exp that a ring needs.");
    visit("dtype", self.dtype, "Compute dtype.");
    visit("world_size", self.world_size, "Processes.");
    visit("nodes", self.nodes, "Nodes that they fill, in equal parts.");
    visit("gpus_per_node", self.gpus_per_node, "Processes on each of them.");
    visit("data", self.data, "Data-parallel degree.");
    visit("cfg", self.cfg, "Guidance-parallel degree: 1 or 2.");
    visit("ulysses", self.ulysses, "Ulysses degree.");
    visit("ring", self.ring, "Ring degree.");
    visit("pipefusion", self.pipefusion, "PipeFusion degree.");
    visit("tensor", self.tensor, "Tensor-parallel degree.");
    visit("fsdp", self.fsdp, "Fully-sharded degree.");
    visit("vae", self.vae, "VAE-parallel degree.");
    visit("product", self.product, "data x cfg x ulysses x ring x pipefusion x tensor.");
    visit("data_and_cfg", self.data_and_cfg, "data x cfg.");
    visit("replica_size", self.replica_size, "Processes that make one output: world_size / data, rounded down.");
    visit("sequence_degree", self.sequence_degree, "ulysses x ring.");
    visit("head_ways", self.head_ways, "tensor x ulysses: over how many ranks the attention heads are shared out.");
    visit("empty_stages", self.empty_stages,
          "Pipeline stages that get no block when blocks are dealt out in equal shares, rounded up.");
    visit("row_multiple", self.row_multiple, "Patch rows times sequence degree: latent rows must be a multiple of it.");
    visit("text_is_split", self.text_is_split, "Text tokens divide evenly over the sequence ranks.");
    visit("query_tokens_per_rank", self.query_tokens_per_rank, "Query tokens that one rank's attention call sees.");
    visit("query_tokens_padded", self.query_tokens_padded, "The same, rounded up to a multiple of 32.");
  }
};

/// One attention call, as a kernel's requirements see it.
struct AttentionCall {
  Fact<std::string> dtype;
  Fact<std::int64_t> head_dim;
  Fact<bool> mask;
  Fact<bool> causal;
  Fact<bool> needs_grad;
  Fact<bool> grouped_heads;
  Fact<double> dropout;
  Fact<std::int64_t> query_tokens;
  Fact<std::int64_t> batch;
  Fact<std::int64_t> heads;

  static void describe(auto& self, auto&& visit) {
    visit("dtype", self.dtype, "bf16, fp16 or fp32.");
    visit("head_dim", self.head_dim, "Elements of a head.");
    visit("mask", self.mask, "An attention mask is passed.");
    visit("causal", self.causal, "Causal attention.");
    visit("needs_grad", self.needs_grad, "Gradients are needed.");
    visit("grouped_heads", self.grouped_heads, "Fewer key heads than query heads.");
    visit("dropout", self.dropout, "Dropout probability.");
    visit("query_tokens", self.query_tokens, "Query tokens.");
    visit("batch", self.batch, "Batch.");
    visit("heads", self.heads, "Query heads.");
  }
};

/// What follows for one GPU from the tables of data/libraries.
struct DeviceNumbers {
  Fact<std::vector<std::string>> torch_arch_list;
  Fact<bool> torch_has_code;
  Fact<bool> driver_runs_torch;
  Fact<Version> oldest_torch;
  Fact<std::string> torch_index;
  Fact<std::vector<std::string>> unloadable_modules;

  static void describe(auto& self, auto&& visit) {
    visit("torch_arch_list", self.torch_arch_list, "GPU targets compiled into the installed torch.");
    visit("torch_has_code", self.torch_has_code, "One of them loads on this GPU.");
    visit("driver_runs_torch", self.driver_runs_torch,
          "The driver is new enough for the CUDA that torch was built for.");
    visit("oldest_torch", self.oldest_torch,
          "Oldest torch of which an official CUDA wheel holds code for this GPU and runs on its driver; absent when "
          "none is listed.");
    visit("torch_index", self.torch_index, "Wheel index of the newest such torch: cu126.");
    visit("unloadable_modules", self.unloadable_modules,
          "Compiled Python modules that are known not to load, or to hold no code for this GPU.");
  }
};

/// The engine as it was found.
struct EngineFacts {
  Fact<Version> version;
  Fact<std::string> commit;
  Fact<std::string> variant;
  Fact<std::vector<std::string>> markers;

  static void describe(auto& self, auto&& visit) {
    visit("version", self.version, "Version that is installed or was asked for.");
    visit("commit", self.commit, "Commit of the source tree, or as asked for.");
    visit("variant", self.variant, "Variant asked for.");
    visit("markers", self.markers, "Known pieces of code in the source tree.");
  }
};

/// What conditions may ask of the model.
struct ModelFacts {
  Fact<std::string> id;
  Fact<std::string> family;
  Fact<std::string> kind;
  Fact<std::int64_t> heads;
  Fact<std::int64_t> head_dim;
  Fact<std::int64_t> layers;
  Fact<std::int64_t> experts;
  Fact<std::int64_t> text_tokens;
  Fact<std::int64_t> patch_rows;
  Fact<std::string> guidance;
  Fact<bool> joint_attention;
  Fact<std::vector<std::string>> sizes;
  Fact<std::int64_t> frame_multiple;
  Fact<std::int64_t> frame_plus;

  static void describe(auto& self, auto&& visit) {
    visit("id", self.id, "Model id.");
    visit("family", self.family, "Family.");
    visit("kind", self.kind, "video, image or lipsync.");
    visit("heads", self.heads, "Attention heads.");
    visit("head_dim", self.head_dim, "Elements of a head.");
    visit("layers", self.layers, "Transformer blocks.");
    visit("experts", self.experts, "Transformers of which one is active.");
    visit("text_tokens", self.text_tokens, "Text tokens.");
    visit("patch_rows", self.patch_rows, "Latent rows in a patch.");
    visit("guidance", self.guidance, "batched, sequential, distilled or none.");
    visit("joint_attention", self.joint_attention, "Text tokens take part in self-attention.");
    visit("sizes", self.sizes, "Sizes the model was made for; absent: any.");
    visit("frame_multiple", self.frame_multiple, "Frames are frame_multiple x k + frame_plus.");
    visit("frame_plus", self.frame_plus, "See frame_multiple.");
  }
};

}  // namespace diffcheck
