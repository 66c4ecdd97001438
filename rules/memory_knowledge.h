// What is known about memory: sizes of components, live tensors of implementations, and what each memory mode of an
// engine keeps where. All of it is data; rules/budget.h does the sums.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rules/condition.h"
#include "rules/entry.h"
#include "rules/message.h"
#include "rules/plan.h"

namespace diffcheck {

struct TextEncoder : Entry {
  std::string name;
  std::int64_t params = 0;
  bool params_exact = true;
  std::string grade;
  bool reads_text = true;             ///< Else pictures or sound.
  std::int64_t embedding_params = 0;  ///< Of its token table, the largest single module; 0: not known.
};

/// Elements alive at once while a VAE works: constant + frame x frames + pixel x area + pixel_frame x area x frames, of
/// the output.
struct ElementCount {
  double constant = 0, frame = 0, pixel = 0, pixel_frame = 0;
};

/// Workspace of one call of a VAE in one implementation.
struct VaeWorkspace {
  std::string implementation;
  bool encodes = false;
  bool tiled = false;
  /// In 16 bit, with the copies that cuDNN's convolutions make; at each moment that may be the largest.
  std::vector<ElementCount> half;
  std::vector<ElementCount> fp32;  ///< Empty: as half.
  double low_factor = 1, high_factor = 1;
  double reserved_factor = 1;  ///< Reserved over allocated, as published for this call.
  Grade grade = Grade::assumed;
};

struct Vae : Entry {
  std::string name;
  std::optional<std::int64_t> params;
  bool params_exact = true;
  std::string grade;
  std::int64_t spatial = 8;
  std::int64_t temporal = 1;
  std::int64_t latent_channels = 4;
  std::string dtype;
  std::string decodes;  ///< What it decodes at once: image, latent-frame, latent-frame-pair, clip; "": unknown.
  std::int64_t tile_pixels = 0;  ///< Edge of a tile; 0: no tiling known.
  std::vector<VaeWorkspace> workspaces;
};

/// Bytes that the tensors of a running transformer block hold, in one implementation, for the models it names.
struct Activation : Entry {
  std::string implementation;
  std::vector<std::string> models;  ///< Globs of model ids.
  bool per_width = true;            ///< Bytes are for a token and an element of the hidden width; else for a token.
  double half_bytes = 0;            ///< In bf16 and fp16.
  double fp32_bytes = 0;
  double low_factor = 1, high_factor = 1;
  Grade grade = Grade::assumed;
};

struct Quantization : Entry {
  double bytes_per_param = 2;
  std::vector<std::string> aliases;
  bool offloadable = true;  ///< A memory mode can move it to the host.
};

/// Memory outside the formulae: contexts, communicators; and allocator slack as a factor.
struct Overhead : Entry {
  std::optional<Estimate> bytes;
  double factor_low = 1, factor = 1, factor_high = 1;
};

/// How much of a component's weights a stage keeps on the GPU. One of the three is set.
struct ResidentPart {
  std::string component;  ///< text_encoder, transformer, transformer_inactive or vae.
  double fraction = 1;
  std::int64_t blocks = 0;   ///< This many blocks, and what is in no block.
  std::int64_t modules = 0;  ///< This many of its largest single modules.
};

/// A thing that may be given up to need less memory, in the order in which it hurts.
struct Concession : Entry {
  int rank = 0;  ///< 0: nothing is given up.
  bool changes_results = false;
  bool slows_steps = false;  ///< Time is lost in every step, not once for an output.
  Message title;
  Message costs;  ///< What it costs in time.
};

struct MemoryMode : Entry {
  Message title;
  std::vector<std::string> aliases;
  std::string concession;
  std::optional<Condition> when;
  std::map<std::string, std::vector<ResidentPart>> resident;  ///< By stage.
  std::map<std::string, double> host;                         ///< Copies of a component's weights in host memory.
  std::map<std::string, std::string> weight_dtypes;           ///< Where they differ from the behaviour's.
  std::vector<Setting> set;
};

/// How an engine is told to decode in tiles.
struct TilingSwitch {
  bool is_default = false;
  std::optional<Condition> default_when;  ///< Where it is the default for some models only.
  std::optional<Condition> when;
  std::vector<Setting> set;
};

/// A quantisation that an engine can apply.
struct QuantizationChoice {
  std::string id;
  std::vector<std::string> components;
  std::optional<Condition> when;  ///< Proposed only where this is yes; none: never proposed, only taken when asked for.
  std::vector<Setting> set;
};

/// Whose code runs: the names under which live tensors are listed.
struct Implementation {
  std::string id;
  bool borrowed = false;  ///< Another's code, which stands in where the engine's own was not counted.
  std::optional<Condition> when;
};

/// Dtypes of weights that differ for some models.
struct WeightDtypes {
  std::optional<Condition> when;
  std::map<std::string, std::string> dtypes;  ///< By component.
};

/// The memory behaviour that engine variants share.
struct MemoryBehaviour : Entry {
  std::vector<Implementation> implementations;       ///< The first that knows the model or VAE counts.
  std::map<std::string, std::string> weight_dtypes;  ///< By component: a dtype, "workload" or "checkpoint".
  std::vector<WeightDtypes> weight_dtypes_when;      ///< The first that holds goes before them.
  std::vector<MemoryMode> modes;                     ///< The first that `when` allows is the engine's default.
  std::optional<TilingSwitch> tiling;
  std::vector<QuantizationChoice> quantizations;
};

}  // namespace diffcheck
