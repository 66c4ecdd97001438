#include "rules/host_findings.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "rules/judged_finding.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

/// Weights that wait in host memory against what this process may take.
std::optional<Finding> host_memory(const JudgedCase& judged, const MemoryPlan& memory) {
  const MemoryFacts& host = judged.snapshot.memory;
  std::optional<std::int64_t> limit;
  for (const Fact<Bytes>* fact : {&host.available_bytes, &host.limit_bytes}) {
    if (fact->is_known() && (!limit || fact->value().count < *limit)) limit = fact->value().count;
  }
  if (memory.host_bytes == 0 || !limit || memory.host_bytes <= *limit) return std::nullopt;
  return finding_about(
      judged, "host-memory-short",
      {{"need", same_in_both(size_text(memory.host_bytes))}, {"limit", same_in_both(size_text(*limit))}});
}

/// The checkpoint against the file system of the cache that the engine downloads to. Part of it, or all, may be there
/// already: only a file system smaller than the whole is surely too small.
std::optional<Finding> disk(const JudgedCase& judged, const MemoryPlan& memory) {
  const MountFacts& cache = judged.snapshot.storage.hf_cache;
  const bool downloads = judged.engine->downloads_to_hub_cache && !judged.request.model_dir.is_known();
  if (!downloads || memory.disk_bytes == 0 || !cache.free_bytes.is_known() || !cache.path.is_known())
    return std::nullopt;
  const std::int64_t free = cache.free_bytes.value().count;
  if (memory.disk_bytes <= free) return std::nullopt;
  const bool sure = cache.total_bytes.is_known() && cache.total_bytes.value().count < memory.disk_bytes;
  const Fact<Bytes>& limit = sure ? cache.total_bytes : cache.free_bytes;
  Finding finding = finding_about(judged, sure ? "disk-too-small" : "disk-may-be-short",
                                  {{"need", same_in_both(size_text(memory.disk_bytes))},
                                   {"limit", same_in_both(size_text(limit.value().count))},
                                   {"folder", same_in_both(cache.path.value())}});
  finding.evidence.push_back({sure ? "storage.hf_cache.total_bytes" : "storage.hf_cache.free_bytes",
                              ">= " + size_text(memory.disk_bytes), size_text(limit.value().count), limit.source(),
                              sure ? Truth::no : Truth::unknown});
  return finding;
}

}  // namespace

std::vector<Finding> host_findings(const JudgedCase& judged, const Plan& plan) {
  std::vector<Finding> findings;
  if (!plan.memory) return findings;
  std::optional<Finding> on_disk = disk(judged, *plan.memory);
  for (const JudgedCase& node : judged.other_nodes) {
    if (!on_disk) on_disk = disk(node, *plan.memory);
  }
  for (auto& finding : {host_memory(judged, *plan.memory), on_disk}) {
    if (finding) findings.push_back(*finding);
  }
  return findings;
}

}  // namespace diffcheck
