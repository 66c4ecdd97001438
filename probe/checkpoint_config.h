// What the config.json of one part of a checkpoint says about its shape: diffusers' names, and those of the models' own
// repositories.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "probe/describe.h"
#include "probe/result.h"

namespace diffcheck {

struct CheckpointConfig {
  Fact<std::string> class_name;
  Fact<std::string> name;  ///< Where it says it came from: a repository's id.
  Fact<std::int64_t> layers;
  Fact<std::int64_t> heads;
  Fact<std::int64_t> head_dim;
  Fact<std::int64_t> hidden;
  Fact<std::int64_t> ffn;
  Fact<std::int64_t> in_channels;
  Fact<std::string> patch;
  Fact<std::string> quantization;

  static void describe(auto& self, auto&& visit) {
    visit("class_name", self.class_name, "Class that the configuration is for.");
    visit("name", self.name, "Repository that it says it came from.");
    visit("layers", self.layers, "Blocks, of all kinds.");
    visit("heads", self.heads, "Attention heads.");
    visit("head_dim", self.head_dim, "Elements of a head.");
    visit("hidden", self.hidden, "Width of the residual stream.");
    visit("ffn", self.ffn, "Width of the feed-forward layers.");
    visit("in_channels", self.in_channels, "Channels that the first layer takes.");
    visit("patch", self.patch, "Patch: frames x rows x columns, or one side.");
    visit("quantization", self.quantization, "Method by which the weights were quantized; absent: none is told.");
  }
  friend bool operator==(const CheckpointConfig&, const CheckpointConfig&) = default;
};

/// What is not told is absent. Errors (invalid): not a JSON object; a member of another type than expected, a number
/// out of range, or numbers that contradict each other, with the member's name.
Result<CheckpointConfig> parse_checkpoint_config(std::string_view text, const std::string& file);

}  // namespace diffcheck
