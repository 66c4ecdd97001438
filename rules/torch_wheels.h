// Which official wheel the installed torch may be: by its version, the CUDA or ROCm it was built for, and the platform.
#pragma once

#include <string>
#include <vector>

#include "probe/snapshot.h"
#include "rules/knowledge.h"

namespace diffcheck {

/// The CUDA that torch was built for: version.py, else the local label ("+cu121").
Fact<Version> cuda_of_torch(const PackageFacts& torch);

/// The official wheels that the installed torch may be, as far as its version, CUDA and platform are known. Of an
/// unknown torch (nullptr), all.
std::vector<const TorchWheel*> possible_wheels(const Snapshot& snapshot, const PackageFacts* torch,
                                               const Knowledge& knowledge);

/// The wheel that it must be; nullptr where several are possible.
const TorchWheel* wheel_of(const Snapshot& snapshot, const PackageFacts& torch, const Knowledge& knowledge);

/// A pre-release or a build with a label of its own is not one of the official wheels.
bool may_be_official(const PackageFacts& torch);

}  // namespace diffcheck
