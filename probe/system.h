// The one door to the machine's files and environment. A System is live, or stands at a recorded tree; a probe cannot
// tell which. Probes take it by const reference and never touch the machine otherwise.
//
// A recorded tree holds `root/` (the files), and `answers/` (what is not a file: see recorded_answers.h, and the text
// that an "answer" gave, e.g. nvml.json, hwloc.xml, cpuid.txt). What a tree does not hold is absent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/byte_source.h"
#include "probe/result.h"

namespace diffcheck {

struct FileStatus {
  enum class Type { file, directory, device, other };
  Type type = Type::other;
  std::int64_t size_bytes = 0;
  std::int64_t modified_unix_seconds = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileStatus&, const FileStatus&) = default;
};

/// Which bytes a path leads to: while this stays the same, so do they. Not the device, whose number changes whenever
/// some file systems are mounted; the time of the last change, which nobody can set, tells files of one number apart.
struct FileIdentity {
  std::uint64_t inode = 0;
  std::int64_t size_bytes = 0;
  std::int64_t modified_unix_nanoseconds = 0;
  std::int64_t changed_unix_nanoseconds = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct FilesystemStatus {
  std::int64_t total_bytes = 0;
  std::int64_t available_bytes = 0;
  std::int64_t available_inodes = 0;
  std::uint64_t type_magic = 0;  ///< statfs f_type
  bool read_only = false;
  bool no_exec = false;
  friend bool operator==(const FilesystemStatus&, const FilesystemStatus&) = default;
};

struct Recording;

class System {
 public:
  static constexpr std::int64_t default_read_limit_bytes = 4 << 20;
  static constexpr std::size_t default_list_limit = 100'000;

  static System live();
  /// As live, and keeps what takes long to read in `cache_folder` (probe/cache_folder.h) for the next run.
  static System live_with_cache(const std::string& cache_folder);
  /// The same as if it had been started at another time: which files are old enough depends on it.
  static System live_with_cache(const std::string& cache_folder, std::int64_t start_unix_nanoseconds);
  /// Asks `machine`, and keeps every question with its answer in `recording` (probe/record.h), which is not null.
  static System recording(System machine, std::shared_ptr<Recording> recording);
  /// Errors: `tree` is no directory or has no `root/`; an unreadable file of answers.
  static Result<System> at(const std::filesystem::path& tree);

  bool is_live() const;

  /// A regular file's or kernel pseudo-file's text. Errors: absent, denied, too_large (more than `limit_bytes`), failed
  /// (a directory, a device, a symlink loop).
  Result<std::string> read(const std::string& path, std::int64_t limit_bytes = default_read_limit_bytes) const;
  /// The first `count` bytes at most; a longer file is not an error.
  Result<std::string> read_start(const std::string& path, std::int64_t count_bytes) const;
  /// A regular file for reading in windows; it stays open as long as the ByteSource lives. Errors: as for read. A
  /// recording keeps nothing of such a file: what a probe learns from it has to be an answer.
  Result<ByteSource> open(const std::string& path) const;
  /// Names in a directory, sorted, without "." and "..". Errors: too_large on more than `limit` names.
  Result<std::vector<std::string>> list(const std::string& directory, std::size_t limit = default_list_limit) const;
  /// The target text of a symbolic link. Errors: invalid when it is not one.
  Result<std::string> link(const std::string& path) const;
  /// The path with every symbolic link resolved (inside the tree, for a recorded machine).
  Result<std::string> real_path(const std::string& path) const;
  /// Follows links.
  Result<FileStatus> status(const std::string& path) const;
  bool exists(const std::string& path) const;
  /// Whether this process may open the path for reading and writing.
  Result<bool> writable(const std::string& path) const;
  Result<FilesystemStatus> filesystem(const std::string& path) const;

  /// An environment variable; nullopt when it is not set.
  std::optional<std::string> env(const std::string& name) const;

  /// What is not a file: live, the text that `ask` gives; at a tree, the recorded `answers/<name>`.
  /// `name` is a file name, e.g. "nvml.json". Errors: absent where the tree has none; whatever `ask` says.
  Result<std::string> answer(const std::string& name, const std::function<Result<std::string>()>& ask) const;

  /// Whether answers are kept: where nobody keeps them, there is no need to put one into words.
  bool is_recording() const;

  /// Nullopt where it promises nothing: the file was changed within the last seconds, or lies on a file system that
  /// keeps whole seconds; and where nothing is kept, as in a recorded tree and while recording.
  std::optional<FileIdentity> identity(const std::string& path) const;
  /// What an earlier run kept under `name`, a file name. Whoever reads it must expect any bytes.
  std::optional<std::string> kept(const std::string& name) const;
  /// For later runs, where that is possible.
  void keep(const std::string& name, std::string_view bytes) const;

  struct State;

 private:
  explicit System(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

/// The lines of this machine's kernel log that hold `mark`, oldest first, 1 MiB of them at most. Errors: denied (it
/// takes CAP_SYSLOG where kernel.dmesg_restrict is set), absent. Only for what an answer asks.
Result<std::string> read_kernel_log(std::string_view mark);

}  // namespace diffcheck
