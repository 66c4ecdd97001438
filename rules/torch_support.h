// Whether the installed torch carries code for a GPU, and whether the driver can run the CUDA it was built for.
#pragma once

#include <string>

#include "probe/snapshot.h"
#include "rules/derived.h"
#include "rules/knowledge.h"

namespace diffcheck {

/// Fills what the knowledge settles where the disk did not tell: the CUDA and cuDNN of the installed torch by its
/// official wheel, the CUDA of the driver by its version.
Snapshot with_torch_facts(Snapshot snapshot, const Knowledge& knowledge);

/// The snapshot's fact that settles a derived one ("device.torch_has_code"), for those who want to give it with --set.
std::string fact_behind(const std::string& path);

DeviceNumbers torch_on_gpu(const Snapshot& snapshot, const GpuFacts& gpu, const Knowledge& knowledge);

}  // namespace diffcheck
