// The matrix of `nvidia-smi topo -p2p r` and its forms: whether GPUs may read and write each other's memory.
#pragma once

#include <vector>

#include "probe/pasted/pasted_part.h"

namespace diffcheck::pasted {

/// What a matrix tells of stands in the command above it (r, w or rw; n, a and p tell of other things). Without the
/// command it is taken for both where the words are those of memory access, and left out otherwise.
std::vector<Part> read_smi_peers(const Text& text);

}  // namespace diffcheck::pasted
