// The topology of a machine as NCCL writes it (NCCL_TOPO_DUMP_FILE) and reads it (NCCL_TOPO_FILE): processors, PCI
// switches, GPUs with their links, network adapters.
#pragma once

#include <vector>

#include "probe/pasted/pasted_part.h"

namespace diffcheck::pasted {

/// A dump lists the GPUs of one communicator, so that it does not say that there are no others. A file that only
/// describes a kind of machine has no links, which stay unknown.
std::vector<Part> read_nccl_topologies(const Text& text);

}  // namespace diffcheck::pasted
