#include "probe/os.h"

#include <gnu/libc-version.h>
#include <sys/utsname.h>

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "probe/text.h"

namespace diffcheck {
namespace {

const std::string k_uname_answer = "uname.json";
const std::string k_glibc_answer = "glibc.txt";

/// Not the whole of uname: the host name is nobody's business.
Result<std::string> ask_uname() {
  struct utsname names = {};
  if (::uname(&names) != 0) return Error{Error::Kind::failed, "uname", "the call failed"};
  return nlohmann::ordered_json{{"sysname", names.sysname}, {"release", names.release}, {"machine", names.machine}}
      .dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<std::string> ask_glibc() { return std::string(::gnu_get_libc_version()); }

struct Kernel {
  Fact<std::string> name;
  Fact<std::string> release;
  Fact<std::string> machine;
};

Fact<std::string> text_member(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return unknown<std::string>("uname", std::string("no text ") + key);
  return known(found->get<std::string>(), "uname");
}

/// "Linux version 6.1.0-18-amd64 (...) ...": the first word is uname's sysname, the third its release.
Kernel kernel_from_proc_version(const System& system, const Error& uname_error) {
  Kernel kernel{unknown<std::string>(uname_error), unknown<std::string>(uname_error),
                unknown<std::string>(uname_error)};
  const std::string path = "/proc/version";
  const auto text = system.read(path);
  if (!text) return kernel;
  const auto words = split_words(*text);
  if (words.size() < 3 || words[1] != "version") return kernel;
  kernel.name = known(std::string(words[0]), path);
  kernel.release = known(std::string(words[2]), path);
  return kernel;
}

Kernel read_kernel(const System& system) {
  const auto text = system.answer(k_uname_answer, ask_uname);
  if (!text) return kernel_from_proc_version(system, text.error());
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_object()) {
    return kernel_from_proc_version(system, {Error::Kind::unparsable, k_uname_answer, "expected a JSON object"});
  }
  return {text_member(json, "sysname"), text_member(json, "release"), text_member(json, "machine")};
}

Fact<std::string> family(const Fact<std::string>& kernel_name) {
  if (!kernel_name.is_known()) return kernel_name;
  const std::string name = lower_case(kernel_name.value());
  return known(name == "darwin" ? "macos" : name, kernel_name.source());
}

/// NAME=value lines as a shell would read them; os-release(5).
std::map<std::string, std::string, std::less<>> parse_os_release(std::string_view text) {
  std::map<std::string, std::string, std::less<>> values;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || trim(line).starts_with('#')) continue;
    std::string_view value = trim(line.substr(equals + 1));
    const bool is_quoted =
        value.size() >= 2 && value.front() == value.back() && (value.front() == '"' || value.front() == '\'');
    if (is_quoted) value = value.substr(1, value.size() - 2);
    values.insert_or_assign(std::string(trim(line.substr(0, equals))), std::string(value));
  }
  return values;
}

void read_distribution(const System& system, OsFacts& facts) {
  std::string path = "/etc/os-release";
  auto text = system.read(path);
  if (!text) {
    path = "/usr/lib/os-release";
    if (auto second = system.read(path)) text = std::move(second);
  }
  if (!text) {
    facts.distribution = unknown<std::string>(text.error());
    facts.version = unknown<std::string>(text.error());
    return;
  }
  const auto values = parse_os_release(*text);
  const auto fact_of = [&](std::string_view key) {
    const auto found = values.find(key);
    return found == values.end() || found->second.empty() ? absent<std::string>(path) : known(found->second, path);
  };
  facts.distribution = fact_of("ID");
  if (facts.distribution.is_absent()) facts.distribution = unknown<std::string>(path, "no line ID=");
  facts.version = fact_of("VERSION_ID");  // rolling distributions have none
}

Fact<bool> read_wsl(const System& system, const Fact<std::string>& release) {
  const std::string node = "/dev/dxg";
  if (system.exists(node)) return known(true, node);
  if (!release.is_known()) return unknown<bool>(release.source(), release.why());
  return known(lower_case(release.value()).find("microsoft") != std::string::npos, release.source());
}

/// "libc-2.31.so" -> 2.31. Since 2.34 the file is called libc.so.6 and does not tell.
std::optional<Version> version_in_file_name(std::string_view path) {
  constexpr std::string_view prefix = "libc-";
  constexpr std::string_view suffix = ".so";
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  return Version::parse(name);
}

Fact<Version> read_glibc(const System& system, const Fact<std::string>& machine) {
  std::vector<std::string> paths = {"/lib64/libc.so.6", "/usr/lib64/libc.so.6", "/usr/lib/libc.so.6"};
  if (machine.is_known()) paths.insert(paths.begin(), "/lib/" + machine.value() + "-linux-gnu/libc.so.6");
  for (const std::string& path : paths) {
    const auto real = system.real_path(path);
    if (!real) continue;
    if (auto version = version_in_file_name(*real)) return known(*std::move(version), *real);
  }
  const auto text = system.answer(k_glibc_answer, ask_glibc);
  if (!text) return unknown<Version>(text.error());
  auto version = Version::parse(trim(*text));
  if (!version) return unknown<Version>("gnu_get_libc_version", "expected a version, found " + quote(*text));
  return known(*std::move(version), "gnu_get_libc_version");
}

/// The variable of the firmware: four bytes of attributes, then 1 where it is on.
Fact<bool> read_secure_boot(const System& system) {
  const std::string folder = "/sys/firmware/efi";
  if (!system.exists(folder)) return absent<bool>(folder);
  const std::string path = folder + "/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  const auto bytes = system.read_start(path, 5);
  if (!bytes) return unknown<bool>(bytes.error());
  if (bytes->size() < 5) return unknown<bool>(path, "expected five bytes");
  return known((*bytes)[4] == 1, path);
}

}  // namespace

OsFacts probe_os(const System& system) {
  OsFacts facts;
  const Kernel kernel = read_kernel(system);
  facts.name = family(kernel.name);
  facts.kernel = kernel.release;
  facts.machine = kernel.machine;
  read_distribution(system, facts);
  facts.wsl = read_wsl(system, kernel.release);
  facts.glibc = read_glibc(system, kernel.machine);
  facts.secure_boot = read_secure_boot(system);
  return facts;
}

}  // namespace diffcheck
