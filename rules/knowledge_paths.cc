#include "rules/knowledge_paths.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace diffcheck {
namespace {

void collect_paths(const std::optional<Condition>& condition, std::vector<std::string>& paths) {
  if (condition) collect_paths(*condition, paths);
}

void collect_paths(const std::vector<Requirement>& requirements, std::vector<std::string>& paths) {
  for (const Requirement& requirement : requirements) {
    collect_paths(requirement.needs, paths);
    collect_paths(requirement.when, paths);
  }
}

template <class Conditional>
void collect_paths_of(const std::vector<Conditional>& items, std::vector<std::string>& paths) {
  for (const Conditional& item : items) collect_paths(item.when, paths);
}

std::vector<std::string> paths_in(const std::vector<Kernel>& kernels) {
  std::vector<std::string> paths;
  for (const Kernel& kernel : kernels) {
    collect_paths(kernel.requires_all, paths);
    collect_paths_of(kernel.dispatch, paths);
  }
  return paths;
}

std::vector<std::string> paths_in(const std::vector<Engine>& engines) {
  std::vector<std::string> paths;
  for (const Engine& engine : engines) {
    for (const EngineVariant& variant : engine.variants) {
      collect_paths(variant.when, paths);
      collect_paths_of(variant.dtype_selection, paths);
      collect_paths_of(variant.dtype_choices, paths);
      collect_paths_of(variant.attention_selection, paths);
      collect_paths_of(variant.attention_choices, paths);
      collect_paths_of(variant.axes, paths);
      collect_paths(variant.layout_constraints, paths);
      collect_paths(variant.workload_constraints, paths);
    }
  }
  return paths;
}

std::vector<std::string> paths_in(const std::vector<MemoryBehaviour>& behaviours) {
  std::vector<std::string> paths;
  for (const MemoryBehaviour& behaviour : behaviours) {
    collect_paths_of(behaviour.implementations, paths);
    collect_paths_of(behaviour.weight_dtypes_when, paths);
    collect_paths_of(behaviour.modes, paths);
    collect_paths_of(behaviour.quantizations, paths);
    if (behaviour.tiling) collect_paths(behaviour.tiling->when, paths);
  }
  return paths;
}

std::vector<std::string> paths_in(const std::vector<Check>& checks) {
  std::vector<std::string> paths;
  for (const Check& check : checks) {
    collect_paths(check.applies, paths);
    collect_paths(check.when, paths);
  }
  return paths;
}

void sort_and_unite(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}

}  // namespace

std::vector<std::string> paths_about_gpus(const std::vector<Kernel>& kernels) {
  std::vector<std::string> paths = paths_in(kernels);
  std::erase_if(paths,
                [](const std::string& path) { return !path.starts_with("gpu.") && !path.starts_with("device."); });
  sort_and_unite(paths);
  return paths;
}

std::vector<std::string> packages_asked_for(const Knowledge& knowledge) {
  constexpr std::string_view k_packages = "packages.";
  std::vector<std::string> names;
  for (const auto& paths : {paths_in(knowledge.kernels), paths_in(knowledge.engines),
                            paths_in(knowledge.memory_behaviours), paths_in(knowledge.checks)}) {
    for (const std::string& path : paths) {
      if (!path.starts_with(k_packages)) continue;
      const std::string rest = path.substr(k_packages.size());
      names.push_back(rest.substr(0, rest.find('.')));
    }
  }
  for (const Engine& engine : knowledge.engines) names.push_back(engine.package);
  std::erase_if(names, [](const std::string& name) { return name.empty() || name == "*"; });
  sort_and_unite(names);
  return names;
}

}  // namespace diffcheck
