#include "rules/kernel_verdict.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "rules/budget.h"
#include "rules/possible_steps.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

constexpr const char* k_no_kernel = "none";
constexpr std::int64_t k_common_head_dim = 128;

Judgement judge_requirements(const Kernel& kernel, const Scope& scope, Detail detail) {
  if (detail == Detail::verdicts) return {decide(kernel.requires_all, scope), {}};
  return judge(kernel.requires_all, kernel.id, scope);
}

/// With no GPU to run on, no GPU kernel does. Where it is unknown whether there is one, `any_gpu` is what holds on
/// whatever GPU there may be: a refusal of it is sure.
Judgement judge_without_gpu(const JudgedCase& judged, Judgement any_gpu) {
  const auto& complete = judged.snapshot.complete.gpus;
  const bool sure = complete.is_known() && complete.value();
  if (!sure && any_gpu.truth == Truth::no) return any_gpu;
  Reason reason;
  reason.condition = "gpu/present";
  reason.truth = sure ? Truth::no : Truth::unknown;
  reason.text = say(judged.knowledge, sure ? "no-gpu-reason" : "gpus-unknown-reason");
  reason.evidence.push_back(
      {"gpus", "at least one", sure ? "none" : "unknown: " + complete.why(), complete.source(), reason.truth});
  return {reason.truth, {reason}};
}

/// What a dispatcher takes on one GPU: the first kernel of its order that runs.
ResolvedKernel dispatch_on_gpu(const JudgedCase& judged, const Kernel& dispatcher, const Scope& scope, Detail detail) {
  std::vector<ResolvedKernel> outcomes;
  for (const DispatchOrder* order : possible_steps(dispatcher.dispatch, scope).steps) {
    std::vector<ResolvedKernel> in_order;
    ResolvedKernel last;
    for (const std::string& id : order->kernels) {
      const Kernel* kernel = find_entry(judged.knowledge.kernels, id);
      last = {kernel, judge_requirements(*kernel, scope, detail), ""};
      if (last.judgement.truth != Truth::no) in_order.push_back(last);
      if (last.judgement.truth == Truth::yes) break;
    }
    // Where each is refused, the last resort's refusal is what the user meets.
    outcomes.push_back(in_order.empty() ? last : merged(std::move(in_order)));
  }
  return merged(std::move(outcomes));
}

/// The outcome on several GPUs is the one on the GPU that fares worst.
bool fares_worse(const ResolvedKernel& left, const ResolvedKernel& right) {
  if (left.judgement.truth != right.judgement.truth) return left.judgement.truth < right.judgement.truth;
  const auto builds_scores = [](const ResolvedKernel& outcome) {
    return outcome.kernel != nullptr && builds_score_matrix(*outcome.kernel);
  };
  return builds_scores(left) && !builds_scores(right);
}

ResolvedKernel resolve_dispatcher(const JudgedCase& judged, const Kernel& dispatcher, const FactTable& call,
                                  Detail detail) {
  if (judged.gpus.empty()) {
    ResolvedKernel on_any = dispatch_on_gpu(judged, dispatcher, judged.scope().add(call), detail);
    on_any.judgement = judge_without_gpu(judged, std::move(on_any.judgement));
    return on_any.judgement.truth == Truth::no ? on_any : ResolvedKernel{nullptr, std::move(on_any.judgement), ""};
  }
  std::optional<ResolvedKernel> worst;
  for (const std::size_t i : judged.distinct_gpus) {
    ResolvedKernel outcome = dispatch_on_gpu(judged, dispatcher, judged.scope_on_gpu(i).add(call), detail);
    if (!worst || fares_worse(outcome, *worst)) worst = std::move(outcome);
  }
  return *std::move(worst);
}

}  // namespace

AttentionCall attention_call(const JudgedCase& judged, const std::string& dtype) {
  const std::string source = "self-attention of the model";
  AttentionCall call;
  call.dtype = known(dtype, source);
  call.causal = known(false, source);
  call.needs_grad = known(false, "inference");
  call.grouped_heads = known(false, source);
  call.dropout = known(0.0, "inference");
  call.mask = known(judged.model != nullptr && judged.model->dense_mask, source);
  call.batch = judged.numbers.attention_batch;
  call.query_tokens = judged.numbers.tokens;
  if (judged.model == nullptr) {
    call.head_dim = known(k_common_head_dim, "usual head size");
    return call;
  }
  const auto optional = [&](const std::optional<std::int64_t>& value, const char* what) {
    return value ? known(*value, judged.model->origin)
                 : unknown<std::int64_t>(judged.model->origin, std::string(what) + " is not in the model's card");
  };
  call.head_dim = optional(judged.model->head_dim, "head size");
  call.heads = optional(judged.model->heads, "head count");
  return call;
}

FactTable call_facts(const AttentionCall& call) {
  FactTable facts;
  facts.add_all("call", call);
  return facts;
}

/// One of several outcomes, and it is unknown which: known only as far as they agree on the kernel, or all fail.
ResolvedKernel merged(std::vector<ResolvedKernel> outcomes) {
  if (outcomes.empty()) return {nullptr, {Truth::unknown, {}}, ""};
  ResolvedKernel first = std::move(outcomes.front());
  const bool agree = std::all_of(outcomes.begin() + 1, outcomes.end(),
                                 [&](const ResolvedKernel& other) { return other.kernel == first.kernel; });
  const bool all_fail = first.judgement.truth == Truth::no &&
                        std::all_of(outcomes.begin() + 1, outcomes.end(),
                                    [](const ResolvedKernel& other) { return other.judgement.truth == Truth::no; });
  if (!agree && !all_fail) first.judgement.truth = Truth::unknown;
  return first;
}

Judgement judge_kernel(const JudgedCase& judged, const Kernel& kernel, const FactTable& call, Detail detail) {
  if (judged.gpus.empty())
    return judge_without_gpu(judged, judge_requirements(kernel, judged.scope().add(call), detail));
  std::optional<Judgement> worst;
  for (const std::size_t i : judged.distinct_gpus) {
    Judgement judgement = judge_requirements(kernel, judged.scope_on_gpu(i).add(call), detail);
    if (!worst || judgement.truth < worst->truth) worst = std::move(judgement);
    if (worst->truth == Truth::no) break;
  }
  return *std::move(worst);
}

Judgement judge_kernel(const JudgedCase& judged, const Kernel& kernel, const AttentionCall& call) {
  return judge_kernel(judged, kernel, call_facts(call));
}

ResolvedKernel resolve_kernel(const JudgedCase& judged, const std::string& id, const FactTable& call, Detail detail) {
  const Kernel* kernel = find_entry(judged.knowledge.kernels, id);
  if (id == k_no_kernel || kernel == nullptr) return {nullptr, {Truth::no, {}}, ""};
  if (!kernel->dispatch.empty()) return resolve_dispatcher(judged, *kernel, call, detail);
  return {kernel, judge_kernel(judged, *kernel, call, detail), ""};
}

ResolvedKernel resolve_kernel(const JudgedCase& judged, const std::string& id, const AttentionCall& call) {
  return resolve_kernel(judged, id, call_facts(call));
}

}  // namespace diffcheck
