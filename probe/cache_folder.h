// The folder in which diffcheck keeps what it need not read again, and nothing else: without it, or where it cannot be
// trusted or written to, diffcheck does the same, later. So nothing here is an error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace diffcheck {

/// "diffcheck" in $XDG_CACHE_HOME, else in $HOME/.cache; nullopt with neither. A path that is not absolute counts as
/// none, as the XDG base directory specification wants it.
std::optional<std::string> cache_folder_of(const std::optional<std::string>& xdg_cache_home,
                                           const std::optional<std::string>& home);

class CacheFolder {
 public:
  static constexpr std::int64_t largest_file_bytes = 16 << 20;

  explicit CacheFolder(std::string path) : path_(std::move(path)) {}

  /// Nullopt unless folder and file belong to this user, nobody else may write to them, and no link leads to the file.
  std::optional<std::string> load(const std::string& name) const;
  /// Writes under a temporary name and renames, so that others read the old bytes or the new. Of several that store at
  /// once, one does. The folder is made where it is missing, below one that is there.
  void store(const std::string& name, std::string_view bytes) const;

 private:
  std::string path_;
};

}  // namespace diffcheck
