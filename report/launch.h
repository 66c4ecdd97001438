// What it takes to start the run as planned: the command, its environment, what the engine's Python call and own
// document are told, and what has to be done first.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rules/diagnosis.h"

namespace diffcheck {

/// Something to be done before the run.
struct Precondition {
  std::string kind;  ///< uninstall, install, checkout or edit.
  Message text;
  std::vector<std::string> command;  ///< Empty where only a person can do it.
};

/// The command as one program starts it on all nodes.
struct NodeCommand {
  std::string launcher;  ///< srun, mpirun.
  Message title;
  std::vector<std::string> argv;
  std::string first_node;  ///< Shell command that prints the name of the first node; "" where there is none.
};

struct Launch {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> env;     ///< Sorted; one value a name.
  std::vector<std::pair<std::string, std::string>> kwargs;  ///< In the order of the settings; later wins.
  std::vector<std::pair<std::string, std::string>> config;
  std::vector<std::string> block_import;  ///< Python modules that must not be importable.
  std::vector<Precondition> preconditions;
  std::int64_t nodes = 1;               ///< On each of which `argv` has to be started.
  std::vector<NodeCommand> over_nodes;  ///< Where there are several.
};

/// Modules that must not be importable are set to None in sys.modules by a Python wrapper inside argv.
Launch launch_of(const Diagnosis& diagnosis);

/// The command with the modules blocked. A command that starts no Python program is found through PATH and run as a
/// script.
std::vector<std::string> with_blocked_imports(const std::vector<std::string>& argv,
                                              const std::vector<std::string>& modules);

}  // namespace diffcheck
