#include "probe/binaries.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "probe/elf.h"
#include "probe/elf_dynamic.h"
#include "probe/gpu_code.h"
#include "probe/library_names.h"
#include "probe/linking.h"
#include "probe/module_lines.h"
#include "probe/native_file_cache.h"
#include "probe/package_files.h"
#include "probe/snapshot.h"
#include "probe/text.h"
#include "probe/torch_symbols.h"

namespace diffcheck {
namespace {

constexpr const char* k_answer = "binaries.json";
// A hostile or broken environment must not fill the snapshot; a large real one has some hundred such files.
constexpr std::size_t k_most_binaries = 2'000;
constexpr std::size_t k_most_missing_symbols = 32;  // one would do: the first is what Python's error names
constexpr std::size_t k_most_target_sets = 1'000;   // of real libraries the most is about twenty

bool links_gpu_libraries(const ElfDynamic& dynamic) {
  return std::any_of(dynamic.needed.begin(), dynamic.needed.end(), is_gpu_library);
}

template <class T>
Fact<T> fact_of(std::optional<T> value, const std::string& source) {
  return value ? known(*std::move(value), source) : absent<T>(source);
}

/// Text that the file gives goes into reports: short, and without control characters.
std::string clean(const std::string& text) {
  constexpr std::size_t longest_bytes = 8192;
  return printable(text, longest_bytes);
}

std::optional<std::string> clean(const std::optional<std::string>& text) {
  return text ? std::optional(clean(*text)) : std::nullopt;
}

std::vector<std::string> target_names(const GpuTargets& targets) {
  std::vector<std::string> names;
  for (const GpuTarget& target : all_targets(targets)) names.push_back(to_string(target));
  for (const std::string& target : all_amd_targets(targets)) names.push_back(target);
  return names;
}

/// A shorter list would say less than the file, so a list that is too long is no list.
Result<GpuTargets> bounded(Result<GpuTargets> targets, const std::string& path) {
  if (!targets ||
      targets->modules.size() + targets->amd_modules.size() + targets->relinkable.size() <= k_most_target_sets)
    return targets;
  return Error{Error::Kind::too_large, path, "holds more different sets of GPU targets than any library"};
}

void describe_gpu_code(const Result<GpuTargets>& targets, const std::string& path, BinaryFacts& facts) {
  using Names = std::vector<std::string>;
  if (!targets) {
    facts.gpu_targets = unknown<Names>(targets.error());
    facts.gpu_modules = unknown<Names>(targets.error());
    facts.gpu_relinkable = unknown<Names>(targets.error());
    facts.ptx_version = unknown<Version>(targets.error());
    return;
  }
  const auto& ptx = targets->newest_ptx;
  facts.ptx_version =
      fact_of(ptx ? Version::parse(std::to_string(ptx->major) + "." + std::to_string(ptx->minor)) : std::nullopt, path);
  facts.gpu_targets = targets->empty() ? absent<Names>(path) : known(target_names(*targets), path);
  Names modules = module_lines(targets->modules);
  for (std::string& line : module_lines(targets->amd_modules)) modules.push_back(std::move(line));
  facts.gpu_modules = modules.empty() ? absent<Names>(path) : known(std::move(modules), path);
  Names relinkable = module_lines(targets->relinkable);
  facts.gpu_relinkable = relinkable.empty() ? absent<Names>(path) : known(std::move(relinkable), path);
}

void describe_linking(const Result<ElfDynamic>& dynamic, const std::string& path, BinaryFacts& facts) {
  if (!dynamic) {
    facts.soname = unknown<std::string>(dynamic.error());
    facts.needed = unknown<std::vector<std::string>>(dynamic.error());
    facts.rpath = facts.runpath = facts.soname;
    facts.glibc = facts.glibcxx = facts.cxxabi = unknown<Version>(dynamic.error());
    return;
  }
  std::vector<std::string> needed;
  for (const std::string& name : dynamic->needed) needed.push_back(clean(name));
  facts.soname = fact_of(clean(dynamic->soname), path);
  facts.needed = known(std::move(needed), path);
  facts.rpath = fact_of(clean(dynamic->rpath), path);
  facts.runpath = fact_of(clean(dynamic->runpath), path);
  facts.glibc = fact_of(highest_version(dynamic->version_needs, "GLIBC_"), path);
  facts.glibcxx = fact_of(highest_version(dynamic->version_needs, "GLIBCXX_"), path);
  facts.cxxabi = fact_of(highest_version(dynamic->version_needs, "CXXABI_"), path);
}

BinaryFacts named(const NativeFile& file) {
  BinaryFacts facts;
  facts.path = known(file.path, file.path);
  facts.package = known(file.package, file.path);
  return facts;
}

BinaryFacts unreadable(const NativeFile& file, const Error& error) {
  BinaryFacts facts = named(file);
  facts.machine = unknown<std::string>(error);
  facts.x86_level = unknown<std::int64_t>(error);
  describe_gpu_code(error, file.path, facts);
  describe_linking(error, file.path, facts);
  return facts;
}

/// What a file says that matters; nullopt for a file that does not, unless it `must`, and for what is no native file
/// after all.
std::optional<BinaryFacts> audit(const System& system, const NativeFile& file, LinkObjects& objects,
                                 bool must = false) {
  const auto source = system.open(file.path);
  if (!source) {
    if (source.error().kind == Error::Kind::absent) return std::nullopt;
    return unreadable(file, source.error());
  }
  const auto elf = parse_elf(*source);
  if (!elf) {
    if (elf.error().kind == Error::Kind::invalid) return std::nullopt;  // a linker script, code for another system
    return unreadable(file, elf.error());
  }
  const auto dynamic = read_elf_dynamic(*source, *elf);
  if (dynamic) objects.add(file.path, LinkObject{elf->machine, "", *dynamic});
  const bool may_matter =
      must || elf->sections.empty() || has_gpu_code(*elf) || !dynamic || links_gpu_libraries(*dynamic);
  if (!may_matter) return std::nullopt;
  BinaryFacts facts = named(file);
  facts.machine = known(machine_name(elf->machine), file.path);
  const auto level = x86_isa_level(*source, *elf);
  facts.x86_level = fact_of(level ? std::optional<std::int64_t>(*level) : std::nullopt, file.path);
  describe_gpu_code(bounded(read_gpu_targets(*source, *elf), file.path), file.path, facts);
  describe_linking(dynamic, file.path, facts);
  return facts;
}

bool links_torch(const BinaryFacts& facts) {
  if (!facts.needed.is_known()) return false;
  const auto& needed = facts.needed.value();
  return std::any_of(needed.begin(), needed.end(), [](const std::string& name) {
    return name.starts_with("libtorch") || name.starts_with("libc10");
  });
}

Result<std::vector<std::string>> read_torch_symbols(const System& system, const std::string& path) {
  const auto source = system.open(path);
  if (!source) return source.error();
  const auto elf = parse_elf(*source);
  if (!elf) return elf.error();
  const auto symbols = read_elf_symbols(*source, *elf, {});
  if (!symbols) return symbols.error();
  return torch_symbols_needed(*symbols);
}

/// Where torch's symbols may come from: torch itself, and the package's own libraries, which may wrap them.
std::vector<std::string> provider_paths(const std::vector<NativeFile>& files, const std::string& package) {
  std::vector<std::string> paths;
  for (const NativeFile& file : files) {
    const bool is_library = file.path.find("/torch/lib/libtorch") != file.path.npos ||
                            file.path.find("/torch/lib/libc10") != file.path.npos;
    if (file.package == "torch" && is_library) paths.push_back(file.path);
  }
  if (paths.empty()) return paths;
  for (const NativeFile& file : files) {
    if (file.package == package) paths.push_back(file.path);
  }
  return paths;
}

Fact<std::vector<std::string>> missing_torch_symbols(const System& system, const std::string& path,
                                                     const std::vector<std::string>& providers,
                                                     SymbolProviders& opened) {
  using Names = std::vector<std::string>;
  const auto wanted = read_torch_symbols(system, path);
  if (!wanted) return unknown<Names>(wanted.error());
  if (wanted->empty()) return absent<Names>(path);
  if (providers.empty()) return unknown<Names>(path, "the libraries of torch are not among the packages' files");
  const auto missing = opened.missing(*wanted, providers);
  if (!missing) return unknown<Names>(missing.error());
  Names shown;
  for (const std::string& name : *missing) {
    if (shown.size() < k_most_missing_symbols) shown.push_back(clean(name));
  }
  return known(std::move(shown), path);
}

void compare_with_torch(const System& system, const std::vector<NativeFile>& files, NativeFileCache& cache,
                        BinaryProbe& probe) {
  SymbolProviders opened(system);
  for (BinaryFacts& facts : probe.binaries) {
    const std::string& package = facts.package.value();
    if (package == "torch" || !links_torch(facts)) continue;
    const std::string& path = facts.path.value();
    const auto providers = provider_paths(files, package);
    facts.missing_torch_symbols =
        cache.names_of(path, providers, [&] { return missing_torch_symbols(system, path, providers, opened); });
  }
}

void add_linking(const System& system, const PythonFacts& python, const Packages& packages, const NativeFiles& files,
                 LinkObjects& objects, BinaryProbe& probe) {
  LinkingProbe linking = probe_linking(system, python, packages, files, objects);
  probe.linking = std::move(linking.facts);
  for (BinaryFacts& facts : probe.binaries) {
    const auto module = linking.modules.find(facts.path.value());
    if (module == linking.modules.end()) continue;
    facts.loads = std::move(module->second.loads);
    facts.link_defects = std::move(module->second.defects);
    linking.modules.erase(module);
  }
  for (const NativeFile& file : files.files) {
    const auto module = linking.modules.find(file.path);
    if (module == linking.modules.end() || module->second.defects.empty()) continue;
    auto facts = audit(system, file, objects, true);
    if (!facts || probe.binaries.size() == k_most_binaries) continue;
    facts->loads = std::move(module->second.loads);
    facts->link_defects = std::move(module->second.defects);
    probe.binaries.push_back(*std::move(facts));
  }
}

BinaryProbe audit_all(const System& system, const PythonFacts& python, const Packages& packages) {
  NativeFiles files = find_native_files(system, python, packages);
  NativeFileCache cache(system);
  BinaryProbe probe;
  LinkObjects objects(system);
  probe.complete = std::move(files.complete);
  for (const NativeFile& file : files.files) {
    auto facts = cache.facts_of(file, [&] { return audit(system, file, objects); });
    if (!facts) continue;
    if (probe.binaries.size() == k_most_binaries) {
      probe.complete = unknown<bool>(file.path, "more native files with GPU code than are listed");
      break;
    }
    probe.binaries.push_back(*std::move(facts));
  }
  compare_with_torch(system, files.files, cache, probe);
  cache.keep();
  add_linking(system, python, packages, files, objects, probe);
  return probe;
}

/// A recording keeps the findings, not the files: a snapshot that holds nothing else.
std::string answer_of(const BinaryProbe& probe) {
  Snapshot snapshot;
  snapshot.binaries = probe.binaries;
  snapshot.complete.binaries = probe.complete;
  snapshot.linking = probe.linking;
  return snapshot_to_json(snapshot);
}

BinaryProbe probe_of(const std::string& answer) {
  auto snapshot = snapshot_from_json(answer, k_answer);
  if (!snapshot) return {{}, unknown<bool>(snapshot.error()), {}};
  return {std::move(snapshot->binaries), std::move(snapshot->complete.binaries), std::move(snapshot->linking)};
}

}  // namespace

BinaryProbe probe_binaries(const System& system, const PythonFacts& python, const Packages& packages) {
  if (system.is_live() && !system.is_recording()) return audit_all(system, python, packages);
  std::optional<BinaryProbe> probe;
  const auto answer = system.answer(k_answer, [&]() -> Result<std::string> {
    probe = audit_all(system, python, packages);
    return answer_of(*probe);
  });
  if (probe) return *std::move(probe);
  if (answer) return probe_of(*answer);
  if (answer.error().kind != Error::Kind::absent) return {{}, unknown<bool>(answer.error()), {}};
  return audit_all(system, python, packages);  // a tree that holds the files themselves
}

GpuTargets gpu_targets_of(const BinaryFacts& facts) {
  GpuTargets targets;
  if (facts.gpu_modules.is_known()) {
    targets.modules = parse_gpu_modules(facts.gpu_modules.value());
    targets.amd_modules = parse_amd_modules(facts.gpu_modules.value());
  }
  if (facts.gpu_relinkable.is_known()) targets.relinkable = parse_gpu_modules(facts.gpu_relinkable.value());
  if (facts.ptx_version.is_known()) {
    const Version& version = facts.ptx_version.value();
    targets.newest_ptx = PtxVersion{static_cast<int>(version.component(0)), static_cast<int>(version.component(1))};
  }
  return targets;
}

}  // namespace diffcheck
