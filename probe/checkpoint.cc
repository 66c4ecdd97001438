#include "probe/checkpoint.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "probe/bounded_json.h"
#include "probe/checkpoint_files.h"
#include "probe/file_path.h"
#include "probe/safetensors.h"
#include "probe/tensor_totals.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr int k_deepest_folder = 3;  // Repositories keep weights two folders deep.
constexpr std::size_t k_most_folders = 256;
constexpr std::size_t k_most_names = 10'000;
constexpr std::size_t k_most_files = 2'000;
constexpr std::int64_t k_most_bytes = std::int64_t{1} << 50;  // Of all files; a sparse file may claim any size.
constexpr std::size_t k_longest_text = 256;
constexpr std::int64_t k_largest_config_bytes = 1 << 20;
constexpr std::int64_t k_largest_index_bytes = 32 << 20;
constexpr std::int64_t k_pointer_bytes = 1024;
constexpr std::string_view k_pointer_start = "version https://git-lfs";
constexpr std::string_view k_pipeline_file = "model_index.json";
constexpr std::string_view k_config_file = "config.json";
/// What the user named and cannot be used, against what is merely not known.
bool is_bad_input(const Error& error) {
  return error.kind == Error::Kind::invalid || error.kind == Error::Kind::absent ||
         error.kind == Error::Kind::unparsable || error.kind == Error::Kind::too_large;
}

class CheckpointReader {
 public:
  CheckpointReader(const System& system, std::string root) : system_(system), root_(std::move(root)) {}

  Result<Checkpoint> read() {
    checkpoint_.folder = known(root_, root_);
    const auto status = system_.status(root_);
    if (!status) return status.error();
    if (status->type == FileStatus::Type::file) {
      read_single_file();
    } else {
      enter_cached_snapshot();
      read_pipeline();
      walk("", 0);
    }
    if (error_) return *error_;
    if (checkpoint_.parts.empty()) {
      return Error{
          Error::Kind::invalid, root_,
          "holds no weights; expected a checkpoint: model_index.json with its folders, or .safetensors, .pth or "
          ".gguf files"};
    }
    std::sort(checkpoint_.parts.begin(), checkpoint_.parts.end(),
              [](const auto& left, const auto& right) { return left.path.value() < right.path.value(); });
    checkpoint_.disk_bytes = known(Bytes{all_bytes_}, root_);
    return std::move(checkpoint_);
  }

 private:
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  std::string at(const std::string& relative) const { return relative.empty() ? root_ : joined_path(root_, relative); }
  static std::string below(const std::string& folder, const std::string& name) {
    return folder.empty() ? name : folder + "/" + name;
  }

  void read_single_file() {
    const std::string name(file_name(root_));
    if (!is_weight_file(name))
      return fail({Error::Kind::invalid, root_, "is no folder and no weight file (.safetensors, .pth or .gguf)"});
    const std::string parent = parent_path(root_);
    const std::string file = std::exchange(root_, parent.empty() ? "." : parent);
    read_part("", {name, {name}}, name, {});
    root_ = file;
  }

  /// Hugging Face keeps a model as models--ORG--NAME/snapshots/COMMIT.
  void enter_cached_snapshot() {
    const auto commits = system_.list(at("snapshots"), k_most_names);
    if (!commits || system_.exists(at(std::string(k_pipeline_file)))) return;
    if (commits->size() == 1) {
      root_ = joined_path(at("snapshots"), commits->front());
    } else if (commits->size() > 1) {
      fail({Error::Kind::invalid, at("snapshots"),
            "holds " + std::to_string(commits->size()) + " versions; expected one of their folders"});
    }
  }

  void read_pipeline() {
    const std::string file = at(std::string(k_pipeline_file));
    const auto text = system_.read(file, k_largest_config_bytes);
    if (!text) {
      checkpoint_.pipeline =
          text.error().kind == Error::Kind::absent ? absent<std::string>(file) : unknown<std::string>(text.error());
      checkpoint_.name = checkpoint_.pipeline;
      return;
    }
    const auto json = parse_json_object(*text, file);
    if (!json) return fail(json.error());
    components_.emplace();
    for (const auto& [name, value] : json->items()) {
      if (value.is_array()) components_->push_back(name);
    }
    checkpoint_.pipeline = member_text(*json, "_class_name", file);
    checkpoint_.name = member_text(*json, "_name_or_path", file);
  }

  Fact<std::string> member_text(const nlohmann::json& json, const char* key, const std::string& file) {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return absent<std::string>(file);
    if (found->is_string()) return known(printable(found->get<std::string>(), k_longest_text), file);
    fail({Error::Kind::invalid, file + ": " + key, "expected text"});
    return unknown<std::string>(file, "of the wrong type");
  }

  /// Where model_index.json names the components, nothing else is loaded.
  bool is_left_out(const std::string& folder, const std::string& name) const {
    if (name.starts_with('.')) return true;
    return components_ && folder.empty() &&
           std::find(components_->begin(), components_->end(), name) == components_->end();
  }

  void walk(const std::string& folder, int depth) {
    if (error_) return;
    if (++folders_ > k_most_folders) {
      return fail({Error::Kind::too_large, root_,
                   "has more than " + std::to_string(k_most_folders) + " folders; expected the folder of one model"});
    }
    const auto names = system_.list(at(folder), k_most_names);
    if (!names) {
      if (folder.empty()) fail(names.error());
      return;
    }
    std::vector<std::string> files;
    for (const std::string& name : *names) {
      const auto status = system_.status(at(below(folder, name)));
      const bool is_folder = status && status->type == FileStatus::Type::directory;
      if (!is_folder) {
        files.push_back(name);
      } else if (depth < k_deepest_folder && !is_left_out(folder, name)) {
        walk(below(folder, name), depth + 1);
      }
    }
    if (!components_ || !folder.empty()) read_folder(folder, files);
  }

  void read_folder(const std::string& folder, const std::vector<std::string>& files) {
    if (std::none_of(files.begin(), files.end(), is_weight_file) &&
        std::none_of(files.begin(), files.end(), is_weight_index))
      return;
    const auto indexes = read_indexes(folder, files);
    const auto config = read_config(folder, files);
    if (error_) return;
    const auto groups = group_weight_files(files, indexes, at(folder));
    if (!groups) return fail(groups.error());
    for (const WeightFiles& group : *groups) {
      const bool alone = groups->size() == 1 && !folder.empty();
      const std::string path = below(folder, group.names.size() == 1 ? group.names.front() : group.stem);
      read_part(folder, group, alone ? folder : path, config);
    }
  }

  std::map<std::string, std::vector<std::string>> read_indexes(const std::string& folder,
                                                               const std::vector<std::string>& files) {
    std::map<std::string, std::vector<std::string>> indexes;
    for (const std::string& name : files) {
      if (!is_weight_index(name)) continue;
      const std::string file = at(below(folder, name));
      const auto text = system_.read(file, k_largest_index_bytes);
      const auto index = text ? parse_weight_index(*text, file) : Result<std::vector<std::string>>(text.error());
      if (index) {
        indexes[name] = *index;
      } else if (is_bad_input(index.error())) {
        fail(index.error());
      }
    }
    return indexes;
  }

  CheckpointConfig read_config(const std::string& folder, const std::vector<std::string>& files) {
    if (!std::binary_search(files.begin(), files.end(), k_config_file)) return {};
    const std::string file = at(below(folder, std::string(k_config_file)));
    const auto text = system_.read(file, k_largest_config_bytes);
    const auto config = text ? parse_checkpoint_config(*text, file) : Result<CheckpointConfig>(text.error());
    if (config) return *config;
    if (is_bad_input(config.error())) fail(config.error());
    return {};
  }

  void read_part(const std::string& folder, const WeightFiles& group, const std::string& path,
                 const CheckpointConfig& config) {
    CheckpointPart part;
    part.path = known(path, root_);
    part.files = known(static_cast<std::int64_t>(group.names.size()), at(folder));
    part.config = config;
    TensorTotals totals;
    std::int64_t disk_bytes = 0;
    for (const std::string& name : group.names) {
      if (error_) return;
      if (++files_ > k_most_files) {
        return fail(
            {Error::Kind::too_large, root_,
             "holds more than " + std::to_string(k_most_files) + " weight files; expected the folder of one model"});
      }
      const std::string file = at(below(folder, name));
      const auto status = system_.status(file);
      if (!status) return fail(status.error());
      disk_bytes += std::clamp<std::int64_t>(status->size_bytes, 0, k_most_bytes);
      if (all_bytes_ + disk_bytes > k_most_bytes)
        return fail({Error::Kind::too_large, file, "makes more than 1 PiB; expected the files of one model"});
      check_pointer(file, status->size_bytes);
      if (is_safetensors_file(name)) read_header(file, part, totals);
    }
    all_bytes_ += disk_bytes;
    part.disk_bytes = known(Bytes{disk_bytes}, at(below(folder, group.names.front())));
    if (!is_safetensors_file(group.names.front())) {
      tell_unopened(part, at(below(folder, group.names.front())));
    } else if (part.params.is_unset()) {
      totals.tell(part, at(below(folder, group.names.front())));
    }
    checkpoint_.parts.push_back(std::move(part));
  }

  /// What git leaves where the file itself was not fetched.
  void check_pointer(const std::string& file, std::int64_t size_bytes) {
    if (size_bytes > k_pointer_bytes) return;
    const auto start = system_.read_start(file, static_cast<std::int64_t>(k_pointer_start.size()));
    if (start && *start == k_pointer_start)
      fail({Error::Kind::invalid, file, "is a git-lfs pointer, not the weights; `git lfs pull` fetches them"});
  }

  void read_header(const std::string& file, CheckpointPart& part, TensorTotals& totals) {
    if (error_) return;
    const auto bytes = system_.open(file);
    const auto header = bytes ? read_safetensors_header(*bytes) : Result<SafetensorsHeader>(bytes.error());
    if (header) return totals.add(*header);
    if (is_bad_input(header.error())) return fail(header.error());
    part.params = unknown<std::int64_t>(header.error());
    part.dtype = unknown<std::string>(header.error());
    part.tensor_bytes = unknown<Bytes>(header.error());
    part.tensors = unknown<std::int64_t>(header.error());
  }

  static void tell_unopened(CheckpointPart& part, const std::string& file) {
    const std::string why = file.ends_with(".gguf") ? "of a GGUF file only the size is read"
                                                    : "a pickle, which is never opened: only its size is known";
    part.params = unknown<std::int64_t>(file, why);
    part.dtype = unknown<std::string>(file, why);
    part.tensor_bytes = unknown<Bytes>(file, why);
    part.tensors = unknown<std::int64_t>(file, why);
  }

  const System& system_;
  std::string root_;
  Checkpoint checkpoint_;
  std::optional<std::vector<std::string>> components_;  ///< Those of model_index.json.
  std::size_t folders_ = 0;
  std::size_t files_ = 0;
  std::int64_t all_bytes_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<Checkpoint> read_checkpoint(const System& system, const std::string& path) {
  std::string root = path;
  while (root.size() > 1 && root.ends_with('/')) root.pop_back();
  return CheckpointReader(system, std::move(root)).read();
}

}  // namespace diffcheck
