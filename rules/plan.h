// What was chosen and why the rest was not: kernel, layout, memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "probe/describe.h"
#include "rules/condition.h"
#include "rules/message.h"

namespace diffcheck {

/// A named requirement as it was judged.
struct Reason {
  std::string condition;  ///< Requirement id: "sdpa-efficient/dtype".
  Message text;
  Truth truth = Truth::unknown;
  std::vector<Evidence> evidence;
  std::string error_text;  ///< What the engine itself prints, verbatim, where known.
  std::string source;      ///< Where the rule comes from.
};

/// How an engine is told something.
struct Setting {
  enum class Kind { env, flag, kwarg, config, block_import, uninstall, install, checkout, edit };
  Kind kind = Kind::flag;
  std::string name;                ///< Variable, keyword or config key.
  std::string value;               ///< Its value; commit of checkout.
  std::vector<std::string> items;  ///< Arguments of a flag, modules, packages.
  Message text;                    ///< For people, where the setting is an action.
  friend bool operator==(const Setting&, const Setting&) = default;
};

struct KernelCandidate {
  std::string kernel;
  std::string dtype;
  Truth verdict = Truth::unknown;
  bool exact = true;
  bool returns_lse = false;
  int rank = 0;                   ///< Higher is faster; 0 where the knowledge has no order.
  Truth reachable = Truth::yes;   ///< Whether the engine uses it, by itself or when told.
  std::vector<Setting> settings;  ///< What has to be set so that the engine uses it.
  std::vector<Reason> reasons;    ///< Those that are not yes, first the decisive one.
};

struct EngineDefault {
  std::string kernel;  ///< "" when it cannot be told.
  std::string dtype;
  Truth verdict = Truth::unknown;
  std::vector<Reason> reasons;
  std::string error_text;                          ///< What the engine prints where it gives up, verbatim.
  std::optional<std::int64_t> score_buffer_bytes;  ///< Of one score matrix, where that kernel builds them.
};

struct AttentionPlan {
  EngineDefault engine_default;
  std::optional<KernelCandidate> chosen;
  std::vector<KernelCandidate> candidates;
};

struct Layout {
  std::int64_t world_size = 1;
  std::int64_t data = 1;
  std::int64_t cfg = 1;
  std::int64_t ulysses = 1;
  std::int64_t ring = 1;
  std::int64_t pipefusion = 1;
  std::int64_t tensor = 1;
  std::int64_t fsdp = 1;
  std::int64_t vae = 1;
  friend auto operator<=>(const Layout&, const Layout&) = default;

  /// Degree by axis name; nullptr for an unknown name.
  std::int64_t* axis(std::string_view name);
};

/// How far a number can be trusted, the best first.
enum class Grade { measured, published, formula, derived, fitted, assumed };
constexpr std::string_view name_of(Grade grade) {
  switch (grade) {
    case Grade::measured:
      return "measured";
    case Grade::published:
      return "published";
    case Grade::formula:
      return "formula";
    case Grade::derived:
      return "derived";
    case Grade::fitted:
      return "fitted";
    case Grade::assumed:
      return "assumed";
  }
  return "assumed";
}

/// The less certain of two.
constexpr Grade weaker(Grade left, Grade right) { return left < right ? right : left; }

/// Seconds with the range in which they are expected.
struct Duration {
  double low = 0, seconds = 0, high = 0;
};

/// What a step is made of: linear, attention, elementwise, all-to-all, ring, all-reduce, pipeline, weights or launch.
struct TimePart {
  std::string part;
  double seconds = 0;
};

/// Predicted time of one denoising step and of the whole run.
struct StepTime {
  std::optional<Duration> step, total;  ///< nullopt where it is not known.
  Message unknown;                      ///< Why not.
  std::vector<TimePart> parts;          ///< Of the step; those that take time.
  Grade grade = Grade::assumed;
  std::vector<Message> assumptions;
};

struct LayoutCandidate {
  Layout layout;
  bool exact = true;
  std::vector<Reason> reasons = {};                       ///< Empty when legal.
  StepTime time = {};                                     ///< Only where legal.
  std::optional<std::int64_t> peak_bytes = std::nullopt;  ///< In the chosen memory mode; only where legal.
};

/// How the ranks of a layout stand along one of its axes.
struct MeshAxis {
  std::string axis;
  std::int64_t size = 1;
  std::int64_t stride = 1;  ///< Between the ranks of one group.
  bool crosses_nodes = false;
  std::string link;  ///< The worst inside its groups: nvlink, pcie, infiniband ... ; "" where it is not known.
};

/// Which rank stands where: ranks are node-major, and count along the axes in the engine's order.
struct MeshPlan {
  std::int64_t nodes = 1;
  std::int64_t gpus_per_node = 1;
  std::vector<MeshAxis> axes;  ///< Those with a degree above 1; neighbours along the first have consecutive ranks.
};

struct LayoutPlan {
  std::optional<Layout> chosen;
  std::optional<MeshPlan> mesh;             ///< Of the chosen one.
  std::vector<LayoutCandidate> candidates;  ///< Best first.
  std::vector<LayoutCandidate> rejected;
};

/// Bytes with the range in which they are expected.
struct Estimate {
  std::int64_t low = 0;
  std::int64_t bytes = 0;
  std::int64_t high = 0;
  friend Estimate operator+(const Estimate& left, const Estimate& right) {
    return {left.low + right.low, left.bytes + right.bytes, left.high + right.high};
  }
  friend bool operator==(const Estimate&, const Estimate&) = default;
};

/// One thing that takes memory in a stage.
struct MemoryTerm {
  enum class Kind { weights, activations, attention, other };
  Kind kind = Kind::other;
  std::string name;  ///< Key of its words: "transformer", "score-matrix", "decode" ...
  Estimate bytes;
  Grade grade = Grade::formula;
};

struct StageBudget {
  std::string stage;  ///< text_encode, vae_encode, denoise or vae_decode.
  std::vector<MemoryTerm> terms;
  double reserved_factor = 1;  ///< What the allocator holds over what tensors take, without the weights.

  Estimate of(MemoryTerm::Kind kind) const;
  Estimate total() const;
};

/// What is given up: a memory mode, tiles, a quantisation.
struct MemoryChoice {
  std::string mode;
  std::string quantization;  ///< "" for none.
  bool vae_tiling = false;
  friend bool operator==(const MemoryChoice&, const MemoryChoice&) = default;
};

struct RejectedMode {
  MemoryChoice choice;
  Estimate peak;
  Truth fits = Truth::no;
};

/// Bytes are of one process, on its GPU, unless they say otherwise.
struct MemoryPlan {
  MemoryChoice choice;
  std::string dtype;
  std::vector<std::string> concessions;     ///< Ids, the least first; empty: nothing is given up.
  Estimate peak;                            ///< Of tensors: torch.cuda.max_memory_allocated.
  Estimate reserved;                        ///< Of the allocator: torch.cuda.max_memory_reserved.
  Estimate device;                          ///< On the device, with context and communicators: what nvidia-smi shows.
  std::optional<std::int64_t> limit_bytes;  ///< What tensors may take; nullopt where no GPU's capacity is known.
  std::string limit_source;
  Truth fits = Truth::unknown;
  std::int64_t host_bytes = 0;  ///< Of all processes on a host.
  std::int64_t disk_bytes = 0;
  Grade grade = Grade::assumed;
  std::vector<std::string> unknown_terms;  ///< What the formulae could not count; such a budget is never known to fit.
  std::vector<StageBudget> stages;
  std::vector<Setting> settings;
  std::vector<RejectedMode> rejected;  ///< Cheaper choices that do not fit.
};

/// One of the ways to run a case that no other one beats in everything.
struct FrontPoint {
  Layout layout;
  std::string kernel, dtype;
  MemoryChoice choice;
  std::vector<std::string> concessions;  ///< Ids, the least first; empty: nothing is given up.
  double total_seconds = 0;
  double gpu_seconds_per_output = 0;  ///< Of all its GPUs.
  std::int64_t peak_bytes = 0;        ///< Of tensors on one GPU.
};

struct Plan {
  AttentionPlan attention;
  LayoutPlan layout;
  std::optional<MemoryPlan> memory;  ///< Of the chosen candidate, or of the engine's default when nothing was chosen.
  std::optional<MemoryPlan> default_memory;  ///< Of what the engine does by itself.
  std::vector<FrontPoint> front;             ///< Fastest first; empty where times are not known.
  std::vector<Message> memory_hints;         ///< What would fit, and what less would take.
  std::vector<Message> assumptions;
  Truth possible = Truth::unknown;  ///< yes: chosen; no: nothing runs; unknown: a needed fact is unknown.
};

}  // namespace diffcheck
