#include "probe/checkpoint_files.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "probe/bounded_json.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_shards = 4'096;
constexpr std::string_view k_index_mark = ".safetensors.index.";
constexpr std::array<std::string_view, 7> k_endings = {".safetensors", ".sft", ".pth", ".pt", ".bin", ".ckpt", ".gguf"};
/// What diffusers and transformers put into the names of a second copy of the same weights.
constexpr std::array<std::string_view, 6> k_variants = {".fp16", ".bf16", ".fp32", ".fp8", ".ema", ".non_ema"};
/// What transformers and diffusers leave alone, and what they take instead.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> k_pickles = {
    {{"pytorch_model.bin", "model.safetensors"},
     {"diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors"}}};

std::string_view ending_of(std::string_view name) {
  for (const std::string_view ending : k_endings) {
    if (name.size() > ending.size() && name.ends_with(ending)) return ending;
  }
  return {};
}

struct ShardName {
  std::string stem;
  std::int64_t number = 0;  ///< From 1; 0: the file is no shard.
  std::int64_t count = 0;
};

/// "model-00001-of-00007.safetensors", also with a variant behind the numbers.
ShardName shard_name(std::string_view name) {
  const std::string_view stem = name.substr(0, name.size() - ending_of(name).size());
  const ShardName whole{std::string(stem), 0, 0};
  const std::size_t of = stem.rfind("-of-");
  const std::size_t dash = of == std::string_view::npos || of == 0 ? of : stem.rfind('-', of - 1);
  if (of == std::string_view::npos || dash == std::string_view::npos || dash == 0) return whole;
  const std::string_view behind = stem.substr(of + 4);
  const std::size_t digits = std::min(behind.find_first_not_of("0123456789"), behind.size());
  const auto number = whole_number(stem.substr(dash + 1, of - dash - 1));
  const auto count = whole_number(behind.substr(0, digits));
  if (!number || !count || *number < 1 || *count < 1) return whole;
  return {std::string(stem.substr(0, dash)) + std::string(behind.substr(digits)), *number, *count};
}

Error missing(const std::string& folder, const std::string& what) {
  return {Error::Kind::invalid, folder, what + ", which is not there; expected a complete download"};
}

std::optional<Error> check_shards(const std::string& folder, const std::vector<std::string>& names) {
  std::set<std::int64_t> numbers;
  std::int64_t count = 0;
  for (const std::string& name : names) {
    const ShardName shard = shard_name(name);
    if (shard.number == 0) continue;
    numbers.insert(shard.number);
    count = std::max({count, shard.count, shard.number});
  }
  if (count > static_cast<std::int64_t>(k_most_shards))
    return Error{Error::Kind::invalid, folder, "has a file that is one of " + std::to_string(count) + " shards"};
  for (std::int64_t number = 1; number <= count; ++number) {
    if (!numbers.contains(number))
      return missing(folder, "lacks shard " + std::to_string(number) + " of " + std::to_string(count) + " of " +
                                 quote(shard_name(names.front()).stem));
  }
  return std::nullopt;
}

/// Second copies: a variant of a stem that is there without one, and a pickle beside the safetensors file that is taken
/// instead of it.
void leave_out_copies(std::map<std::string, WeightFiles>& groups) {
  std::vector<std::string> copies;
  for (const auto& [key, files] : groups) {
    for (const auto& [pickle, taken] : k_pickles) {
      if (key == pickle && groups.contains(std::string(taken))) copies.push_back(key);
    }
    for (const std::string_view variant : k_variants) {
      if (!files.stem.ends_with(variant)) continue;
      const std::string plain = files.stem.substr(0, files.stem.size() - variant.size());
      if (groups.contains(plain + key.substr(files.stem.size()))) copies.push_back(key);
    }
  }
  for (const std::string& key : copies) groups.erase(key);
}

}  // namespace

bool is_weight_file(std::string_view name) { return !name.starts_with('.') && !ending_of(name).empty(); }
bool is_safetensors_file(std::string_view name) { return name.ends_with(".safetensors") || name.ends_with(".sft"); }
bool is_weight_index(std::string_view name) {
  return name.find(k_index_mark) != std::string_view::npos && name.ends_with(".json");
}

Result<std::vector<std::string>> parse_weight_index(std::string_view text, const std::string& file) {
  const auto json = parse_json_object(text, file);
  if (!json) return json.error();
  const auto map = json->find("weight_map");
  const auto invalid = [&](std::string what) {
    return Error{Error::Kind::invalid, file + ": weight_map", std::move(what)};
  };
  if (map == json->end() || !map->is_object()) return invalid("expected an object from tensors to files");
  std::set<std::string> files;
  for (const auto& [tensor, name] : map->items()) {
    if (!name.is_string() || !is_weight_file(name.get<std::string>()) ||
        name.get<std::string>().find('/') != std::string::npos)
      return invalid("expected the name of a weight file in the same folder for " + quote(tensor));
    files.insert(name.get<std::string>());
    if (files.size() > k_most_shards) return invalid("names more than " + std::to_string(k_most_shards) + " files");
  }
  return std::vector<std::string>(files.begin(), files.end());
}

Result<std::vector<WeightFiles>> group_weight_files(const std::vector<std::string>& names,
                                                    const std::map<std::string, std::vector<std::string>>& indexes,
                                                    const std::string& folder) {
  std::map<std::string, WeightFiles> groups;
  for (const auto& [index, files] : indexes) {
    for (const std::string& name : files) {
      if (!std::binary_search(names.begin(), names.end(), name))
        return missing(folder, quote(index) + " names " + quote(name));
    }
    const std::string stem = index.substr(0, index.find(k_index_mark));
    // "model.safetensors.index.fp16.json" is the index of a variant.
    const std::string rest = index.substr(index.find(k_index_mark) + k_index_mark.size() - 1);
    const std::string variant = rest == ".json" ? "" : rest.substr(0, rest.size() - std::string_view(".json").size());
    if (!files.empty()) groups[stem + variant + ".safetensors"] = {stem + variant, files};
  }
  std::map<std::string, WeightFiles> others;
  for (const std::string& name : names) {
    if (!is_weight_file(name)) continue;
    const std::string stem = shard_name(name).stem;
    WeightFiles& group = others[stem + std::string(ending_of(name))];
    group.stem = stem;
    group.names.push_back(name);
  }
  for (auto& [key, group] : others) {
    if (groups.contains(key)) continue;
    if (auto error = check_shards(folder, group.names)) return *error;
    groups[key] = std::move(group);
  }
  leave_out_copies(groups);
  std::vector<WeightFiles> all;
  for (auto& [key, group] : groups) all.push_back(std::move(group));
  return all;
}

}  // namespace diffcheck
