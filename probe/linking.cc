#include "probe/linking.h"

#include <algorithm>
#include <utility>

#include "probe/file_path.h"
#include "probe/library_names.h"
#include "probe/linked_process.h"
#include "probe/module_linking.h"
#include "probe/text.h"
#include "probe/torch_process.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_longest_text_bytes = 4096;

std::string clean(const std::string& text) { return printable(text, k_longest_text_bytes); }

/// The newest of a library's versions with that prefix.
Fact<Version> newest(const LoadedObject& library, std::string_view prefix) {
  std::optional<Version> highest;
  for (const std::string& text : library.object->dynamic.version_definitions) {
    if (!text.starts_with(prefix)) continue;
    const auto version = Version::parse(std::string_view(text).substr(prefix.size()));
    if (version && (!highest || *highest < *version)) highest = version;
  }
  return highest ? known(*highest, library.path) : absent<Version>(library.path);
}

class LinkingAudit {
 public:
  LinkingAudit(const System& system, const PythonFacts& python, const Packages& packages, const NativeFiles& files,
               LinkObjects& objects)
      : system_(system), python_(python), packages_(packages), files_(files), objects_(objects) {
    for (const NativeFile& file : files.files) {
      owners_.emplace(file.path, &file.package);
      by_name_.emplace(file_name(file.path), &file);
    }
  }

  LinkingProbe take() {
    LinkingProbe probe;
    if (const auto error = start(probe.facts)) {
      probe.facts.torch_loads = unknown<bool>(*error);
      return probe;
    }
    LoadOutcome torch = torch_outcome();
    probe.facts.torch_loads = loads_fact(torch, "torch");
    probe.facts.torch_defects = defect_facts(torch.defects);
    list_libraries(probe.facts);
    probe.modules = judge_modules(system_, files_, python_.version.value(), *process_, objects_, torch.loads());
    return probe;
  }

 private:
  std::optional<Error> start(LinkingFacts& facts) {
    if (!python_.executable.is_known() || !python_.version.is_known() || !python_.sys_path.is_known())
      return Error{Error::Kind::failed, "python", "the Python that will run is not known"};
    const auto program = system_.real_path(python_.executable.value());
    if (!program) return program.error();
    const auto source = system_.open(*program);
    const auto object = source ? read_link_object(*source) : Result<LinkObject>(source.error());
    if (!object) return object.error();
    facts.interpreter =
        object->interpreter.empty() ? absent<std::string>(*program) : known(clean(object->interpreter), *program);
    objects_.add(*program, *object);
    process_.emplace(system_, objects_, search_settings(system_, object->interpreter, object->machine));
    const LoadOutcome outcome = process_->start(*program, object->interpreter, system_.env("LD_PRELOAD").value_or(""));
    if (outcome.loads()) return std::nullopt;
    // It runs, as everybody can see: what is not understood is the way in which it finds its libraries.
    return outcome.unknown ? *outcome.unknown
                           : Error{Error::Kind::failed, *program,
                                   "a library of Python itself is not found: " + clean(outcome.defects.front().name)};
  }

  LoadOutcome torch_outcome() {
    const auto& sys_path = python_.sys_path.value();
    const auto site = std::find_if(sys_path.begin(), sys_path.end(), [&](const std::string& folder) {
      return static_cast<bool>(system_.open(folder + "/torch/lib/libtorch_global_deps.so"));
    });
    LoadOutcome outcome;
    outcome.unknown = Error{Error::Kind::absent, "torch", "its libraries are not among the packages' files"};
    if (site == sys_path.end()) return outcome;
    for (const NativeFile& file : files_.files) {
      if (file.path.starts_with(*site + "/torch/_C.") &&
          module_name_of(file_name(file.path), python_.version.value()) != ModuleName::other)
        return load_torch(system_, *process_, {*site, file.path}, sys_path, torch_cuda());
    }
    return outcome;
  }

  std::optional<std::string> torch_cuda() const {
    const auto torch = packages_.find("torch");
    const bool is_known = torch != packages_.end() && torch->second.cuda.is_known();
    return is_known ? std::optional(torch->second.cuda.value().text()) : std::nullopt;
  }

  Fact<Version> version_of(const std::string& package) const {
    const auto found = packages_.find(package);
    return found == packages_.end() ? Fact<Version>() : found->second.version;
  }

  /// The owner of a file; nullptr for one of the system.
  const std::string* owner_of(const std::string& path) const {
    const auto found = owners_.find(normal_path(path));
    return found == owners_.end() ? nullptr : found->second;
  }

  /// "libcudnn.so.9.10.2" says more than the name by which it is asked for.
  Fact<Version> version_in_name(const std::string& path) const {
    const std::string real = identity_of(system_, path);
    const std::string_view name = file_name(real);
    const std::size_t at = name.find(".so.");
    const std::string_view text = at == name.npos ? std::string_view() : name.substr(at + 4);
    constexpr auto full_version_dots = 2;  // fewer are the soname's own number
    const auto version = Version::parse(text);
    if (version && std::count(text.begin(), text.end(), '.') >= full_version_dots) return known(*version, real);
    return unknown<Version>(real, "its name has no full version, and no package owns it");
  }

  LoadedLibraryFacts library_facts(const std::string& soname, const std::string& path, FoundBy found_by,
                                   const std::string& needed_by) const {
    LoadedLibraryFacts facts;
    const std::string plain = clean(normal_path(path));
    facts.soname = known(clean(soname), plain);
    facts.path = known(plain, plain);
    facts.found_by = known(std::string(diffcheck::name_of(found_by)), plain);
    facts.needed_by = known(clean(normal_path(needed_by)), plain);
    const std::string* owner = owner_of(path);
    facts.package = owner != nullptr ? known(*owner, plain) : absent<std::string>(plain);
    facts.version = owner != nullptr ? version_of(*owner) : version_in_name(path);
    facts.shadowed = absent<std::string>(plain);
    const auto copy = by_name_.find(soname);
    if (owner == nullptr && copy != by_name_.end() &&
        identity_of(system_, copy->second->path) != identity_of(system_, path)) {
      facts.shadowed = known(clean(copy->second->path), plain);
      facts.shadowed_package = known(copy->second->package, plain);
      facts.shadowed_version = version_of(copy->second->package);
    }
    return facts;
  }

  void list_libraries(LinkingFacts& facts) {
    for (const LoadedObject& object : process_->objects()) {
      const std::string soname = object.object->dynamic.soname.value_or("");
      if (soname == "libstdc++.so.6") {
        facts.glibcxx = newest(object, "GLIBCXX_");
        facts.cxxabi = newest(object, "CXXABI_");
      } else if (!is_gpu_library(soname) || is_torch_library(soname)) {
        continue;
      }
      const std::string asker = asker_of(object);
      facts.libraries.push_back(library_facts(soname, object.path, object.found_by, asker));
      if (is_gpu_library(soname)) list_later_ones(object, facts);
    }
  }

  std::string asker_of(const LoadedObject& object) const {
    for (const LoadedObject& other : process_->objects()) {
      if (&other.asking == object.asking.loader) return other.path;
    }
    return object.path;
  }

  /// cuDNN loads its parts by name when it is first used. They have to be those beside it.
  void list_later_ones(const LoadedObject& object, LinkingFacts& facts) {
    const std::string plain = normal_path(object.path);
    const std::string stem = std::string(file_name(plain).substr(0, file_name(plain).find(".so"))) + "_";
    const auto first = owners_.lower_bound(parent_path(plain) + "/" + stem);
    for (auto file = first; file != owners_.end() && file->first.starts_with(parent_path(plain) + "/" + stem); ++file) {
      const std::string name(file_name(file->first));
      const auto taken = process_->library_for(name, object);
      if (taken && normal_path(taken->path) != file->first)
        facts.libraries.push_back(library_facts(name, taken->path, taken->found_by, plain));
    }
  }

  const System& system_;
  const PythonFacts& python_;
  const Packages& packages_;
  const NativeFiles& files_;
  LinkObjects& objects_;
  std::map<std::string, const std::string*, std::less<>> owners_;
  std::map<std::string, const NativeFile*, std::less<>> by_name_;
  std::optional<LinkedProcess> process_;
};

}  // namespace

LinkingProbe probe_linking(const System& system, const PythonFacts& python, const Packages& packages,
                           const NativeFiles& files, LinkObjects& objects) {
  return LinkingAudit(system, python, packages, files, objects).take();
}

}  // namespace diffcheck
