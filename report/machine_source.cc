#include "report/machine_source.h"

#include "probe/cache_folder.h"
#include "probe/tree_check.h"
#include "report/input_file.h"
#include "rules/machine_spec.h"

namespace diffcheck {
namespace {

/// The live machine, with the user's cache.
System cached_system() {
  System live = System::live();
  const auto folder = cache_folder_of(live.env("XDG_CACHE_HOME"), live.env("HOME"));
  return folder ? System::live_with_cache(*folder) : live;
}

constexpr std::size_t k_most_nodes = 1024;  ///< Recordings of more machines than that are read in one folder by no one.

Result<Snapshot> read_snapshot(const std::string& file) {
  auto text = read_input_file(file);
  if (!text) return text.error();
  return snapshot_from_json(*text, file);
}

Result<Snapshot> with_changes(Snapshot snapshot, const std::vector<std::string>& changes) {
  for (const std::string& change : changes) {
    const std::size_t equals = change.find('=');
    if (equals == std::string::npos)
      return Error{Error::Kind::invalid, "--set " + change, "expected PATH=VALUE such as packages.flash-attn=absent"};
    auto changed = with_override(std::move(snapshot), change.substr(0, equals), change.substr(equals + 1));
    if (!changed) return changed.error();
    snapshot = *std::move(changed);
  }
  return snapshot;
}

/// Several machines, each with the changes of --set.
Result<Machine> machine_of_nodes(const SourceOptions& source, const Knowledge& knowledge) {
  if (source.snapshot || source.root || source.machine)
    return Error{
        Error::Kind::invalid, "--nodes " + source.nodes.front(),
        "snapshot files are the machines already; leave out --snapshot, --root and --machine, or give a number"};
  std::vector<NamedSnapshot> nodes;
  for (const std::string& path : source.nodes) {
    auto files = json_files_at(path, k_most_nodes);
    if (!files) return files.error();
    for (const std::string& file : *files) {
      if (nodes.size() == k_most_nodes)
        return Error{Error::Kind::too_large, "--nodes", "more than " + std::to_string(k_most_nodes) + " machines"};
      auto snapshot = read_snapshot(file);
      if (!snapshot) return snapshot.error();
      auto changed = with_changes(*std::move(snapshot), source.set);
      if (!changed) return changed.error();
      nodes.push_back({file, *std::move(changed)});
    }
  }
  Machine machine;
  machine.nodes = static_cast<std::int64_t>(nodes.size());
  machine.node_set = node_set_of(std::move(nodes), knowledge);
  machine.snapshot = machine.node_set->standing_for_all;
  return machine;
}

Result<Machine> unchanged_machine(const SourceOptions& source, const Knowledge& knowledge, const std::string& engine) {
  Machine machine;
  if (source.machine) {
    auto simulated = machine_from_spec(*source.machine, {source.link, source.sockets, source.network}, knowledge);
    if (!simulated) return simulated.error();
    machine.snapshot = std::move(simulated->snapshot);
    machine.nodes = simulated->nodes;
    machine.simulated = true;
  } else if (source.snapshot) {
    auto snapshot = read_snapshot(*source.snapshot);
    if (!snapshot) return snapshot.error();
    machine.snapshot = *std::move(snapshot);
  } else {
    auto system = source.cache && !source.root ? Result<System>(cached_system()) : system_of(source);
    if (!system) return system.error();
    machine.snapshot = take_snapshot(*system, probe_choice(source, knowledge, engine), &machine.crashed);
  }
  return machine;
}

}  // namespace

ProbeChoice probe_choice(const SourceOptions& source, const Knowledge& knowledge, const std::string& engine) {
  ProbeChoice choice;
  choice.python = {source.python, source.environment};
  choice.engine_folder = source.engine_folder;
  for (const Engine& candidate : knowledge.engines) {
    if (!engine.empty() && candidate.id != engine) continue;
    choice.markers.insert(choice.markers.end(), candidate.markers.begin(), candidate.markers.end());
  }
  return choice;
}

Result<System> system_of(const SourceOptions& source) {
  if (!source.root) return System::live();
  if (auto defect = defect_of_tree(System::live(), *source.root)) return *defect;
  return System::at(*source.root);
}

Result<Machine> load_machine(const SourceOptions& source, const Knowledge& knowledge, const std::string& engine) {
  if (!source.nodes.empty()) return machine_of_nodes(source, knowledge);
  auto machine = unchanged_machine(source, knowledge, engine);
  if (!machine) return machine;
  auto changed = with_changes(std::move(machine->snapshot), source.set);
  if (!changed) return changed.error();
  machine->snapshot = *std::move(changed);
  return machine;
}

}  // namespace diffcheck
