#include "probe/cpu_counts.h"

#include <sched.h>

#include <cerrno>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/own_status.h"
#include "probe/read_fact.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

const std::string k_cpus_path = "/sys/devices/system/cpu";
const std::string k_affinity_answer = "affinity.json";
const std::string k_affinity_call = "sched_getaffinity";

struct CpuSetDeleter {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};

/// {"cpus": 8}: how many CPUs are in this process's affinity mask.
Result<std::string> ask_affinity() {
  // The mask must be as large as the kernel's, which is not told: try sizes up to far more than any kernel has.
  constexpr std::size_t smallest_mask = 1 << 10;
  constexpr std::size_t largest_mask = 1 << 17;
  for (std::size_t cpus = smallest_mask; cpus <= largest_mask; cpus *= 2) {
    const std::unique_ptr<cpu_set_t, CpuSetDeleter> set(CPU_ALLOC(cpus));
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
    if (set != nullptr && ::sched_getaffinity(0, bytes, set.get()) == 0) {
      return nlohmann::json{{"cpus", CPU_COUNT_S(bytes, set.get())}}.dump();
    }
    if (errno != EINVAL) break;
  }
  return Error{Error::Kind::failed, k_affinity_call, "the call failed"};
}

Fact<std::int64_t> usable_in_status(const System& system, const Error& no_answer) {
  const auto list = own_status(system, "Cpus_allowed_list");
  if (!list) return unknown<std::int64_t>(no_answer);
  const auto cpus = parse_cpu_list(*list);
  if (!cpus || cpus->empty())
    return unknown<std::int64_t>(k_own_status_path, "expected a CPU list, found " + quote(*list));
  return known(static_cast<std::int64_t>(cpus->size()), k_own_status_path);
}

Fact<std::int64_t> count_usable(const System& system) {
  const auto text = system.answer(k_affinity_answer, ask_affinity);
  if (!text) return usable_in_status(system, text.error());
  const auto json = nlohmann::json::parse(*text, nullptr, false);
  const auto cpus = json.is_object() ? json.find("cpus") : json.end();
  if (cpus == json.end() || !cpus->is_number_unsigned() || cpus->get<std::uint64_t>() == 0) {
    return usable_in_status(system, {Error::Kind::unparsable, k_affinity_answer, "expected {\"cpus\": number}"});
  }
  return known(cpus->get<std::int64_t>(), k_affinity_call);
}

struct OnlineCpus {
  std::vector<std::int64_t> cpus;
  std::string source;
};

/// Kernels before 2.6.26 have no list of those online, but one file for each CPU that can be switched off.
Result<OnlineCpus> online_cpus_one_by_one(const System& system) {
  const auto names = system.list(k_cpus_path);
  if (!names) return names.error();
  OnlineCpus online{{}, k_cpus_path};
  for (const std::string& name : *names) {
    constexpr std::string_view prefix = "cpu";
    const auto number =
        name.starts_with(prefix) ? parse_integer<std::int64_t>(name.substr(prefix.size())) : std::nullopt;
    if (!number || *number < 0) continue;
    const auto state = system.read(k_cpus_path + "/" + name + "/online");
    if (!state || trim(*state) != "0") online.cpus.push_back(*number);
  }
  if (online.cpus.empty()) return Error{Error::Kind::absent, k_cpus_path, "no CPUs are listed"};
  return online;
}

Result<OnlineCpus> online_cpus(const System& system) {
  const std::string path = k_cpus_path + "/online";
  const auto text = system.read(path);
  if (!text) return online_cpus_one_by_one(system);
  auto cpus = parse_cpu_list(*text);
  if (!cpus || cpus->empty()) return Error{Error::Kind::unparsable, path, "expected a CPU list, found " + quote(*text)};
  return OnlineCpus{*std::move(cpus), path};
}

/// The CPUs that a topology file names, the CPU itself among them.
Result<std::vector<std::int64_t>> group_of(const System& system, std::int64_t cpu,
                                           const std::vector<std::string>& files) {
  const std::string folder = k_cpus_path + "/cpu" + std::to_string(cpu) + "/topology/";
  for (const std::string& file : files) {
    auto cpus = read_cpu_set(system, folder + file + "_list", folder + file);
    if (cpus || cpus.error().kind != Error::Kind::absent) return cpus;
  }
  return Error{Error::Kind::absent, folder + files.front(), "no such file"};
}

/// Groups do not overlap, so one file a group is enough: CPUs that an earlier group named are not asked again.
Fact<std::int64_t> count_groups(const System& system, const Result<OnlineCpus>& online,
                                const std::vector<std::string>& files) {
  if (!online) return unknown<std::int64_t>(online.error());
  std::set<std::int64_t> seen;
  std::int64_t groups = 0;
  for (const std::int64_t cpu : online->cpus) {
    if (!seen.insert(cpu).second) continue;
    const auto group = group_of(system, cpu, files);
    if (!group) return unknown<std::int64_t>(group.error());
    seen.insert(group->begin(), group->end());
    ++groups;
  }
  return known(groups, k_cpus_path);
}

Fact<std::int64_t> count_packages(const System& system, const Result<OnlineCpus>& online) {
  return count_groups(system, online, {"package_cpus", "core_siblings"});
}

}  // namespace

Fact<std::int64_t> count_packages(const System& system) { return count_packages(system, online_cpus(system)); }

std::optional<std::int64_t> package_of_cpu(const System& system, std::int64_t cpu) {
  const auto id = read_integer(system, k_cpus_path + "/cpu" + std::to_string(cpu) + "/topology/physical_package_id");
  return id.is_known() && id.value() >= 0 ? std::optional(id.value()) : std::nullopt;
}

Result<std::vector<std::int64_t>> read_cpu_set(const System& system, const std::string& list, const std::string& mask) {
  auto text = system.read(list);
  const bool is_list = static_cast<bool>(text);
  if (!is_list) text = system.read(mask);
  if (!text) return text.error();
  auto cpus = is_list ? parse_cpu_list(*text) : parse_cpu_mask(*text);
  if (!cpus) return Error{Error::Kind::unparsable, is_list ? list : mask, "expected CPUs, found " + quote(trim(*text))};
  return *std::move(cpus);
}

CpuCounts count_cpus(const System& system, const std::optional<Cpuinfo>& cpuinfo) {
  const std::string cpuinfo_path = "/proc/cpuinfo";
  CpuCounts counts;
  counts.usable = count_usable(system);
  const auto online = online_cpus(system);
  if (online) {
    counts.logical = known(static_cast<std::int64_t>(online->cpus.size()), online->source);
  } else if (cpuinfo && cpuinfo->logical_cpus > 0) {
    counts.logical = known(cpuinfo->logical_cpus, cpuinfo_path);
  } else {
    counts.logical = unknown<std::int64_t>(online.error());
  }
  // Core numbers in cpuinfo repeat on processors of several dies, so the topology files come first.
  counts.cores = count_groups(system, online, {"core_cpus", "thread_siblings"});
  counts.packages = count_packages(system, online);
  if (!counts.cores.is_known() && cpuinfo && cpuinfo->cores) counts.cores = known(*cpuinfo->cores, cpuinfo_path);
  if (!counts.packages.is_known() && cpuinfo && cpuinfo->packages) {
    counts.packages = known(*cpuinfo->packages, cpuinfo_path);
  }
  return counts;
}

}  // namespace diffcheck
