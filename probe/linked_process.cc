#include "probe/linked_process.h"

#include <algorithm>
#include <set>
#include <utility>

#include "probe/file_path.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_objects = 4'096;
constexpr std::size_t k_most_defects = 32;
constexpr std::size_t k_shortest_stem = 4;  // "z" of libz would be the start of many names

void add_defect(LoadOutcome& outcome, LinkDefect defect) {
  if (outcome.defects.size() < k_most_defects) outcome.defects.push_back(std::move(defect));
}

/// "nccl" of "libnccl.so.2"; "" for another form of name.
std::string_view stem_of(std::string_view library) {
  if (!library.starts_with("lib")) return {};
  library.remove_prefix(3);
  return library.substr(0, library.find(".so"));
}

/// Whether the library's versions say what is in it. Those of NVIDIA have one version for all their releases, named
/// like the library; many others have none.
bool tells_its_content(const ElfDynamic& library) {
  const auto& versions = library.version_definitions;
  return std::any_of(versions.begin(), versions.end(),
                     [&](const std::string& version) { return !version.empty() && version != library.soname; });
}

bool may_be_another_build(FoundBy found_by) {
  return found_by == FoundBy::ld_library_path || found_by == FoundBy::ld_cache || found_by == FoundBy::system_folder;
}

bool belongs_to(const ElfSymbol& symbol, const std::string& library) {
  if (!symbol.version.empty()) return symbol.version == library;
  const std::string_view stem = stem_of(library);
  return stem.size() >= k_shortest_stem && symbol.name.starts_with(stem);
}

}  // namespace

const LoadedObject* LinkedProcess::find(const std::string& name) const {
  const auto found = names_.find(name);
  return found == names_.end() ? nullptr : &loaded_[found->second];
}

void LinkedProcess::take_name(const std::string& name, std::size_t index) {
  if (!name.empty() && names_.emplace(name, index).second) name_order_.push_back(name);
}

const LoadedObject* LinkedProcess::add(const std::string& name, const FoundLibrary& found, const Asking* loader) {
  LoadedObject& object = loaded_.emplace_back();
  object.path = found.path;
  object.found_by = found.found_by;
  object.object = found.object;
  object.asking = {parent_path(found.path), &found.object->dynamic, loader};
  const std::size_t index = loaded_.size() - 1;
  take_name(name, index);
  take_name(found.path, index);
  take_name(found.object->dynamic.soname.value_or(""), index);
  return &object;
}

void LinkedProcess::undo(std::size_t size) {
  while (!name_order_.empty()) {
    const auto last = names_.find(name_order_.back());
    if (last->second < size) break;
    names_.erase(last);
    name_order_.pop_back();
  }
  while (loaded_.size() > size) loaded_.pop_back();
}

/// Python's own library, where there is one, calls dlopen.
const Asking* LinkedProcess::caller() const {
  for (const LoadedObject& object : loaded_) {
    if (file_name(object.path).starts_with("libpython")) return &object.asking;
  }
  return loaded_.empty() ? nullptr : &loaded_.front().asking;
}

void LinkedProcess::map_needs(std::size_t first, LoadOutcome& outcome) {
  for (std::size_t i = first; i < loaded_.size(); ++i) {
    const LoadedObject& asking = loaded_[i];
    for (const std::string& name : asking.object->dynamic.needed) {
      if (names_.contains(name)) continue;
      const auto found = search_.find(name, asking.asking);
      if (!found) {
        if (!outcome.unknown) outcome.unknown = found.error();
      } else if (!found->has_value()) {
        add_defect(outcome, {LinkDefect::Kind::missing_library, name, "", asking.path});
      } else if (loaded_.size() < k_most_objects) {
        add(name, **found, &asking.asking);
      } else {
        outcome.unknown = Error{Error::Kind::too_large, asking.path, "needs more libraries than are followed"};
        return;
      }
    }
  }
}

void LinkedProcess::check_versions(std::size_t first, LoadOutcome& outcome) const {
  for (std::size_t i = first; i < loaded_.size(); ++i) {
    for (const ElfVersionNeed& need : loaded_[i].object->dynamic.version_needs) {
      const LoadedObject* library = find(need.library);
      if (library == nullptr) continue;  // said already
      const auto& defined = library->object->dynamic.version_definitions;
      // The linker lets a library without any versions pass.
      if (defined.empty() || std::find(defined.begin(), defined.end(), need.version) != defined.end()) continue;
      add_defect(outcome, {LinkDefect::Kind::missing_version, need.version, library->path, loaded_[i].path});
    }
  }
}

std::vector<std::string> LinkedProcess::doubtful_needs(const LoadedObject& object) const {
  std::vector<std::string> names;
  for (const std::string& name : object.object->dynamic.needed) {
    const LoadedObject* library = find(name);
    const bool is_doubtful = library != nullptr && may_be_another_build(library->found_by) &&
                             !tells_its_content(library->object->dynamic) && stem_of(name).size() >= k_shortest_stem;
    if (is_doubtful) names.push_back(name);
  }
  return names;
}

LinkedProcess::Symbols LinkedProcess::read_symbols(const std::string& path) const {
  const auto source = system_.open(path);
  const auto file = source ? parse_elf(*source) : Result<ElfFile>(source.error());
  if (!file) return {file.error(), {}};
  Symbols symbols{ElfLookup::open(*source, *file), {}};
  if (symbols.lookup) return symbols;
  // Some of NVIDIA's libraries have the older hash table alone: then the whole, smaller table is read.
  const auto table = read_elf_symbols(*source, *file, {});
  if (!table) return symbols;
  symbols.defined.emplace();
  for (const ElfSymbol& symbol : *table) {
    if (symbol.defined) symbols.defined->insert(symbol.name);
  }
  return symbols;
}

Result<bool> LinkedProcess::defines(const std::string& path, const std::string& symbol) {
  auto known = symbols_.find(path);
  if (known == symbols_.end()) known = symbols_.emplace(path, read_symbols(path)).first;
  const Symbols& symbols = known->second;
  if (symbols.lookup) return symbols.lookup->defines(symbol);
  if (symbols.defined) return symbols.defined->contains(symbol);
  return symbols.lookup.error();
}

/// "cusparseLtInit" begins like libcusparse, and is in libcusparseLt.
bool LinkedProcess::is_in_another(const std::string& symbol) {
  return std::any_of(loaded_.begin(), loaded_.end(), [&](const LoadedObject& object) {
    const auto is_there = defines(object.path, symbol);
    return is_there && *is_there;
  });
}

void LinkedProcess::check_symbols_of(const LoadedObject& object, LoadOutcome& outcome) {
  const std::vector<std::string> libraries = doubtful_needs(object);
  if (libraries.empty()) return;
  const auto source = system_.open(object.path);
  const auto file = source ? parse_elf(*source) : Result<ElfFile>(source.error());
  const auto symbols =
      file ? read_elf_symbols(*source, *file, object.object->dynamic) : Result<std::vector<ElfSymbol>>(file.error());
  if (!symbols) {
    if (!outcome.unknown) outcome.unknown = symbols.error();
    return;
  }
  for (const std::string& name : libraries) {
    const std::string& path = find(name)->path;
    for (const ElfSymbol& symbol : *symbols) {
      if (symbol.defined || symbol.weak || !belongs_to(symbol, name)) continue;
      const auto is_there = defines(path, symbol.name);
      if (!is_there) {
        if (!outcome.unknown) outcome.unknown = is_there.error();
      } else if (!*is_there && (!symbol.version.empty() || !is_in_another(symbol.name))) {
        add_defect(outcome, {LinkDefect::Kind::missing_symbol, symbol.name, path, object.path});
      }
    }
  }
}

void LinkedProcess::check_symbols(std::size_t first, LoadOutcome& outcome) {
  for (std::size_t i = first; i < loaded_.size(); ++i) check_symbols_of(loaded_[i], outcome);
}

LoadOutcome LinkedProcess::start(const std::string& program, const std::string& interpreter,
                                 const std::string& preload) {
  LoadOutcome outcome;
  const std::uint16_t machine = search_.settings().machine;
  const auto object = objects_.open(program, machine);
  if (!object || *object == nullptr) {
    outcome.unknown = object ? Error{Error::Kind::invalid, program, "is for another machine"} : object.error();
    return outcome;
  }
  const Asking* root = &add(program, {program, FoundBy::path, *object}, nullptr)->asking;
  if (const auto linker = objects_.open(interpreter, machine); linker && *linker != nullptr)
    add(interpreter, {interpreter, FoundBy::path, *linker}, root);
  for (const std::string_view name : split_words(preload)) {
    for (const std::string_view item : split(name, ':')) {
      if (item.empty()) continue;
      const auto found = search_.find(std::string(item), *root);
      if (found && found->has_value()) add(std::string(item), **found, root);  // what is not there only draws a warning
    }
  }
  map_needs(0, outcome);
  return outcome;
}

LoadOutcome LinkedProcess::load(const std::string& path) {
  LoadOutcome outcome;
  if (names_.contains(path)) return outcome;
  const auto object = objects_.open(path, search_.settings().machine);
  if (!object || *object == nullptr) {
    outcome.unknown = object ? Error{Error::Kind::invalid, path, "is for another machine"} : object.error();
    return outcome;
  }
  const std::size_t first = loaded_.size();
  add(path, {path, FoundBy::path, *object}, caller());
  map_needs(first, outcome);
  check_versions(first, outcome);
  if (outcome.loads()) check_symbols(first, outcome);
  if (!outcome.loads()) undo(first);
  return outcome;
}

LoadOutcome LinkedProcess::try_load(const std::string& path) {
  const std::size_t size = loaded_.size();
  LoadOutcome outcome = load(path);
  undo(size);
  return outcome;
}

std::optional<FoundLibrary> LinkedProcess::library_for(const std::string& name, const LoadedObject& asking) {
  if (const LoadedObject* object = find(name)) return FoundLibrary{object->path, object->found_by, object->object};
  const auto found = search_.find(name, asking.asking);
  return found ? *found : std::nullopt;
}

}  // namespace diffcheck
