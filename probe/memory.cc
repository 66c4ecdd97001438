#include "probe/memory.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "probe/cgroup.h"
#include "probe/meminfo.h"
#include "probe/read_fact.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

// Version 1 writes "no limit" as the largest multiple of the page size below 2^63; nothing real is near 2^62 bytes.
constexpr std::int64_t k_v1_unlimited_bytes = std::int64_t{1} << 62;

struct MemoryLimitFiles {
  std::string limit;
  std::string usage;
};

MemoryLimitFiles limit_files(CgroupFolders::Version version) {
  if (version == CgroupFolders::Version::v1) return {"/memory.limit_in_bytes", "/memory.usage_in_bytes"};
  return {"/memory.max", "/memory.current"};
}

using OwnLimit = std::optional<std::pair<Bytes, std::string>>;

Result<OwnLimit> own_limit(const System& system, const std::string& path) {
  const auto text = read_limit(system, path);
  if (!text) return text.error();
  if (!text->has_value() || **text == "max" || **text == "-1") return OwnLimit();
  const auto bytes = parse_integer<std::uint64_t>(**text);
  if (!bytes) return Error{Error::Kind::unparsable, path, "expected bytes or max, found " + quote(**text)};
  if (*bytes >= std::uint64_t{k_v1_unlimited_bytes}) return OwnLimit();
  return OwnLimit({Bytes{static_cast<std::int64_t>(*bytes)}, path});
}

void read_group_limit(const System& system, MemoryFacts& facts) {
  const auto groups = find_cgroup(system, "memory");
  const MemoryLimitFiles files = limit_files(groups ? groups->version : CgroupFolders::Version::v2);
  auto smallest =
      smallest_limit<Bytes>(groups, [&](const std::string& folder) { return own_limit(system, folder + files.limit); });
  facts.limit_bytes = std::move(smallest.limit);
  if (facts.limit_bytes.is_known()) {
    const auto used = read_integer(system, smallest.folder + files.usage);
    facts.limit_used_bytes =
        used.is_known() ? known(Bytes{used.value()}, used.source()) : unknown<Bytes>(used.source(), used.why());
  } else if (facts.limit_bytes.is_absent()) {
    facts.limit_used_bytes = absent<Bytes>(facts.limit_bytes.source());
  } else {
    facts.limit_used_bytes = unknown<Bytes>(facts.limit_bytes.source(), facts.limit_bytes.why());
  }
}

Fact<std::string> transparent_hugepages(const System& system) {
  auto modes = read_text(system, "/sys/kernel/mm/transparent_hugepage/enabled");
  if (!modes.is_known()) return modes;
  const std::string& text = modes.value();  // "always [madvise] never"
  const std::size_t open = text.find('[');
  const std::size_t close = text.find(']', open == std::string::npos ? 0 : open);
  if (open == std::string::npos || close == std::string::npos) {
    return unknown<std::string>(modes.source(), "expected one mode in brackets, found " + quote(text));
  }
  return known(text.substr(open + 1, close - open - 1), modes.source());
}

}  // namespace

MemoryFacts probe_memory(const System& system) {
  MemoryFacts facts;
  const MemoryInfo info = read_meminfo(system, "/proc/meminfo");
  facts.total_bytes = info.bytes("MemTotal");
  facts.available_bytes = info.bytes("MemAvailable");
  facts.swap_total_bytes = info.bytes("SwapTotal");
  facts.swap_free_bytes = info.bytes("SwapFree");
  facts.hugepages_reserved_bytes = info.hugepages();
  facts.transparent_hugepages = transparent_hugepages(system);
  facts.overcommit_mode = read_integer(system, "/proc/sys/vm/overcommit_memory");
  facts.numa_balancing = read_integer(system, "/proc/sys/kernel/numa_balancing");
  read_group_limit(system, facts);
  return facts;
}

}  // namespace diffcheck
