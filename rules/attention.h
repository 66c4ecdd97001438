// Which attention kernel an engine runs: what it picks by itself, what it can be told, and whether that runs here.
#pragma once

#include <string>
#include <vector>

#include "rules/judged_case.h"
#include "rules/kernel_verdict.h"
#include "rules/plan.h"

namespace diffcheck {

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
ResolvedKernel engine_pick(const JudgedCase& judged, const std::string& dtype, const Layout& layout,
                           Detail detail = Detail::reasons);

/// The same as a plan tells it.
EngineDefault engine_default(const JudgedCase& judged, const std::string& dtype, const Layout& layout,
                             Detail detail = Detail::reasons);

/// Every kernel for that dtype and layout, best first: by verdict, exactness and rank. A pinned kernel stands alone
/// among those that may be chosen; the others say that it is pinned. With verdicts alone, those that the engine can
/// surely not be told are left out.
std::vector<KernelCandidate> kernel_candidates(const JudgedCase& judged, const DtypeOption& dtype, const Layout& layout,
                                               Detail detail = Detail::reasons);

/// Each kernel on this machine with no engine in view, for fp16, bf16 and fp32 calls of head size 128.
std::vector<KernelOnMachine> kernels_on_machine(const JudgedCase& judged);

}  // namespace diffcheck
