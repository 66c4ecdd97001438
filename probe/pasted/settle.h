// What follows from the pasted facts alone, and the reason for all that is missing.
#pragma once

#include "probe/snapshot.h"

namespace diffcheck::pasted {

/// conda's torch does not load the NVIDIA packages from PyPI. Fills in what torch's version label and the NVIDIA
/// packages beside torch settle, applies CUDA_VISIBLE_DEVICES and its kind where the paste tells them, and makes every
/// fact that nothing told unknown with that reason.
Snapshot settled(Snapshot snapshot, bool has_conda_torch);

}  // namespace diffcheck::pasted
