// Remembers from run to run what native files say, so that they are opened again only when they changed.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "probe/binaries.h"
#include "probe/binary_bytes.h"
#include "probe/kept_results.h"
#include "probe/package_files.h"
#include "probe/system.h"

namespace diffcheck {

class NativeFileCache {
 public:
  /// Of a System that keeps nothing it remembers nothing.
  explicit NativeFileCache(const System& system);

  using ReadFile = std::function<std::optional<BinaryFacts>()>;
  /// What `read` said of the same file, by path and FileIdentity, else what it says now; nullopt where that is that the
  /// file does not matter. `read` gives the file's path as its facts' source, and fills what the file alone decides.
  std::optional<BinaryFacts> facts_of(const NativeFile& file, const ReadFile& read);

  using ReadNames = std::function<NamesFact()>;
  /// The same of names that follow from the file and all of `others`, in their order: a change of any of them, one more
  /// or one less, makes it read again.
  NamesFact names_of(const std::string& path, const std::vector<std::string>& others, const ReadNames& read);

  /// For the next run. Nothing is written where nothing new was read.
  void keep() const;

 private:
  /// Stands for what the files were when they were last looked at; nullopt where one of them has no identity.
  std::optional<ResultKey> key_of(const char* question, const std::string& path,
                                  const std::vector<std::string>& others);
  const std::optional<FileIdentity>& identity(const std::string& path);
  bool is_unchanged(const std::string& path);

  const System& system_;
  KeptResults results_;
  std::map<std::string, std::optional<FileIdentity>> identities_;
};

}  // namespace diffcheck
