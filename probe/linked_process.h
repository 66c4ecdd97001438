// What the dynamic linker would map into a process, worked out without loading anything: a program, then one library or
// module after the other, each with all that it needs, as dlopen(3) and ld.so(8) do it. Breadth first; a library that
// is already there by name or soname is taken, whatever its file.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "probe/elf_lookup.h"
#include "probe/library_search.h"
#include "probe/system.h"

namespace diffcheck {

struct LoadedObject {
  std::string path;  ///< As it was opened: "/site/torch/lib/../../nvidia/nccl/lib/libnccl.so.2".
  FoundBy found_by = FoundBy::path;
  const LinkObject* object = nullptr;
  Asking asking;
};

/// Why something does not load.
struct LinkDefect {
  enum class Kind {
    missing_library,  ///< `name`: cannot open shared object file.
    missing_version,  ///< Version `name` is not in the file `library`.
    missing_symbol,   ///< Symbol `name` is not in the file `library`.
  };
  Kind kind = Kind::missing_library;
  std::string name;
  std::string library;    ///< Path; "" for a missing library.
  std::string needed_by;  ///< Path of the file that asks.
  friend bool operator==(const LinkDefect&, const LinkDefect&) = default;
};

struct LoadOutcome {
  std::vector<LinkDefect> defects;  ///< The linker stops at the first.
  std::optional<Error> unknown;     ///< What could not be told; defects stand all the same.
  bool loads() const { return defects.empty() && !unknown; }
};

class LinkedProcess {
 public:
  LinkedProcess(const System& system, LinkObjects& objects, SearchSettings settings)
      : system_(system), objects_(objects), search_(std::move(settings), objects) {}

  /// The program, its libraries, and LD_PRELOAD. Once, before anything else.
  LoadOutcome start(const std::string& program, const std::string& interpreter, const std::string& preload);
  /// dlopen of a path by the program. What does not load leaves nothing behind.
  LoadOutcome load(const std::string& path);
  /// The same, and nothing stays in any case.
  LoadOutcome try_load(const std::string& path);
  /// What a library gets that it loads later, by dlopen of a mere name. nullopt: nothing, or it cannot be told.
  std::optional<FoundLibrary> library_for(const std::string& name, const LoadedObject& asking);

  const std::deque<LoadedObject>& objects() const { return loaded_; }
  /// By path, by the name under which it was asked for, or by soname; nullptr when it is not there.
  const LoadedObject* find(const std::string& name) const;

 private:
  const LoadedObject* add(const std::string& name, const FoundLibrary& found, const Asking* loader);
  void take_name(const std::string& name, std::size_t index);
  void map_needs(std::size_t first, LoadOutcome& outcome);
  void check_versions(std::size_t first, LoadOutcome& outcome) const;
  void check_symbols(std::size_t first, LoadOutcome& outcome);
  void check_symbols_of(const LoadedObject& object, LoadOutcome& outcome);
  /// The libraries whose versions do not tell what is in them, and that may be others than the object was built with.
  std::vector<std::string> doubtful_needs(const LoadedObject& object) const;
  bool is_in_another(const std::string& symbol);
  struct Symbols {
    Result<ElfLookup> lookup;
    std::optional<std::set<std::string>> defined;  ///< Where a look-up is not possible.
  };
  Symbols read_symbols(const std::string& path) const;
  Result<bool> defines(const std::string& path, const std::string& symbol);
  void undo(std::size_t size);
  const Asking* caller() const;

  const System& system_;
  LinkObjects& objects_;
  LibrarySearch search_;
  std::deque<LoadedObject> loaded_;
  std::map<std::string, std::size_t, std::less<>> names_;
  std::vector<std::string> name_order_;
  std::map<std::string, Symbols> symbols_;
};

}  // namespace diffcheck
