// Which of the machine's GPUs a CUDA or HIP process that starts here would see, and under which index.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "probe/gpu.h"

namespace diffcheck {

/// The value of an environment variable; nullopt when it is not set.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;

/// Sets `visible` and `cuda_index` of NVIDIA's GPUs. `reachable` says for each of `gpus` whether the driver lets a CUDA
/// process use it, before any variable is read; `complete` whether `gpus` are all there are.
VisibilityFacts apply_cuda_visibility(const Variables& variables, std::vector<GpuFacts>& gpus,
                                      const std::vector<Fact<bool>>& reachable, const Fact<bool>& complete);

/// The same for AMD's (and Hygon's) GPUs. `rocm_order` lists PCI addresses in ROCm's order.
void apply_rocm_visibility(const Variables& variables, std::vector<GpuFacts>& gpus,
                           const std::vector<std::string>& rocm_order);

/// `visible` of Ascend's NPUs, which their runtime numbers in PCI order.
void apply_ascend_visibility(const Variables& variables, std::vector<GpuFacts>& gpus);

}  // namespace diffcheck
