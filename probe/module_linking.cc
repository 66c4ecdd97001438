#include "probe/module_linking.h"

#include <algorithm>
#include <utility>

#include "probe/elf_lookup.h"
#include "probe/file_path.h"
#include "probe/library_names.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_modules = 8'192;
constexpr std::size_t k_longest_text_bytes = 4096;

std::string clean(const std::string& text) { return printable(text, k_longest_text_bytes); }

const char* name_of(LinkDefect::Kind kind) {
  switch (kind) {
    case LinkDefect::Kind::missing_library:
      return "missing-library";
    case LinkDefect::Kind::missing_version:
      return "missing-version";
    case LinkDefect::Kind::missing_symbol:
      return "missing-symbol";
  }
  return "";
}

}  // namespace

std::vector<LinkDefectFacts> defect_facts(const std::vector<LinkDefect>& defects) {
  std::vector<LinkDefectFacts> all;
  for (const LinkDefect& defect : defects) {
    LinkDefectFacts& facts = all.emplace_back();
    const std::string source = clean(normal_path(defect.needed_by));
    facts.kind = known(std::string(name_of(defect.kind)), source);
    facts.name = known(clean(defect.name), source);
    facts.library =
        defect.library.empty() ? absent<std::string>(source) : known(clean(normal_path(defect.library)), source);
    facts.needed_by = known(source, source);
  }
  return all;
}

Fact<bool> loads_fact(const LoadOutcome& outcome, const std::string& source) {
  if (!outcome.defects.empty()) return known(false, source);
  return outcome.unknown ? unknown<bool>(*outcome.unknown) : known(true, source);
}

namespace {

bool needs(const LinkObject& object, bool (*is_such)(std::string_view)) {
  const auto& needed = object.dynamic.needed;
  return std::any_of(needed.begin(), needed.end(), is_such);
}

class ModuleJudge {
 public:
  ModuleJudge(const System& system, const NativeFiles& files, const Version& python, LinkedProcess& process,
              LinkObjects& objects, bool torch_loads)
      : system_(system),
        files_(files),
        python_(python),
        process_(process),
        objects_(objects),
        torch_loads_(torch_loads) {
    for (const NativeFile& file : files.files) holders_.emplace(file_name(file.path), &file);
  }

  std::map<std::string, ModuleLinking> take() {
    std::map<std::string, ModuleLinking> modules;
    for (const NativeFile& file : files_.files) {
      if (modules.size() == k_most_modules) break;
      const std::string_view name = file_name(file.path);
      const ModuleName kind = module_name_of(name, python_);
      if (kind == ModuleName::other) continue;
      const LoadOutcome outcome = outcome_of(file);
      if (kind == ModuleName::maybe_library && outcome.defects.empty()) continue;
      if (!outcome.defects.empty() && kind != ModuleName::module && !is_module(file, kind)) continue;
      modules[file.path] = {loads_fact(outcome, file.path), defect_facts(outcome.defects)};
      groups_[file.package + " " + parent_path(file.path) + "/" + name_without_digits(name)].push_back(file.path);
    }
    for (const auto& [key, paths] : groups_) forgive_variants(paths, modules);
    return modules;
  }

 private:
  LoadOutcome outcome_of(const NativeFile& file) {
    LoadOutcome outcome = process_.try_load(file.path);
    if (outcome.defects.empty()) return outcome;
    const auto object = objects_.open(file.path, process_.objects().front().object->machine);
    const bool is_read = object && *object != nullptr;
    const bool links_torch = is_read && needs(**object, is_torch_library);
    if (links_torch && !torch_loads_) {
      outcome.defects.clear();
      outcome.unknown = Error{Error::Kind::failed, "torch", "torch itself does not load, or that cannot be told"};
      return outcome;
    }
    // A package may load libraries by their path before it imports its own module: those of its own, as torchaudio
    // does, and those of other packages.
    std::erase_if(outcome.defects, [&](const LinkDefect& defect) {
      const auto holder = holders_.find(defect.name);
      if (defect.kind != LinkDefect::Kind::missing_library || holder == holders_.end()) return false;
      if (links_torch && holder->second->package != file.package) return false;
      outcome.unknown = Error{Error::Kind::failed, holder->second->path,
                              "is not on the search path, but " + file.package + " may load it by its path"};
      return true;
    });
    return outcome;
  }

  /// A plain name tells nothing: torch loads "_C.so" of others, and Python imports what defines PyInit_NAME.
  bool is_module(const NativeFile& file, ModuleName kind) const {
    const auto source = system_.open(file.path);
    const auto elf = source ? parse_elf(*source) : Result<ElfFile>(source.error());
    if (!elf) return false;
    const std::string_view name = file_name(file.path);
    const auto lookup = ElfLookup::open(*source, *elf);
    const auto defines = lookup ? lookup->defines("PyInit_" + std::string(name.substr(0, name.find('.'))))
                                : Result<bool>(lookup.error());
    if (defines && *defines) return true;
    const auto object = objects_.open(file.path, elf->machine);
    return kind == ModuleName::maybe_module && object && *object != nullptr && needs(**object, is_torch_library);
  }

  /// Of files that differ by a number only, a package takes the one that loads: "_ffmpeg4.so", "_ffmpeg5.so".
  static void forgive_variants(const std::vector<std::string>& paths, std::map<std::string, ModuleLinking>& modules) {
    const auto good = std::find_if(paths.begin(), paths.end(), [&](const std::string& path) {
      const Fact<bool>& loads = modules.at(path).loads;
      return loads.is_known() && loads.value();
    });
    if (good == paths.end()) return;
    for (const std::string& path : paths) {
      ModuleLinking& module = modules.at(path);
      if (module.defects.empty()) continue;
      module.loads = unknown<bool>(*good, "loads, and may be what the package takes instead");
      module.defects.clear();
    }
  }

  const System& system_;
  const NativeFiles& files_;
  const Version& python_;
  LinkedProcess& process_;
  LinkObjects& objects_;
  bool torch_loads_;
  std::map<std::string, const NativeFile*, std::less<>> holders_;
  std::map<std::string, std::vector<std::string>> groups_;
};

}  // namespace

std::map<std::string, ModuleLinking> judge_modules(const System& system, const NativeFiles& files,
                                                   const Version& python, LinkedProcess& process, LinkObjects& objects,
                                                   bool torch_loads) {
  return ModuleJudge(system, files, python, process, objects, torch_loads).take();
}

}  // namespace diffcheck
