// A System that passes every question on and keeps the answer, in the form in which a tree can give it again.
#include <memory>
#include <utility>

#include "probe/path_walk.h"
#include "probe/record.h"
#include "probe/system.h"
#include "probe/system_state.h"

namespace diffcheck {
namespace {

class RecordingState final : public System::State {
 public:
  RecordingState(System machine, std::shared_ptr<Recording> recording)
      : machine_(std::move(machine)), recording_(std::move(recording)) {
    recording_->identity = Identity::of(machine_);
  }

  bool is_live() const override { return machine_.is_live(); }
  bool is_recording() const override { return true; }

  Result<std::string> read(const std::string& path, std::int64_t limit_bytes) const override {
    auto text = machine_.read(path, limit_bytes);
    const std::string place = keep_way_to(path);
    if (text) {
      keep_whole(place, *text);
      forget_error("read", path);
    } else if (!is_whole(place)) {  // Of a file that is kept whole, the limit speaks for itself.
      keep_error("read", path, text.error());
    }
    return text;
  }

  Result<std::string> read_start(const std::string& path, std::int64_t count_bytes) const override {
    auto text = machine_.read_start(path, count_bytes);
    const std::string place = keep_way_to(path);
    if (!text) {
      keep_error("read_start", path, text.error());
    } else if (static_cast<std::int64_t>(text->size()) < count_bytes) {
      keep_whole(place, *text);
    } else if (!is_whole(place)) {
      std::string& kept = recording_->files[place];
      if (kept.size() < text->size()) kept = *text;
      keep_status(path, place);
      recording_->facts.status[place].only_start = true;
    }
    return text;
  }

  Result<ByteSource> open(const std::string& path) const override {
    return machine_.open(path);  // Files too large to keep: what a probe learned from them is an answer.
  }

  Result<std::vector<std::string>> list(const std::string& directory, std::size_t limit) const override {
    auto names = machine_.list(directory, limit);
    const std::string place = keep_way_to(directory);
    if (names) {
      recording_->facts.listings[place] = {names->begin(), names->end()};
    } else {
      keep_error("list", directory, names.error());
    }
    return names;
  }

  Result<std::string> link(const std::string& path) const override {
    auto target = machine_.link(path);
    constexpr bool follow_last = false;
    const std::string place = keep_way_to(path, follow_last);
    if (target) {
      recording_->links[place] = *target;
    } else {
      keep_error("link", path, target.error());
    }
    return target;
  }

  Result<std::string> real_path(const std::string& path) const override {
    auto resolved = machine_.real_path(path);
    const std::string place = keep_way_to(path);
    if (resolved) {
      keep_status(path, place);
    } else {
      keep_error("real_path", path, resolved.error());
    }
    return resolved;
  }

  Result<FileStatus> status(const std::string& path) const override {
    auto status = machine_.status(path);
    const std::string place = keep_way_to(path);
    if (status) {
      recording_->facts.status[place].status = *status;
    } else {
      keep_error("status", path, status.error());
    }
    return status;
  }

  Result<bool> writable(const std::string& path) const override {
    auto is_writable = machine_.writable(path);
    if (is_writable) {
      recording_->facts.access[absolute(path)] = *is_writable;
    } else {
      keep_error_or_absence("writable " + absolute(path), is_writable.error());
    }
    return is_writable;
  }

  Result<FilesystemStatus> filesystem(const std::string& path) const override {
    auto status = machine_.filesystem(path);
    if (status) {
      recording_->facts.filesystems[absolute(path)] = *status;
    } else {
      keep_error_or_absence("filesystem " + absolute(path), status.error());
    }
    return status;
  }

  std::optional<std::string> env(const std::string& name) const override {
    auto value = machine_.env(name);
    if (value) recording_->facts.env[name] = *value;
    return value;
  }

  Result<std::string> answer(const std::string& name, const std::function<Result<std::string>()>& ask) const override {
    auto text = machine_.answer(name, ask);
    if (text) {
      recording_->answers[name] = *text;
    } else {
      keep_error_or_absence("answer " + name, text.error());
    }
    return text;
  }

 private:
  std::string absolute(const std::string& path) const {
    if (path.starts_with('/')) return path;
    const auto folder = link("/proc/self/cwd");
    return (folder ? *folder : std::string()) + "/" + path;
  }

  /// Keeps the links on the way to `path` and gives the place they lead to.
  std::string keep_way_to(const std::string& path, bool follow_last = true) const {
    const std::string asked = absolute(path);
    const auto resolved = resolve_path(
        asked, [&](const std::string& here) { return machine_.link(here); }, follow_last);
    if (!resolved) return asked;
    for (const auto& [place, target] : resolved->links) recording_->links[place] = target;
    return resolved->path;
  }

  void keep_whole(const std::string& place, const std::string& text) const {
    recording_->files[place] = text;
    if (const auto found = recording_->facts.status.find(place); found != recording_->facts.status.end()) {
      found->second.only_start = false;
    }
  }

  bool is_whole(const std::string& place) const {
    const auto status = recording_->facts.status.find(place);
    return recording_->files.contains(place) &&
           (status == recording_->facts.status.end() || !status->second.only_start);
  }

  void keep_status(const std::string& path, const std::string& place) const {
    if (const auto status = machine_.status(path)) recording_->facts.status[place].status = *status;
  }

  /// What is not in a tree is absent there anyway.
  void keep_error(const std::string& question, const std::string& path, const Error& error) const {
    if (error.kind != Error::Kind::absent) recording_->facts.errors[question + " " + absolute(path)] = error;
  }

  void keep_error_or_absence(const std::string& question, const Error& error) const {
    recording_->facts.errors[question] = error;
  }

  void forget_error(const std::string& question, const std::string& path) const {
    recording_->facts.errors.erase(question + " " + absolute(path));
  }

  System machine_;
  std::shared_ptr<Recording> recording_;
};

}  // namespace

System System::recording(System machine, std::shared_ptr<Recording> recording) {
  return System(std::make_shared<RecordingState>(std::move(machine), std::move(recording)));
}

}  // namespace diffcheck
