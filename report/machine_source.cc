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

Result<Machine> unchanged_machine(const SourceOptions& source, const Knowledge& knowledge, const std::string& engine) {
  Machine machine;
  if (source.machine) {
    auto simulated = machine_from_spec(*source.machine, {source.link, source.sockets, source.network}, knowledge);
    if (!simulated) return simulated.error();
    machine.snapshot = std::move(simulated->snapshot);
    machine.nodes = simulated->nodes;
    machine.simulated = true;
  } else if (source.snapshot) {
    auto text = read_input_file(*source.snapshot);
    if (!text) return text.error();
    auto snapshot = snapshot_from_json(*text, *source.snapshot);
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
  auto machine = unchanged_machine(source, knowledge, engine);
  if (!machine) return machine;
  for (const std::string& change : source.set) {
    const std::size_t equals = change.find('=');
    if (equals == std::string::npos)
      return Error{Error::Kind::invalid, "--set " + change, "expected PATH=VALUE such as packages.flash-attn=absent"};
    auto changed = with_override(std::move(machine->snapshot), change.substr(0, equals), change.substr(equals + 1));
    if (!changed) return changed.error();
    machine->snapshot = *std::move(changed);
  }
  return machine;
}

}  // namespace diffcheck
