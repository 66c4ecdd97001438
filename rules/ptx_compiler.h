// Which CUDA version a driver must know to compile the PTX of a file: by the PTX version that each toolkit writes.
#pragma once

#include "probe/gpu_target.h"
#include "probe/snapshot.h"
#include "rules/gpu_load.h"
#include "rules/knowledge.h"

namespace diffcheck {

/// `needed_cuda` is that of the first toolkit that writes exactly the newest PTX of `targets`; unknown for a version
/// that no listed toolkit writes. Source: data/libraries/cuda-toolkits.json.
PtxCompiler ptx_compiler_for(const GpuTargets& targets, const Snapshot& snapshot, const Knowledge& knowledge);

}  // namespace diffcheck
