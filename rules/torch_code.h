// The GPU code of torch: what its own libraries hold, or what a list of targets says, and whether that runs on a GPU.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "probe/snapshot.h"
#include "rules/gpu_load.h"
#include "rules/knowledge.h"

namespace diffcheck {

/// What torch's own libraries hold for GPUs, where all of them could be read. Other libraries beside them have code for
/// other GPUs than torch: CUDA's own, and MAGMA in libtorch_cuda_linalg (of torch 2.8.0+cu128 for sm_50 and sm_60, on
/// which nothing else of that torch runs).
struct TorchCode {
  GpuTargets targets;
  std::string source;
};

std::optional<TorchCode> code_of_torch(const Snapshot& snapshot);

std::vector<std::string> names_of(const GpuTargets& targets);

/// A few modules hold less or more than the others, such as flash attention without code for old GPUs: which kernels
/// those are, and on which GPUs they run, the kernels' own requirements say. So most of the modules decide.
Fact<bool> has_code(const TorchCode& code, const Snapshot& snapshot, const GpuFacts& gpu, const Knowledge& knowledge);

/// By a list of targets, as torch.cuda.get_arch_list() gives it.
Fact<bool> lists_code(const Fact<std::vector<std::string>>& targets, const GpuFacts& gpu);

}  // namespace diffcheck
