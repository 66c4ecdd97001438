#include "probe/python.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "probe/file_path.h"
#include "probe/python_discovery.h"
#include "probe/pyvenv_config.h"
#include "probe/sys_path.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr std::int64_t k_config_limit_bytes = 64 << 10;
constexpr std::int64_t k_header_limit_bytes = 16 << 10;  // patchlevel.h has about 1.5 KB

/// The reason for every fact that nothing else gave.
struct FillUnset {
  Error error;

  template <class T>
  void operator()(const char*, Fact<T>& fact, const char*) const {
    if (fact.is_unset()) fact = unknown<T>(error);
  }
  void operator()(const char*, std::vector<PythonCandidateFacts>&, const char*) const {}
};

/// "python3.11" and "python3.13t" name a version; "python3" and "pypy3.10" do not.
std::optional<Version> version_of_name(std::string_view name) {
  constexpr std::string_view prefix = "python";
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  if (name.ends_with('t')) name.remove_suffix(1);
  const auto parts = split(name, '.');
  if (parts.size() != 2 || !whole_number(parts[0]) || !whole_number(parts[1])) return std::nullopt;
  return parse_python_version(name);
}

/// Name of the file that the interpreter really is, e.g. "python3.11"; "" when it cannot be told.
std::string running_name(const System& system, const Fact<std::string>& executable) {
  if (!executable.is_known()) return "";
  const auto real = system.real_path(executable.value());
  return real ? std::string(file_name(*real)) : "";
}

/// The folder under lib that holds the standard library or the packages. With several, the interpreter's name decides.
Result<std::string> library_of(const System& system, const std::string& prefix, const std::string& running) {
  const std::string lib = joined_path(prefix, "lib");
  const auto names = system.list(lib);
  if (!names) return names.error();
  std::vector<std::string> libraries;
  std::copy_if(names->begin(), names->end(), std::back_inserter(libraries),
               [](const std::string& name) { return version_of_name(name).has_value(); });
  if (std::find(libraries.begin(), libraries.end(), running) != libraries.end()) return running;
  if (libraries.size() == 1) return libraries.front();
  if (libraries.empty()) return Error{Error::Kind::absent, lib, "holds no pythonX.Y folder"};
  return Error{
      Error::Kind::invalid, lib,
      "holds " + libraries.front() + " and " + libraries.back() + ", and the interpreter's name does not say which"};
}

/// PY_VERSION of patchlevel.h, the one text file that has all three numbers.
std::optional<Version> version_of_header(const System& system, const std::string& path) {
  const auto text = system.read_start(path, k_header_limit_bytes);
  if (!text) return std::nullopt;
  constexpr std::string_view name = "PY_VERSION ";
  const std::size_t at = text->find(name);
  if (at == std::string::npos) return std::nullopt;
  const auto parts = split(std::string_view(*text).substr(at, text->find('\n', at) - at), '"');
  return parts.size() < 2 ? std::nullopt : parse_python_version(parts[1]);
}

struct ConfigFile {
  std::string path;
  PyvenvConfig values;
};

std::optional<ConfigFile> read_config(const System& system, const std::string& prefix) {
  const std::string path = joined_path(prefix, "pyvenv.cfg");
  const auto text = system.read_start(path, k_config_limit_bytes);
  if (!text) return std::nullopt;
  return ConfigFile{path, parse_pyvenv_config(*text)};
}

bool same_minor(const Version& left, const Version& right) {
  return left.component(0) == right.component(0) && left.component(1) == right.component(1);
}

Fact<Version> version_fact(const System& system, const std::optional<ConfigFile>& config, const PythonLayout& layout,
                           const std::string& running) {
  const auto of_running = version_of_name(running);
  const auto checked = [&](const Version& version, const std::string& source) -> Fact<Version> {
    if (!of_running || same_minor(version, *of_running)) return known(version, source);
    return unknown<Version>(source, "says " + version.text() + ", but the interpreter is now " + running);
  };
  if (config && config->values.version) return checked(*config->values.version, config->path);
  const std::string header = layout.base_prefix + "/include/" + layout.library + "/patchlevel.h";
  if (const auto version = version_of_header(system, header)) return checked(*version, header);
  const std::string library = layout.prefix + "/lib/" + layout.library;
  if (const auto version = version_of_name(layout.library)) return checked(*version, library);
  return unknown<Version>(library, "does not name a Python version");
}

/// The folder above the base interpreter's bin. pyvenv.cfg may name it through links, e.g. /bin for /usr/bin.
Fact<std::string> base_prefix_fact(const System& system, const ConfigFile& config) {
  if (config.values.home.empty()) return unknown<std::string>(config.path, "has no home line");
  const std::string home = normal_path(identity_of(system, config.values.home));
  return known(file_name(home) == "bin" ? parent_path(home) : home, config.path);
}

void describe_layout(PythonFacts& facts, const std::optional<ConfigFile>& config) {
  if (config) {
    facts.system_site_packages = known(config->values.system_site_packages, config->path);
  } else {
    facts.base_prefix = facts.prefix;
    facts.system_site_packages = absent<bool>(joined_path(facts.prefix.value(), "pyvenv.cfg"));
  }
}

void describe_library(PythonFacts& facts, const System& system, const PythonLayout& layout,
                      const std::optional<ConfigFile>& config, const std::string& running) {
  const std::string library = joined_path(joined_path(layout.prefix, "lib"), layout.library);
  facts.version = version_fact(system, config, layout, running);
  facts.implementation =
      known<std::string>(layout.library.ends_with('t') ? "cpython-freethreaded" : "cpython", library);
  SysPath path = emulate_sys_path(system, layout);
  facts.user_site_enabled = known(!path.user_site.empty(), path.user_site.empty() ? library : path.user_site);
  facts.sys_path = known(std::move(path.folders), library);
  facts.pth_code = known(std::move(path.pth_code), library);
}

/// PYTHONHOME overrules what the interpreter would find by itself, also in a venv.
std::optional<std::string> forced_home(const System& system) {
  const auto home = system.env("PYTHONHOME");
  if (!home || !home->starts_with('/')) return std::nullopt;
  return normal_path(split(*home, ':').front());
}

}  // namespace

PythonFacts probe_python(const System& system, const PythonChoice& choice) {
  PythonFacts facts;
  facts.candidates = find_pythons(system, choice);
  if (facts.candidates.empty()) {
    // Without the variable nothing was searched.
    if (system.env("PATH")) facts.executable = absent<std::string>("PATH");
    PythonFacts::describe(facts, FillUnset{{Error::Kind::absent, "PATH", "names no python3 or python"}});
    return facts;
  }
  facts.kind = facts.candidates.front().kind;
  facts.executable = facts.candidates.front().executable;
  facts.prefix = facts.candidates.front().prefix;
  if (!facts.prefix.is_known()) {
    PythonFacts::describe(facts, FillUnset{{Error::Kind::absent, facts.prefix.source(), facts.prefix.why()}});
    return facts;
  }

  const auto home = forced_home(system);
  if (home) facts.prefix = known(*home, "PYTHONHOME");
  const auto config = home ? std::nullopt : read_config(system, facts.prefix.value());
  if (config) facts.base_prefix = base_prefix_fact(system, *config);
  describe_layout(facts, config);

  const std::string running = running_name(system, facts.executable);
  const auto library = library_of(system, facts.prefix.value(), running);
  if (!library) {
    PythonFacts::describe(facts, FillUnset{library.error()});
    return facts;
  }
  const PythonLayout layout{facts.prefix.value(),
                            facts.base_prefix.is_known() ? facts.base_prefix.value() : facts.prefix.value(), *library,
                            config.has_value(), config && config->values.system_site_packages};
  describe_library(facts, system, layout, config, running);
  return facts;
}

}  // namespace diffcheck
