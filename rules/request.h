// What the user wants to run, and what they fixed. A pin is never overridden.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "probe/describe.h"

namespace diffcheck {

struct ModelOnDisk;
struct NodeSet;

struct Request {
  Fact<std::string> engine;          ///< Engine id.
  Fact<std::string> engine_version;  ///< Version, commit or variant id given after "@".
  Fact<std::string> model;           ///< Model id.
  Fact<std::string> model_dir;       ///< Checkpoint on disk.
  Fact<std::string> task;
  Fact<std::int64_t> width;
  Fact<std::int64_t> height;
  Fact<std::int64_t> frames;
  Fact<std::int64_t> steps;
  Fact<std::int64_t> batch;
  Fact<std::int64_t> gpus;  ///< GPUs to use on each node; unset: all visible ones.
  Fact<std::int64_t> nodes;
  Fact<double> guidance_scale;
  Fact<std::string> objective;  ///< latency, throughput, cost or memory.
  Fact<bool> allow_lossy;       ///< Layouts that change results (PipeFusion) are candidates too.
  /// Of one denoising step on one GPU, as the user measured it: what is predicted is scaled to it.
  Fact<double> measured_step_seconds;
  Fact<double> gpu_hour_price;  ///< Of one GPU, in any currency.
  /// attention, dtype, quantization, text_quantization, ulysses, ring, cfg, pipefusion, tensor, fsdp, data, vae,
  /// offload, vae_tiling, compile, step_cache.
  std::map<std::string, Fact<std::string>> pins;
  /// What model_dir holds (rules/model_on_disk.h); nullptr where it was not read.
  std::shared_ptr<const ModelOnDisk> on_disk;
  /// The machines that `--nodes` named (rules/node_set.h); nullptr where it gave a number or nothing.
  std::shared_ptr<const NodeSet> node_set;

  static void describe(auto& self, auto&& visit) {
    visit("engine", self.engine, "Engine asked for.");
    visit("engine_version", self.engine_version, "Version, commit or variant given after '@'.");
    visit("model", self.model, "Model asked for.");
    visit("model_dir", self.model_dir, "Folder or file of the checkpoint.");
    visit("task", self.task, "Task asked for, e.g. t2v.");
    visit("width", self.width, "Output width in pixels.");
    visit("height", self.height, "Output height in pixels.");
    visit("frames", self.frames, "Output frames.");
    visit("steps", self.steps, "Denoising steps.");
    visit("batch", self.batch, "Outputs made at once.");
    visit("gpus", self.gpus, "GPUs to use on each node.");
    visit("nodes", self.nodes, "Nodes.");
    visit("guidance_scale", self.guidance_scale, "Classifier-free guidance scale; 1 turns it off.");
    visit("objective", self.objective, "latency, throughput, cost or memory.");
    visit("allow_lossy", self.allow_lossy, "Layouts that change results are candidates too.");
    visit("measured_step_seconds", self.measured_step_seconds, "Measured time of a step on one GPU.");
    visit("gpu_hour_price", self.gpu_hour_price, "Price of an hour of one GPU, in any currency.");
    visit("pins", self.pins, "What the user fixed.");
  }
  friend bool operator==(const Request&, const Request&) = default;

  std::optional<std::string> pin(const std::string& name) const {
    const auto found = pins.find(name);
    if (found == pins.end() || !found->second.is_known()) return std::nullopt;
    return found->second.value();
  }
};

}  // namespace diffcheck
