// System, and the live machine behind it. Every system call that looks at files is here.
#include "probe/system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <ctime>
#include <system_error>
#include <utility>

#include "probe/cache_folder.h"
#include "probe/descriptor.h"
#include "probe/system_state.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_read_chunk_bytes = 64 << 10;

Error error_from(int number, const std::string& path) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return {Error::Kind::absent, path, "no such file or directory"};
    case EACCES:
    case EPERM:
      return {Error::Kind::denied, path, "permission denied"};
    case ELOOP:
      return {Error::Kind::failed, path, "symbolic link loop"};
    default:
      return {Error::Kind::failed, path, std::generic_category().message(number)};
  }
}

/// The kernel would silently stop at a NUL, and look at another file than the one asked for.
std::optional<Error> bad_path(const std::string& path) {
  if (path.find('\0') == std::string::npos) return std::nullopt;
  return Error{Error::Kind::invalid, path.substr(0, path.find('\0')), "the path holds a NUL character"};
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

Result<struct stat> stat_of(const std::string& path) {
  if (auto error = bad_path(path)) return *error;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return error_from(errno, path);
  return status;
}

std::optional<Error> not_a_file(const struct stat& status, const std::string& path) {
  if (S_ISREG(status.st_mode)) return std::nullopt;
  const char* what = S_ISDIR(status.st_mode) ? "is a directory, not a file" : "is not a regular file";
  return Error{Error::Kind::failed, path, what};
}

struct OpenFile {
  std::unique_ptr<Descriptor> descriptor;
  std::int64_t size_bytes = 0;
};

/// Looks before it opens: opening a device or a FIFO can block, or do something. O_NONBLOCK covers what changes
/// between.
Result<OpenFile> open_file(const std::string& path) {
  const auto before = stat_of(path);
  if (!before) return before.error();
  if (auto error = not_a_file(*before, path)) return *error;
  OpenFile file;
  file.descriptor = std::make_unique<Descriptor>(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.descriptor->is_open()) return error_from(errno, path);
  struct stat status {};
  if (::fstat(file.descriptor->number(), &status) != 0) return error_from(errno, path);
  if (auto error = not_a_file(status, path)) return *error;
  file.size_bytes = status.st_size;
  return file;
}

/// Reads to the end or to `count` bytes. The file's size only spares the last look: procfs says 0 and sysfs says 4096
/// for any length.
Result<std::string> read_up_to(const OpenFile& file, std::size_t count, const std::string& path) {
  std::string text;
  std::array<char, k_read_chunk_bytes> chunk;  // NOLINT(cppcoreguidelines-pro-type-member-init): it is filled by read
  const auto size_bytes = static_cast<std::size_t>(file.size_bytes);
  while (text.size() < count && (text.empty() || text.size() != size_bytes)) {
    const ssize_t got = ::read(file.descriptor->number(), chunk.data(), std::min(chunk.size(), count - text.size()));
    if (got == 0) break;
    if (got > 0) text.append(chunk.data(), static_cast<std::size_t>(got));
    if (got < 0 && errno != EINTR) return error_from(errno, path);
  }
  return text;
}

/// Reads at a place, whatever was read before, so that copies of a ByteSource don't disturb each other.
Result<std::string> read_range(const Descriptor& descriptor, std::int64_t offset, std::int64_t count,
                               const std::string& path) {
  std::string bytes(static_cast<std::size_t>(count), '\0');
  std::size_t held = 0;
  while (held < bytes.size()) {
    const ssize_t got = ::pread(descriptor.number(), bytes.data() + held, bytes.size() - held,
                                static_cast<off_t>(offset) + static_cast<off_t>(held));
    if (got == 0) break;
    if (got < 0 && errno != EINTR) return error_from(errno, path);
    held += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  bytes.resize(held);
  return bytes;
}

std::int64_t nanoseconds(const timespec& time) {
  constexpr std::int64_t per_second = 1'000'000'000;
  return time.tv_sec * per_second + time.tv_nsec;
}

std::int64_t now_unix_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return nanoseconds(now);
}

class LiveState final : public System::State {
 public:
  LiveState() = default;
  LiveState(CacheFolder cache, std::int64_t start_unix_nanoseconds)
      : cache_(std::move(cache)), start_unix_nanoseconds_(start_unix_nanoseconds) {}

  bool is_live() const override { return true; }

  Result<std::string> read(const std::string& path, std::int64_t limit_bytes) const override {
    const auto file = open_file(path);
    if (!file) return file.error();
    const Error too_large{Error::Kind::too_large, path, "larger than " + std::to_string(limit_bytes) + " bytes"};
    if (file->size_bytes > limit_bytes) return too_large;
    const auto limit = static_cast<std::size_t>(std::max<std::int64_t>(limit_bytes, 0));
    auto text = read_up_to(*file, limit + 1, path);
    if (text && text->size() > limit) return too_large;
    return text;
  }

  Result<std::string> read_start(const std::string& path, std::int64_t count_bytes) const override {
    const auto file = open_file(path);
    if (!file) return file.error();
    return read_up_to(*file, static_cast<std::size_t>(std::max<std::int64_t>(count_bytes, 0)), path);
  }

  Result<ByteSource> open(const std::string& path) const override {
    auto file = open_file(path);
    if (!file) return file.error();
    const std::shared_ptr<Descriptor> descriptor = std::move(file->descriptor);
    return ByteSource(path, file->size_bytes, [descriptor, path](std::int64_t offset, std::int64_t count) {
      return read_range(*descriptor, offset, count, path);
    });
  }

  Result<std::vector<std::string>> list(const std::string& directory, std::size_t limit) const override {
    if (auto error = bad_path(directory)) return *error;
    const std::unique_ptr<DIR, CloseDirectory> handle(::opendir(directory.c_str()));
    if (!handle) {
      if (errno == ENOTDIR && stat_of(directory)) return Error{Error::Kind::failed, directory, "is not a directory"};
      return error_from(errno, directory);
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(handle.get())) {
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (names.size() == limit) {
        return Error{Error::Kind::too_large, directory, "more than " + std::to_string(limit) + " entries"};
      }
      names.push_back(std::move(name));
      errno = 0;
    }
    if (errno != 0) return error_from(errno, directory);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<std::string> link(const std::string& path) const override {
    if (auto error = bad_path(path)) return *error;
    std::string target(PATH_MAX, '\0');
    const ssize_t length = ::readlink(path.c_str(), target.data(), target.size());
    if (length < 0 && errno == EINVAL) return Error{Error::Kind::invalid, path, "is not a symbolic link"};
    if (length < 0) return error_from(errno, path);
    target.resize(static_cast<std::size_t>(length));
    return target;
  }

  Result<std::string> real_path(const std::string& path) const override {
    if (auto error = bad_path(path)) return *error;
    const std::unique_ptr<char, decltype(&std::free)> resolved(::realpath(path.c_str(), nullptr), &std::free);
    if (!resolved) return error_from(errno, path);
    return std::string(resolved.get());
  }

  Result<FileStatus> status(const std::string& path) const override {
    const auto found = stat_of(path);
    if (!found) return found.error();
    FileStatus status;
    if (S_ISREG(found->st_mode)) status.type = FileStatus::Type::file;
    if (S_ISDIR(found->st_mode)) status.type = FileStatus::Type::directory;
    if (S_ISCHR(found->st_mode) || S_ISBLK(found->st_mode)) status.type = FileStatus::Type::device;
    status.size_bytes = found->st_size;
    status.modified_unix_seconds = found->st_mtime;
    status.inode = found->st_ino;
    return status;
  }

  Result<bool> writable(const std::string& path) const override {
    if (const auto found = stat_of(path); !found) return found.error();
    // The effective user counts, as it will when an engine opens the file.
    if (::faccessat(AT_FDCWD, path.c_str(), R_OK | W_OK, AT_EACCESS) == 0) return true;
    if (errno == EACCES || errno == EPERM || errno == EROFS) return false;
    return error_from(errno, path);
  }

  Result<FilesystemStatus> filesystem(const std::string& path) const override {
    if (auto error = bad_path(path)) return *error;
    struct statvfs space {};
    struct statfs kind {};
    if (::statvfs(path.c_str(), &space) != 0 || ::statfs(path.c_str(), &kind) != 0) return error_from(errno, path);
    FilesystemStatus status;
    status.total_bytes = static_cast<std::int64_t>(space.f_blocks * space.f_frsize);
    status.available_bytes = static_cast<std::int64_t>(space.f_bavail * space.f_frsize);
    status.available_inodes = static_cast<std::int64_t>(space.f_favail);
    status.type_magic = static_cast<std::uint64_t>(kind.f_type);
    status.read_only = (space.f_flag & ST_RDONLY) != 0;
    status.no_exec = (space.f_flag & ST_NOEXEC) != 0;
    return status;
  }

  std::optional<std::string> env(const std::string& name) const override {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  }

  Result<std::string> answer(const std::string&, const std::function<Result<std::string>()>& ask) const override {
    return ask();
  }

  std::optional<FileIdentity> identity(const std::string& path) const override {
    // Two changes within one tick of the file system's clock leave the same times.
    constexpr std::int64_t settled_after_nanoseconds = 2'000'000'000;
    if (!cache_) return std::nullopt;
    const auto found = stat_of(path);
    if (!found) return std::nullopt;
    FileIdentity identity{found->st_ino, found->st_size, nanoseconds(found->st_mtim), nanoseconds(found->st_ctim)};
    const bool is_settled = identity.changed_unix_nanoseconds < start_unix_nanoseconds_ - settled_after_nanoseconds;
    if (!S_ISREG(found->st_mode) || !is_settled || found->st_ctim.tv_nsec == 0) return std::nullopt;
    return identity;
  }
  std::optional<std::string> kept(const std::string& name) const override {
    return cache_ ? cache_->load(name) : std::nullopt;
  }
  void keep(const std::string& name, std::string_view bytes) const override {
    if (cache_) cache_->store(name, bytes);
  }

 private:
  std::optional<CacheFolder> cache_;
  std::int64_t start_unix_nanoseconds_ = 0;
};

}  // namespace

Result<std::string> read_kernel_log(std::string_view mark) {
  const std::string path = "/dev/kmsg";
  const Descriptor log(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (log.number() < 0) return error_from(errno, path);
  constexpr std::size_t k_most_bytes = 1 << 20;
  constexpr int k_most_records = 1 << 20;
  std::string lines;
  std::array<char, 8192> record;  // NOLINT(cppcoreguidelines-pro-type-member-init): it is filled by read
  for (int i = 0; i < k_most_records && lines.size() < k_most_bytes; ++i) {
    const ssize_t got = ::read(log.number(), record.data(), record.size());
    if (got == 0 || (got < 0 && errno == EAGAIN)) break;
    // EPIPE: the oldest record was overwritten meanwhile; the next read goes on after it.
    if (got < 0 && errno != EINTR && errno != EPIPE) return error_from(errno, path);
    if (got < 0) continue;
    const std::string_view text(record.data(), static_cast<std::size_t>(got));
    // "priority,number,time,flags;text", then lines that say to which device it belongs.
    const std::size_t start = text.find(';') + 1;
    const std::string_view line = text.substr(start, text.find('\n', start) - start);
    if (line.find(mark) != std::string_view::npos) lines.append(line).append("\n");
  }
  return lines;
}

System System::live() { return System(std::make_shared<LiveState>()); }
System System::live_with_cache(const std::string& cache_folder) {
  return live_with_cache(cache_folder, now_unix_nanoseconds());
}
System System::live_with_cache(const std::string& cache_folder, std::int64_t start_unix_nanoseconds) {
  return System(std::make_shared<LiveState>(CacheFolder(cache_folder), start_unix_nanoseconds));
}

bool System::is_live() const { return state_->is_live(); }
Result<std::string> System::read(const std::string& path, std::int64_t limit_bytes) const {
  return state_->read(path, limit_bytes);
}
Result<std::string> System::read_start(const std::string& path, std::int64_t count_bytes) const {
  return state_->read_start(path, count_bytes);
}
Result<ByteSource> System::open(const std::string& path) const { return state_->open(path); }
Result<std::vector<std::string>> System::list(const std::string& directory, std::size_t limit) const {
  return state_->list(directory, limit);
}
Result<std::string> System::link(const std::string& path) const { return state_->link(path); }
Result<std::string> System::real_path(const std::string& path) const { return state_->real_path(path); }
Result<FileStatus> System::status(const std::string& path) const { return state_->status(path); }
bool System::exists(const std::string& path) const { return static_cast<bool>(state_->status(path)); }
Result<bool> System::writable(const std::string& path) const { return state_->writable(path); }
Result<FilesystemStatus> System::filesystem(const std::string& path) const { return state_->filesystem(path); }
std::optional<std::string> System::env(const std::string& name) const { return state_->env(name); }
Result<std::string> System::answer(const std::string& name, const std::function<Result<std::string>()>& ask) const {
  return state_->answer(name, ask);
}
bool System::is_recording() const { return state_->is_recording(); }
std::optional<FileIdentity> System::identity(const std::string& path) const { return state_->identity(path); }
std::optional<std::string> System::kept(const std::string& name) const { return state_->kept(name); }
void System::keep(const std::string& name, std::string_view bytes) const { state_->keep(name, bytes); }

}  // namespace diffcheck
