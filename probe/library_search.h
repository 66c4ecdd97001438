// Where the dynamic linker of glibc looks for a library, in its order: ld.so(8). DT_RPATH of the asking object and of
// those that loaded it, LD_LIBRARY_PATH, DT_RUNPATH of the asking object, ld.so.cache, the system's folders.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/ld_cache.h"
#include "probe/link_object.h"
#include "probe/system.h"

namespace diffcheck {

/// Which rule found a library.
enum class FoundBy { already_loaded, path, rpath, ld_library_path, runpath, ld_cache, system_folder };

/// "already-loaded", "path", "rpath", "ld-library-path", "runpath", "ld-cache", "system-folder".
std::string_view name_of(FoundBy found_by);

/// Files read once, by the path under which they were opened. Those of packages are put in by who has read them before.
class LinkObjects {
 public:
  explicit LinkObjects(const System& system) : system_(system) {}

  void add(const std::string& path, Result<LinkObject> object) { objects_.emplace(path, std::move(object)); }
  /// nullptr where the file is for another machine. Errors: of System::open, and of read_link_object.
  Result<const LinkObject*> open(const std::string& path, std::uint16_t machine);
  bool holds(const std::string& path) const { return objects_.contains(path); }

 private:
  const System& system_;
  std::map<std::string, Result<LinkObject>, std::less<>> objects_;
};

/// What does not depend on the asking object.
struct SearchSettings {
  std::uint16_t machine = 0;
  std::vector<std::string> ld_library_path;
  std::optional<LdCache> cache;
  std::vector<std::string> system_folders;
  std::string lib_token;       ///< What $LIB stands for.
  std::string platform_token;  ///< What $PLATFORM stands for.
  /// Why a library that is not found may still be there: the cache cannot be read, an unusual linker.
  std::optional<Error> gap;
};

/// Those of a program with this dynamic linker, in the present environment.
SearchSettings search_settings(const System& system, const std::string& interpreter, std::uint16_t machine);

/// An object that asks: what it says itself, and what loaded it.
struct Asking {
  std::string folder;  ///< $ORIGIN
  const ElfDynamic* dynamic = nullptr;
  const Asking* loader = nullptr;  ///< nullptr at the program itself.
};

/// The folders of a path list, with $ORIGIN, $LIB and $PLATFORM replaced; an empty one is ".".
std::vector<std::string> folders_of_list(std::string_view list, std::string_view separators, const std::string& origin,
                                         const SearchSettings& settings);

struct FoundLibrary {
  std::string path;
  FoundBy found_by = FoundBy::path;
  const LinkObject* object = nullptr;
};

class LibrarySearch {
 public:
  LibrarySearch(SearchSettings settings, LinkObjects& objects) : settings_(std::move(settings)), objects_(objects) {}

  /// nullopt: in none of the places. Errors: a file in one of them that ends the search (it is no native file), or that
  /// cannot be read, or a gap in what is known of the places.
  Result<std::optional<FoundLibrary>> find(const std::string& name, const Asking& asking);

  const SearchSettings& settings() const { return settings_; }

 private:
  using Outcome = Result<std::optional<FoundLibrary>>;

  Outcome look_in(const std::vector<std::string>& folders, const std::string& name, FoundBy rule);
  Outcome look_at(const std::string& path, FoundBy rule);
  Outcome look_along_rpaths(const std::string& name, const Asking& asking);
  Outcome look_in_cache(const std::string& name);

  SearchSettings settings_;
  LinkObjects& objects_;
  std::optional<Error> passed_over_;  ///< A file or folder that could not be looked at during this search.
};

}  // namespace diffcheck
