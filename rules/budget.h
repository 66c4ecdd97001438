// Memory of one run, by stage and component, with the range in which it is expected.
//
// Peak is the largest stage: text encoding, VAE encoding, denoising, VAE decoding. A stage is the weights that the
// memory mode keeps on the GPU plus the stage's own workspace. Coefficients are data, with their sources.
#pragma once

#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

/// What one GPU can give to tensors: the least of the chosen ones, less what contexts take. Unknown where no capacity
/// is known.
struct GpuRoom {
  std::optional<Estimate> bytes;  ///< low: with the largest overhead.
  std::string source;
};
GpuRoom room_on_gpus(const JudgedCase& judged);

/// Bytes of a dtype or quantisation id; nullopt for an unknown one.
std::optional<double> bytes_per_element(const Knowledge& knowledge, const std::string& id);

/// Whether a kernel writes the whole score matrix (the math path), not only a small share of it.
bool builds_score_matrix(const Kernel& kernel);

/// The score matrix of a kernel that builds one: one buffer, and what is held at once.
struct ScoreMatrix {
  std::int64_t buffer_bytes = 0;
  Estimate held;
};
/// nullopt where the kernel builds none or its size is not known.
std::optional<ScoreMatrix> score_matrix(const JudgedCase& judged, const Kernel& kernel, const std::string& dtype,
                                        double elements);

MemoryPlan plan_memory(const JudgedCase& judged, const MemoryChoice& choice, const Kernel& kernel,
                       const std::string& dtype, const Layout& layout);

}  // namespace diffcheck
