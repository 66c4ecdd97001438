// A model as a checkpoint on disk holds it: which part is what, which card fits, and the card with what the headers and
// config.json say in place of what it said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "probe/checkpoint.h"
#include "probe/result.h"
#include "rules/knowledge.h"

namespace diffcheck {

/// One thing that the card and the folder tell differently; the folder was believed.
struct CardDifference {
  std::string what;  ///< A key of data/texts: "models.layers".
  std::string card;
  std::string disk;
  std::string source;
};

struct ModelOnDisk {
  Checkpoint checkpoint;
  ModelCard card;
  std::vector<CardDifference> differences;
  std::string fits;  ///< Id of another model that the folder is, as far as can be told; "" for none.
};

/// transformer, text_encoder, vae or other, by the part's path, or by the class that its configuration names.
std::string component_of(const CheckpointPart& part, const Knowledge& knowledge);

/// With a model named: its card with what the checkpoint says. Without: that of the one model that fits. Errors
/// (invalid): what is there contradicts the named model; no model fits, or several do; no transformer, or several.
Result<ModelOnDisk> fit_checkpoint(Checkpoint checkpoint, const Fact<std::string>& model, const Knowledge& knowledge);

}  // namespace diffcheck
