#include "report/launch.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace diffcheck {
namespace {

/// A Python string literal.
std::string python_text(std::string_view text) {
  std::string literal = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) literal += c;
  }
  return literal + "'";
}

/// import of a module whose entry in sys.modules is None raises ModuleNotFoundError, and find_spec gives None: to every
/// check that an engine makes, the module is not installed.
std::string blocking_code(const std::vector<std::string>& modules) {
  std::string list;
  for (const std::string& module : modules) list += (list.empty() ? "" : ", ") + python_text(module);
  return "import sys; sys.modules.update(dict.fromkeys([" + list + "])); ";
}

enum class Program { script, module, on_path };

std::string running_code(Program program) {
  const std::string shift = "sys.argv = sys.argv[1:]; ";
  switch (program) {
    case Program::script:
      // A script's own folder comes first on its path; with -c the working folder would.
      return "import os, runpy; " + shift +
             "sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0])); runpy.run_path(sys.argv[0], "
             "run_name='__main__')";
    case Program::module:
      return "import runpy; " + shift + "runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)";
    case Program::on_path:
      return "import runpy, shutil; " + shift +
             "sys.argv[0] = shutil.which(sys.argv[0]) or sys.argv[0]; runpy.run_path(sys.argv[0], run_name='__main__')";
  }
  return {};
}

bool is_any_of(std::string_view text, const auto& names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_python(std::string_view word) { return base_name(word).starts_with("python"); }

/// Options of torchrun that take no value; all others do, as `--name value` or `--name=value` (torch.distributed.run).
constexpr std::array<std::string_view, 5> k_torchrun_switches = {"--standalone", "--run-path", "--run_path",
                                                                 "--no-python", "--no_python"};
constexpr std::array<std::string_view, 2> k_python_options_with_value = {"-X", "-W"};
constexpr std::array<std::string_view, 2> k_module_options = {"-m", "--module"};

/// Where the program stands in a command line: the index of its name, and of the option in front of it, if any.
struct Place {
  std::size_t first = 0;    ///< First word that the wrapper replaces.
  std::size_t program = 0;  ///< The script, module or code.
  Program kind = Program::script;
};

Place place_in_torchrun(const std::vector<std::string>& argv, std::size_t at) {
  while (at < argv.size() && argv[at].starts_with("-")) {
    if (is_any_of(argv[at], k_module_options)) return {at, at + 1, Program::module};
    const bool alone = argv[at].find('=') != std::string::npos || is_any_of(argv[at], k_torchrun_switches);
    at += alone ? 1 : 2;
  }
  return {at, at, Program::script};
}

std::size_t first_word_after_python_options(const std::vector<std::string>& argv) {
  std::size_t at = 1;
  while (at < argv.size() && argv[at].starts_with("-") && argv[at] != "-m" && argv[at] != "-c") {
    at += is_any_of(argv[at], k_python_options_with_value) ? 2 : 1;
  }
  return at;
}

bool is_torchrun_module(std::string_view module) {
  return module == "torch.distributed.run" || module == "torch.distributed.launch";
}

std::vector<std::string> wrapped_command(const std::vector<std::string>& argv, const Place& place,
                                         const std::vector<std::string>& starter, const std::string& code) {
  std::vector<std::string> command(argv.begin(),
                                   argv.begin() + static_cast<std::ptrdiff_t>(std::min(place.first, argv.size())));
  command.insert(command.end(), starter.begin(), starter.end());
  command.insert(command.end(), {"-c", code + running_code(place.kind)});
  if (place.program < argv.size())
    command.insert(command.end(), argv.begin() + static_cast<std::ptrdiff_t>(place.program), argv.end());
  return command;
}

Precondition precondition_of(const Setting& setting, const Snapshot& snapshot) {
  std::vector<std::string> command;
  switch (setting.kind) {
    case Setting::Kind::uninstall:
      command = {"python", "-m", "pip", "uninstall", "--yes"};
      command.insert(command.end(), setting.items.begin(), setting.items.end());
      return {"uninstall", setting.text, command};
    case Setting::Kind::install:
      command = {"python", "-m", "pip", "install"};
      command.insert(command.end(), setting.items.begin(), setting.items.end());
      return {"install", setting.text, command};
    case Setting::Kind::checkout:
      command = {"git"};
      if (snapshot.checkout.path.is_known()) command.insert(command.end(), {"-C", snapshot.checkout.path.value()});
      command.insert(command.end(), {"checkout", setting.value});
      return {"checkout", setting.text, command};
    default:
      return {"edit", setting.text, {}};
  }
}

void set_value(std::vector<std::pair<std::string, std::string>>& values, const Setting& setting) {
  const auto same =
      std::find_if(values.begin(), values.end(), [&](const auto& value) { return value.first == setting.name; });
  if (same == values.end()) {
    values.emplace_back(setting.name, setting.value);
  } else {
    same->second = setting.value;
  }
}

NodeCommand over_nodes(const LaunchOverNodes& launcher, const Launch& launch) {
  NodeCommand command{launcher.id, launcher.title, {}, launcher.first_node};
  for (const std::string& word : launcher.argv) {
    if (word != "{command}") {
      command.argv.push_back(word);
      continue;
    }
    if (!launcher.forward_env.empty()) {
      for (const auto& [name, value] : launch.env)
        command.argv.insert(command.argv.end(), {launcher.forward_env, name});
    }
    command.argv.insert(command.argv.end(), launch.argv.begin(), launch.argv.end());
  }
  return command;
}

void add_once(std::vector<std::string>& names, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    if (!is_any_of(name, names)) names.push_back(name);
  }
}

}  // namespace

std::vector<std::string> with_blocked_imports(const std::vector<std::string>& argv,
                                              const std::vector<std::string>& modules) {
  if (argv.empty() || modules.empty()) return argv;
  const std::string code = blocking_code(modules);
  if (base_name(argv.front()) == "torchrun")
    return wrapped_command(argv, place_in_torchrun(argv, 1), {"--no-python", "python"}, code);
  if (!is_python(argv.front())) return wrapped_command(argv, {0, 0, Program::on_path}, {"python"}, code);

  const std::size_t at = first_word_after_python_options(argv);
  if (at < argv.size() && argv[at] == "-c" && at + 1 < argv.size()) {
    std::vector<std::string> command = argv;
    command[at + 1] = code + command[at + 1];
    return command;
  }
  if (at < argv.size() && argv[at] == "-m") {
    const bool starts_ranks = at + 1 < argv.size() && is_torchrun_module(argv[at + 1]);
    if (starts_ranks)
      return wrapped_command(argv, place_in_torchrun(argv, at + 2), {"--no-python", argv.front()}, code);
    return wrapped_command(argv, {at, at + 1, Program::module}, {}, code);
  }
  return wrapped_command(argv, {at, at, Program::script}, {}, code);
}

Launch launch_of(const Diagnosis& diagnosis) {
  Launch launch;
  std::map<std::string, std::string> env;
  for (const Setting& setting : diagnosis.settings) {
    switch (setting.kind) {
      case Setting::Kind::env:
        env[setting.name] = setting.value;
        break;
      case Setting::Kind::flag:
        break;  // Already in the command.
      case Setting::Kind::kwarg:
        set_value(launch.kwargs, setting);
        break;
      case Setting::Kind::config:
        set_value(launch.config, setting);
        break;
      case Setting::Kind::block_import:
        add_once(launch.block_import, setting.items);
        break;
      case Setting::Kind::uninstall:
      case Setting::Kind::install:
      case Setting::Kind::checkout:
      case Setting::Kind::edit:
        launch.preconditions.push_back(precondition_of(setting, diagnosis.snapshot));
        break;
    }
  }
  launch.env.assign(env.begin(), env.end());
  launch.argv = with_blocked_imports(diagnosis.launch_argv, launch.block_import);
  if (diagnosis.plan && diagnosis.plan->layout.mesh) launch.nodes = diagnosis.plan->layout.mesh->nodes;
  if (launch.argv.empty()) return launch;
  for (const LaunchOverNodes& launcher : diagnosis.launchers) launch.over_nodes.push_back(over_nodes(launcher, launch));
  return launch;
}

}  // namespace diffcheck
