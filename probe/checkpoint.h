// A checkpoint on disk: which parts a folder holds (transformer, encoders, VAE), how many parameters of which types,
// and what config.json says of their shape. Headers only: no tensor is ever read, and no pickle is opened. What is a
// transformer and what a VAE is not judged here.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "probe/checkpoint_config.h"
#include "probe/describe.h"
#include "probe/result.h"
#include "probe/system.h"

namespace diffcheck {

/// The files that one component is loaded from.
struct CheckpointPart {
  Fact<std::string> path;  ///< Below the checkpoint: "transformer", or "Wan2.1_VAE.pth".
  Fact<std::int64_t> files;
  Fact<Bytes> disk_bytes;
  Fact<Bytes> tensor_bytes;
  Fact<std::int64_t> tensors;
  Fact<std::int64_t> params;  ///< Unknown where the weights are packed, or in a file that is not opened.
  Fact<std::string> dtype;    ///< That most bytes are in: bf16, fp16, fp32, fp8, or the format's own name.
  std::map<std::string, Fact<std::int64_t>> dtypes;  ///< Elements by type.
  CheckpointConfig config;

  static void describe(auto& self, auto&& visit) {
    visit("path", self.path, "Folder or file, below the checkpoint.");
    visit("files", self.files, "Files that it is loaded from.");
    visit("disk_bytes", self.disk_bytes, "Their size.");
    visit("tensor_bytes", self.tensor_bytes, "Size of the tensors in them.");
    visit("tensors", self.tensors, "Tensors.");
    visit("params", self.params, "Elements of all floating-point tensors, buffers among them.");
    visit("dtype", self.dtype, "Type that most bytes are in.");
    visit("dtypes", self.dtypes, "Elements by type.");
    visit("config", self.config, "What config.json says.");
  }
  friend bool operator==(const CheckpointPart&, const CheckpointPart&) = default;
};

struct Checkpoint {
  Fact<std::string> folder;
  Fact<std::string> pipeline;  ///< Class that model_index.json names; absent where there is none.
  Fact<std::string> name;      ///< Repository that model_index.json says it came from.
  Fact<Bytes> disk_bytes;      ///< Of all parts.
  std::vector<CheckpointPart> parts;

  static void describe(auto& self, auto&& visit) {
    visit("folder", self.folder, "Folder or file that was named.");
    visit("pipeline", self.pipeline, "Pipeline class of model_index.json.");
    visit("name", self.name, "Repository that it says it came from.");
    visit("disk_bytes", self.disk_bytes, "Size of all parts.");
    visit("parts", self.parts, "Parts.");
  }
  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

/// diffusers' layout, that of the models' own repositories, Hugging Face's cache of one model, or a single file. What
/// cannot be read is an unknown fact. Errors (invalid, absent, too_large): the path holds no weights; a header, an
/// index or a config.json that says what cannot be; a file that is missing or was cut short.
Result<Checkpoint> read_checkpoint(const System& system, const std::string& path);

}  // namespace diffcheck
