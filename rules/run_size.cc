#include "rules/run_size.h"

#include <algorithm>

namespace diffcheck {
namespace {

std::int64_t at_least_one(const Fact<std::int64_t>& count) {
  return count.is_known() ? std::max<std::int64_t>(1, count.value()) : 1;
}

}  // namespace

std::int64_t node_count(const JudgedCase& judged) { return at_least_one(judged.request.nodes); }

std::int64_t gpus_per_node(const JudgedCase& judged) {
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(judged.gpus.size()));
}

std::int64_t gpu_count(const JudgedCase& judged) { return gpus_per_node(judged) * node_count(judged); }

std::int64_t outputs_of_a_replica(const JudgedCase& judged, const Layout& layout) {
  const std::int64_t replicas = std::max<std::int64_t>(1, layout.data);
  return (at_least_one(judged.workload.batch) + replicas - 1) / replicas;
}

std::int64_t outputs_at_once(const JudgedCase& judged, const Layout& layout) {
  return outputs_of_a_replica(judged, layout) * std::max<std::int64_t>(1, layout.data);
}

}  // namespace diffcheck
