// Whether an attention kernel runs: its requirements on every chosen GPU, and what a dispatcher such as torch's comes
// down to there.
#pragma once

#include <string>
#include <vector>

#include "rules/judged_case.h"
#include "rules/requirements.h"

namespace diffcheck {

/// Whether a verdict comes with its reasons. A search needs none, and they cost more than the verdict.
enum class Detail { verdicts, reasons };

/// A kernel or dispatcher brought down to a kernel, for one dtype and layout.
struct ResolvedKernel {
  const Kernel* kernel = nullptr;  ///< nullptr: the engine gives up, or it cannot be told what it takes.
  Judgement judgement;             ///< Whether that kernel runs; unknown where it is not sure which one is taken.
  std::string error_text;          ///< What the engine prints where it gives up.
};

/// The self-attention call of the case's model.
AttentionCall attention_call(const JudgedCase& judged, const std::string& dtype);
/// As conditions see it.
FactTable call_facts(const AttentionCall& call);

/// Judged on every chosen GPU; refused on one is refused.
Judgement judge_kernel(const JudgedCase& judged, const Kernel& kernel, const FactTable& call,
                       Detail detail = Detail::reasons);
Judgement judge_kernel(const JudgedCase& judged, const Kernel& kernel, const AttentionCall& call);

/// `id` names a kernel, a dispatcher, or "none".
ResolvedKernel resolve_kernel(const JudgedCase& judged, const std::string& id, const FactTable& call,
                              Detail detail = Detail::reasons);
ResolvedKernel resolve_kernel(const JudgedCase& judged, const std::string& id, const AttentionCall& call);

/// One of several outcomes, and it is unknown which: known only as far as they agree on the kernel, or all fail.
ResolvedKernel merged(std::vector<ResolvedKernel> outcomes);

}  // namespace diffcheck
