#include "probe/cache_folder.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <utility>

#include "probe/descriptor.h"

namespace diffcheck {
namespace {

constexpr std::int64_t k_abandoned_after_seconds = 60;  // writing takes milliseconds

/// Ours, and only we may write to it.
bool is_private(const struct stat& status) {
  return status.st_uid == ::geteuid() && (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

std::optional<struct stat> status_of(const Descriptor& descriptor) {
  struct stat status {};
  if (!descriptor.is_open() || ::fstat(descriptor.number(), &status) != 0) return std::nullopt;
  return status;
}

bool is_private_folder(const Descriptor& folder) {
  const auto status = status_of(folder);
  return status && S_ISDIR(status->st_mode) && is_private(*status);
}

int open_folder(const std::string& path) {
  return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

std::string folder_above(const std::string& path) { return path.substr(0, path.rfind('/')); }

/// Below a folder of ours: what root makes in the home of another user would be in that user's way.
bool make_one_folder(const std::string& path) {
  constexpr mode_t only_owner = 0700;  // as the XDG base directory specification wants it
  struct stat above {};
  return ::stat(folder_above(path).c_str(), &above) == 0 && above.st_uid == ::geteuid() &&
         ::mkdir(path.c_str(), only_owner) == 0;
}

/// With the folder above it, and no more: a home that is not there is not made.
void make_folder(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return;
  if (::stat(folder_above(path).c_str(), &status) == 0 || make_one_folder(folder_above(path))) make_one_folder(path);
}

std::optional<std::string> read_all(const Descriptor& file, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t held = 0;
  while (held < size) {
    const ssize_t got = ::read(file.number(), bytes.data() + held, size - held);
    if (got == 0 || (got < 0 && errno != EINTR)) return std::nullopt;
    held += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  return bytes;
}

bool write_all(const Descriptor& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(file.number(), bytes.data(), bytes.size());
    if (put == 0 || (put < 0 && errno != EINTR)) return false;
    bytes.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(put, 0)));
  }
  return true;
}

/// Above this limit the kernel does not refuse, it ends the process.
bool may_be_written(std::string_view bytes) {
  rlimit limit{};
  return ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && bytes.size() <= limit.rlim_cur;
}

/// A run that was killed must not keep all later ones from storing.
void remove_abandoned(const Descriptor& folder, const std::string& name) {
  struct stat status {};
  if (::fstatat(folder.number(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
  if (std::time(nullptr) - status.st_mtime > k_abandoned_after_seconds) ::unlinkat(folder.number(), name.c_str(), 0);
}

}  // namespace

std::optional<std::string> cache_folder_of(const std::optional<std::string>& xdg_cache_home,
                                           const std::optional<std::string>& home) {
  const auto is_usable = [](const std::optional<std::string>& path) { return path && path->starts_with('/'); };
  if (is_usable(xdg_cache_home)) return *xdg_cache_home + "/diffcheck";
  if (is_usable(home)) return *home + "/.cache/diffcheck";
  return std::nullopt;
}

std::optional<std::string> CacheFolder::load(const std::string& name) const {
  const Descriptor folder(open_folder(path_));
  if (!is_private_folder(folder)) return std::nullopt;
  const Descriptor file(::openat(folder.number(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  const auto status = status_of(file);
  if (!status || !S_ISREG(status->st_mode) || !is_private(*status)) return std::nullopt;
  if (status->st_size < 0 || status->st_size > largest_file_bytes) return std::nullopt;
  return read_all(file, static_cast<std::size_t>(status->st_size));
}

void CacheFolder::store(const std::string& name, std::string_view bytes) const {
  if (!may_be_written(bytes)) return;
  make_folder(path_);
  const Descriptor folder(open_folder(path_));
  if (!is_private_folder(folder)) return;
  const std::string temporary = name + ".new";
  constexpr mode_t only_owner = 0600;
  const Descriptor file(
      ::openat(folder.number(), temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, only_owner));
  if (!file.is_open()) return remove_abandoned(folder, temporary);
  if (!write_all(file, bytes) || ::renameat(folder.number(), temporary.c_str(), folder.number(), name.c_str()) != 0)
    ::unlinkat(folder.number(), temporary.c_str(), 0);
}

}  // namespace diffcheck
