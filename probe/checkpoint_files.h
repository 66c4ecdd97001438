// Which of a folder's weight files are loaded, and which of them belong together: shards, an index, variants of one
// precision beside the usual one.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "probe/result.h"

namespace diffcheck {

/// Files that hold one part between them.
struct WeightFiles {
  std::string stem;  ///< Name without its ending and its number: "diffusion_pytorch_model".
  std::vector<std::string> names;
};

/// Whether a file of that name holds weights: .safetensors, and what only its size is known of.
bool is_weight_file(std::string_view name);
bool is_safetensors_file(std::string_view name);
/// "model.safetensors.index.json".
bool is_weight_index(std::string_view name);

/// The files that an index names, sorted. Errors (invalid): not a JSON object with a weight_map from tensors to plain
/// file names.
Result<std::vector<std::string>> parse_weight_index(std::string_view text, const std::string& file);

/// `names` are those of one folder, `indexes` the files that each of its indexes names. Errors (invalid): a shard that
/// is missing.
Result<std::vector<WeightFiles>> group_weight_files(const std::vector<std::string>& names,
                                                    const std::map<std::string, std::vector<std::string>>& indexes,
                                                    const std::string& folder);

}  // namespace diffcheck
