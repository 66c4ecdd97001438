// Which attention kernel runs: each kernel's requirements on every chosen GPU, what torch's dispatcher and the engine
// pick by themselves, and what the engine can be told.
#pragma once

#include <string>
#include <vector>

#include "rules/judged_case.h"
#include "rules/plan.h"
#include "rules/requirements.h"

namespace diffcheck {

/// A kernel or dispatcher brought down to a kernel, for one dtype and layout.
struct ResolvedKernel {
  const Kernel* kernel = nullptr;  ///< nullptr: the engine gives up, or it cannot be told what it takes.
  Judgement judgement;             ///< Whether that kernel runs; unknown where it is not sure which one is taken.
  std::string error_text;          ///< What the engine prints where it gives up.
};

/// The self-attention call of the case's model.
AttentionCall attention_call(const JudgedCase& judged, const std::string& dtype);

/// Judged on every chosen GPU; refused on one is refused.
Judgement judge_kernel(const JudgedCase& judged, const Kernel& kernel, const AttentionCall& call);

/// `id` names a kernel, a dispatcher, or "none".
ResolvedKernel resolve_kernel(const JudgedCase& judged, const std::string& id, const AttentionCall& call);

/// Candidate facts without a kernel: what an engine's own selection may look at.
FactTable candidate_facts(const JudgedCase& judged, const Layout& layout, const std::string& dtype,
                          const Kernel* kernel, Truth returns_lse);

/// The dtypes that may be judged, the preferred first: the pinned one alone, else what the engine takes by itself and
/// then what it can be told.
struct DtypeOption {
  std::string dtype;
  std::vector<Setting> settings;
  bool by_itself = false;
};
std::vector<DtypeOption> dtype_options(const JudgedCase& judged);

/// What the engine would run by itself in that dtype and layout.
ResolvedKernel engine_pick(const JudgedCase& judged, const std::string& dtype, const Layout& layout);

/// The same as a plan tells it.
EngineDefault engine_default(const JudgedCase& judged, const std::string& dtype, const Layout& layout);

/// Every kernel for that dtype and layout, best first: by verdict, exactness and rank. A pinned kernel stands alone
/// among those that may be chosen; the others say that it is pinned.
std::vector<KernelCandidate> kernel_candidates(const JudgedCase& judged, const DtypeOption& dtype,
                                               const Layout& layout);

/// Each kernel on this machine with no engine in view, for fp16, bf16 and fp32 calls of head size 128.
std::vector<KernelOnMachine> kernels_on_machine(const JudgedCase& judged);

}  // namespace diffcheck
