#include "probe/limits.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "probe/cgroup.h"
#include "probe/read_fact.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

const std::string k_limits_path = "/proc/self/limits";

/// The soft limit on the line that begins with `name`: "Max open files   1024   1048576   files".
Fact<std::int64_t> soft_limit(const Result<std::string>& text, std::string_view name) {
  if (!text) return unknown<std::int64_t>(text.error());
  for (const std::string_view line : split_lines(*text)) {
    if (!line.starts_with(name)) continue;
    const auto words = split_words(line.substr(name.size()));
    if (words.empty()) break;
    if (words[0] == "unlimited") return absent<std::int64_t>(k_limits_path);
    const auto number = parse_integer<std::int64_t>(words[0]);
    if (!number) return unknown<std::int64_t>(k_limits_path, "expected a number, found " + quote(words[0]));
    return known(*number, k_limits_path);
  }
  return unknown<std::int64_t>(k_limits_path, "no line " + std::string(name));
}

Fact<Bytes> as_bytes(const Fact<std::int64_t>& fact) {
  if (fact.is_known()) return known(Bytes{fact.value()}, fact.source());
  if (fact.is_absent()) return absent<Bytes>(fact.source());
  return unknown<Bytes>(fact.source(), fact.why());
}

void read_shared_memory(const System& system, LimitsFacts& facts) {
  const std::string path = "/dev/shm";
  const auto status = system.filesystem(path);
  if (!status) {
    facts.shm_total_bytes = unknown<Bytes>(status.error());
    facts.shm_free_bytes = unknown<Bytes>(status.error());
    return;
  }
  facts.shm_total_bytes = known(Bytes{status->total_bytes}, path);
  facts.shm_free_bytes = known(Bytes{status->available_bytes}, path);
}

using OwnLimit = std::optional<std::pair<std::int64_t, std::string>>;

Result<OwnLimit> own_pids_limit(const System& system, const std::string& path) {
  const auto text = read_limit(system, path);
  if (!text) return text.error();
  if (!text->has_value() || **text == "max") return OwnLimit();
  const auto number = parse_integer<std::int64_t>(**text);
  if (!number) return Error{Error::Kind::unparsable, path, "expected a number or max, found " + quote(**text)};
  return OwnLimit({*number, path});
}

/// systemd-logind's setting, from its main file and the files that add to it; the last one wins.
Fact<bool> ipc_removed_at_logout(const System& system) {
  const std::string main = "/etc/systemd/logind.conf";
  std::vector<std::string> files = {main};
  if (const auto names = system.list(main + ".d")) {
    for (const std::string& name : *names) {
      if (name.ends_with(".conf")) files.push_back(main + ".d/" + name);
    }
  }
  Fact<bool> setting = absent<bool>(main);
  for (const std::string& file : files) {
    const auto text = system.read(file);
    if (!text) continue;
    for (const std::string_view line : split_lines(*text)) {
      const std::string_view words = trim(line);
      constexpr std::string_view key = "RemoveIPC=";
      if (!words.starts_with(key)) continue;
      const std::string value = lower_case(trim(words.substr(key.size())));
      setting = known(value == "yes" || value == "true" || value == "on" || value == "1", file);
    }
  }
  return setting;
}

}  // namespace

LimitsFacts probe_limits(const System& system) {
  LimitsFacts facts;
  read_shared_memory(system, facts);
  const auto limits = system.read(k_limits_path);
  facts.memlock_bytes = as_bytes(soft_limit(limits, "Max locked memory"));
  facts.stack_bytes = as_bytes(soft_limit(limits, "Max stack size"));
  facts.open_files = soft_limit(limits, "Max open files");
  facts.processes = soft_limit(limits, "Max processes");
  facts.cgroup_pids = smallest_limit<std::int64_t>(find_cgroup(system, "pids"), [&](const std::string& folder) {
                        return own_pids_limit(system, folder + "/pids.max");
                      }).limit;
  facts.max_map_count = read_integer(system, "/proc/sys/vm/max_map_count");
  facts.ipc_removed_at_logout = ipc_removed_at_logout(system);
  return facts;
}

}  // namespace diffcheck
