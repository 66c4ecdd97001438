// How much is run at once: GPUs, nodes, outputs. What was not asked for counts as one.
#pragma once

#include <cstdint>

#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

std::int64_t node_count(const JudgedCase& judged);
/// Chosen ones.
std::int64_t gpus_per_node(const JudgedCase& judged);
/// On all nodes.
std::int64_t gpu_count(const JudgedCase& judged);

/// Replicas share the outputs that are asked for out among them; each makes at least one.
std::int64_t outputs_of_a_replica(const JudgedCase& judged, const Layout& layout);
/// Of all replicas: those asked for, or one for each replica where these are more.
std::int64_t outputs_at_once(const JudgedCase& judged, const Layout& layout);

}  // namespace diffcheck
