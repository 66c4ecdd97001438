// Attention kernels where the nodes of a run differ: what is told is true on every one of them.
#pragma once

#include <vector>

#include "rules/attention.h"

namespace diffcheck {

/// kernel_candidates() with the worst verdict of all nodes, and all that any of them has to be told; best first.
std::vector<KernelCandidate> kernel_candidates_on_all_nodes(const JudgedCase& judged, const DtypeOption& dtype,
                                                            const Layout& layout, Detail detail = Detail::reasons);
/// engine_default() of the node on which it fares worst.
EngineDefault engine_default_on_all_nodes(const JudgedCase& judged, const std::string& dtype, const Layout& layout,
                                          Detail detail = Detail::reasons);
/// kernels_on_machine() with the worst verdict of all nodes.
std::vector<KernelOnMachine> kernels_on_all_nodes(const JudgedCase& judged);

}  // namespace diffcheck
