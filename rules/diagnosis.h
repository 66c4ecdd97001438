// Diagnosis: everything that was found out about one request on one machine; the one value that every report reads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "probe/snapshot.h"
#include "rules/finding.h"
#include "rules/plan.h"
#include "rules/request.h"

namespace diffcheck {

/// The request with what was left open filled in from the model's card.
struct Workload {
  Fact<std::string> engine;
  Fact<std::string> variant;
  Fact<std::string> model;
  Fact<std::int64_t> width;
  Fact<std::int64_t> height;
  Fact<std::int64_t> frames;
  Fact<std::int64_t> steps;
  Fact<std::int64_t> batch;
  Fact<std::string>
      dtype;  ///< bf16, fp16 or fp32: pinned, or what the engine takes by itself; the plan may choose another.
  Fact<double> guidance_scale;
  Fact<std::int64_t> guidance_batch;  ///< Conditional and unconditional computed in one batch: 2, else 1.

  static void describe(auto& self, auto&& visit) {
    visit("engine", self.engine, "Engine id.");
    visit("variant", self.variant, "Engine variant, by its version.");
    visit("model", self.model, "Model id.");
    visit("width", self.width, "Output width in pixels.");
    visit("height", self.height, "Output height in pixels.");
    visit("frames", self.frames, "Output frames.");
    visit("steps", self.steps, "Denoising steps.");
    visit("batch", self.batch, "Outputs made at once.");
    visit("dtype", self.dtype, "Compute dtype: bf16, fp16 or fp32.");
    visit("guidance_scale", self.guidance_scale, "Classifier-free guidance scale.");
    visit("guidance_batch", self.guidance_batch, "2 where both guidance passes run in one batch, else 1.");
  }
  friend bool operator==(const Workload&, const Workload&) = default;
};

/// One kernel on this machine, with no engine in view.
struct KernelOnMachine {
  std::string kernel;
  std::string dtype;
  Truth verdict = Truth::unknown;
  std::vector<Reason> reasons;
};

/// One model on this machine, at its default job.
struct ModelOnMachine {
  std::string model;
  std::string engine;  ///< Whose memory behaviour was used.
  std::string kernel;  ///< That the plan takes; "" where none runs.
  Truth possible = Truth::unknown;
  MemoryPlan memory;
};

/// What starts `launch_argv` on all nodes.
struct LaunchOverNodes {
  std::string id;
  Message title;
  std::vector<std::string> argv;  ///< "{command}" stands for it.
  std::string forward_env;        ///< Option before the name of a variable that is handed on; "" where all are.
  std::string first_node;         ///< Shell command that prints the first node's name; "" where there is none.
};

struct Diagnosis {
  Snapshot snapshot;
  Request request;
  Workload workload;
  std::vector<std::size_t> chosen_gpus;  ///< Indices into snapshot.gpus.
  bool simulated = false;                ///< --machine: the machine was only named.
  std::optional<Plan> plan;              ///< Where an engine and a model were named.
  std::vector<KernelOnMachine> kernels;
  std::vector<ModelOnMachine> models;  ///< Where no model was named.
  std::vector<Finding> findings;       ///< Most severe first.
  std::vector<Message> assumptions;
  std::vector<std::string> packages;  ///< Names of those that the knowledge asks for.
  std::vector<std::string> launch_argv;
  std::vector<LaunchOverNodes> launchers;  ///< Where the plan fills several nodes.
  std::vector<Setting> settings;           ///< All that the plan tells the engine.
  std::string knowledge_hash;
  std::string tool_version;
};

}  // namespace diffcheck
