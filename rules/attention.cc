#include "rules/attention.h"

#include <algorithm>

#include "rules/budget.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

constexpr const char* k_no_kernel = "none";
constexpr std::int64_t k_common_head_dim = 128;

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

/// How a list of steps, each taken when its condition holds, comes out.
template <class Step>
struct PossibleSteps {
  std::vector<const Step*> steps;  ///< All that may be the one that is taken.
  bool one_is_taken = false;       ///< Surely one of them; otherwise nobody knows what happens behind the last.
};

template <class Step>
PossibleSteps<Step> possible_steps(const std::vector<Step>& steps, const Scope& scope) {
  PossibleSteps<Step> possible;
  for (const Step& step : steps) {
    const Truth taken = step.when ? decide(*step.when, scope) : Truth::yes;
    if (taken != Truth::no) possible.steps.push_back(&step);
    possible.one_is_taken = taken == Truth::yes;
    if (possible.one_is_taken) break;
  }
  return possible;
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

/// What a dispatcher takes on one GPU: the first kernel of its order that runs.
ResolvedKernel dispatch_on_gpu(const JudgedCase& judged, const Kernel& dispatcher, const Scope& scope) {
  std::vector<ResolvedKernel> outcomes;
  for (const DispatchOrder* order : possible_steps(dispatcher.dispatch, scope).steps) {
    std::vector<ResolvedKernel> in_order;
    ResolvedKernel last;
    for (const std::string& id : order->kernels) {
      const Kernel* kernel = find_entry(judged.knowledge.kernels, id);
      last = {kernel, judge(kernel->requires_all, kernel->id, scope), ""};
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

ResolvedKernel resolve_dispatcher(const JudgedCase& judged, const Kernel& dispatcher, const FactTable& call) {
  if (judged.gpus.empty()) {
    ResolvedKernel on_any = dispatch_on_gpu(judged, dispatcher, judged.scope().add(call));
    on_any.judgement = judge_without_gpu(judged, std::move(on_any.judgement));
    return on_any.judgement.truth == Truth::no ? on_any : ResolvedKernel{nullptr, std::move(on_any.judgement), ""};
  }
  std::optional<ResolvedKernel> worst;
  for (const std::size_t i : judged.distinct_gpus) {
    ResolvedKernel outcome = dispatch_on_gpu(judged, dispatcher, judged.scope_on_gpu(i).add(call));
    if (!worst || fares_worse(outcome, *worst)) worst = std::move(outcome);
  }
  return *std::move(worst);
}

FactTable call_facts(const AttentionCall& call) {
  FactTable facts;
  facts.add_all("call", call);
  return facts;
}

/// The scope that an engine's own choice sees. Engines ask about their first device only.
Scope first_device_scope(const JudgedCase& judged) {
  return judged.gpus.empty() ? judged.scope() : judged.scope_on_gpu(0);
}

int rank_of(const Kernel& kernel, const Scope& scope) {
  for (const RankRule& rule : kernel.rank) {
    if (!rule.when || decide(*rule.when, scope) == Truth::yes) return rule.value;
  }
  return 0;
}

/// What the engine may take by itself, as far as it depends on facts that are unknown.
struct PossiblePicks {
  std::vector<ResolvedKernel> outcomes;
  bool one_is_taken = false;  ///< Otherwise the knowledge does not tell what else it may be.
};

PossiblePicks possible_picks(const JudgedCase& judged, const std::string& dtype, const Layout& layout) {
  const FactTable candidate = candidate_facts(judged, layout, dtype, nullptr, Truth::unknown);
  const Scope scope = first_device_scope(judged).add(candidate);
  const AttentionCall call = attention_call(judged, dtype);
  const auto possible = possible_steps(judged.variant->attention_selection, scope);
  PossiblePicks picks;
  picks.one_is_taken = possible.one_is_taken;
  for (const SelectionStep* step : possible.steps) {
    ResolvedKernel outcome = resolve_kernel(judged, step->value, call);
    outcome.error_text = step->error_text;
    picks.outcomes.push_back(std::move(outcome));
  }
  if (!possible.one_is_taken) picks.outcomes.push_back({nullptr, {Truth::unknown, {}}, ""});
  return picks;
}

Reason not_reachable(const JudgedCase& judged, Truth reachable) {
  Reason reason;
  reason.condition = "engine/told";
  reason.truth = reachable;
  const std::string name = judged.variant == nullptr ? judged.engine->id : judged.variant->id;
  reason.text =
      say(judged.knowledge, reachable == Truth::no ? "not-told-reason" : "pick-unknown-reason", {{"engine", name}});
  reason.source = judged.engine->origin;
  return reason;
}

Reason pinned_away(const Knowledge& knowledge, const std::string& pinned) {
  Reason reason;
  reason.condition = "pin/attention";
  reason.truth = Truth::no;
  reason.text = say(knowledge, "pinned-attention-reason", {{"kernel", pinned}});
  reason.source = "request";
  return reason;
}

/// How a kernel can be had from the engine, the least effort first.
struct Way {
  const Kernel* kernel;
  Judgement judgement;
  std::vector<Setting> settings;
};

std::vector<Way> ways_to_kernels(const JudgedCase& judged, const std::string& dtype, const Layout& layout) {
  std::vector<Way> ways;
  const AttentionCall call = attention_call(judged, dtype);
  const auto add = [&](ResolvedKernel resolved, std::vector<Setting> settings) {
    if (resolved.kernel == nullptr) return;
    const bool seen =
        std::any_of(ways.begin(), ways.end(), [&](const Way& way) { return way.kernel == resolved.kernel; });
    if (!seen) ways.push_back({resolved.kernel, std::move(resolved.judgement), std::move(settings)});
  };
  add(engine_pick(judged, dtype, layout), {});
  const FactTable candidate = candidate_facts(judged, layout, dtype, nullptr, Truth::unknown);
  const Scope scope = first_device_scope(judged).add(candidate);
  for (const Choice& choice : judged.variant->attention_choices) {
    if (choice.when && decide(*choice.when, scope) != Truth::yes) continue;
    add(resolve_kernel(judged, choice.value, call), choice.set);
  }
  return ways;
}

bool better(const KernelCandidate& left, const KernelCandidate& right) {
  const Truth left_truth = both(left.verdict, left.reachable);
  const Truth right_truth = both(right.verdict, right.reachable);
  if (left_truth != right_truth) return left_truth > right_truth;
  if (left.exact != right.exact) return left.exact;
  return left.rank > right.rank;
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

Judgement judge_kernel(const JudgedCase& judged, const Kernel& kernel, const AttentionCall& call) {
  const FactTable facts = call_facts(call);
  if (judged.gpus.empty())
    return judge_without_gpu(judged, judge(kernel.requires_all, kernel.id, judged.scope().add(facts)));
  std::optional<Judgement> worst;
  for (const std::size_t i : judged.distinct_gpus) {
    Judgement judgement = judge(kernel.requires_all, kernel.id, judged.scope_on_gpu(i).add(facts));
    if (!worst || judgement.truth < worst->truth) worst = std::move(judgement);
    if (worst->truth == Truth::no) break;
  }
  return *std::move(worst);
}

ResolvedKernel resolve_kernel(const JudgedCase& judged, const std::string& id, const AttentionCall& call) {
  const Kernel* kernel = find_entry(judged.knowledge.kernels, id);
  if (id == k_no_kernel || kernel == nullptr) return {nullptr, {Truth::no, {}}, ""};
  if (!kernel->dispatch.empty()) return resolve_dispatcher(judged, *kernel, call_facts(call));
  return {kernel, judge_kernel(judged, *kernel, call), ""};
}

std::vector<DtypeOption> dtype_options(const JudgedCase& judged) {
  const Scope scope = first_device_scope(judged);
  std::vector<DtypeOption> options;
  const auto add = [&](DtypeOption option) {
    const bool seen = std::any_of(options.begin(), options.end(),
                                  [&](const DtypeOption& other) { return other.dtype == option.dtype; });
    if (!seen) options.push_back(std::move(option));
  };
  for (const SelectionStep* step : possible_steps(judged.variant->dtype_selection, scope).steps)
    add({step->value, {}, true});
  if (options.empty() && judged.model != nullptr) add({judged.model->dtype, {}, true});
  for (const Choice& choice : judged.variant->dtype_choices) {
    if (!choice.when || decide(*choice.when, scope) == Truth::yes) add({choice.value, choice.set, false});
  }
  const auto pinned = judged.request.pin("dtype");
  if (!pinned) return options;
  const auto found =
      std::find_if(options.begin(), options.end(), [&](const DtypeOption& option) { return option.dtype == *pinned; });
  if (found == options.end()) return {};
  return {*found};
}

ResolvedKernel engine_pick(const JudgedCase& judged, const std::string& dtype, const Layout& layout) {
  return merged(possible_picks(judged, dtype, layout).outcomes);
}

EngineDefault engine_default(const JudgedCase& judged, const std::string& dtype, const Layout& layout) {
  ResolvedKernel pick = engine_pick(judged, dtype, layout);
  EngineDefault by_itself;
  by_itself.dtype = dtype;
  by_itself.verdict = pick.judgement.truth;
  by_itself.reasons = std::move(pick.judgement.reasons);
  by_itself.error_text = std::move(pick.error_text);
  if (pick.kernel == nullptr) return by_itself;
  by_itself.kernel = pick.kernel->id;
  if (builds_score_matrix(*pick.kernel) && judged.numbers.score_elements.is_known()) {
    const auto scores = score_matrix(judged, *pick.kernel, dtype, judged.numbers.score_elements.value());
    if (scores) by_itself.score_buffer_bytes = scores->buffer_bytes;
  }
  return by_itself;
}

std::vector<KernelCandidate> kernel_candidates(const JudgedCase& judged, const DtypeOption& dtype,
                                               const Layout& layout) {
  const std::vector<Way> ways = ways_to_kernels(judged, dtype.dtype, layout);
  const AttentionCall call = attention_call(judged, dtype.dtype);
  const FactTable facts = call_facts(call);
  const Scope scope = first_device_scope(judged).add(facts);
  const auto pinned = judged.request.pin("attention");
  const PossiblePicks picks = possible_picks(judged, dtype.dtype, layout);
  std::vector<KernelCandidate> candidates;
  for (const Kernel& kernel : judged.knowledge.kernels) {
    if (!kernel.dispatch.empty()) continue;
    const auto way =
        std::find_if(ways.begin(), ways.end(), [&](const Way& candidate) { return candidate.kernel == &kernel; });
    Judgement judgement = way == ways.end() ? judge_kernel(judged, kernel, call) : way->judgement;
    KernelCandidate candidate;
    candidate.kernel = kernel.id;
    candidate.dtype = dtype.dtype;
    candidate.verdict = judgement.truth;
    candidate.exact = kernel.exact;
    candidate.returns_lse = kernel.returns_lse && decide(*kernel.returns_lse, scope) == Truth::yes;
    candidate.rank = rank_of(kernel, scope);
    candidate.reasons = std::move(judgement.reasons);
    candidate.settings = dtype.settings;
    if (way == ways.end()) {
      const bool may_be_taken =
          !picks.one_is_taken || std::any_of(picks.outcomes.begin(), picks.outcomes.end(),
                                             [&](const ResolvedKernel& outcome) { return outcome.kernel == &kernel; });
      candidate.reachable = may_be_taken ? Truth::unknown : Truth::no;
      candidate.reasons.push_back(not_reachable(judged, candidate.reachable));
    } else {
      candidate.settings.insert(candidate.settings.end(), way->settings.begin(), way->settings.end());
    }
    if (pinned && *pinned != kernel.id) {
      candidate.reachable = Truth::no;
      candidate.reasons.push_back(pinned_away(judged.knowledge, *pinned));
    }
    candidates.push_back(std::move(candidate));
  }
  std::stable_sort(candidates.begin(), candidates.end(), better);
  return candidates;
}

std::vector<KernelOnMachine> kernels_on_machine(const JudgedCase& judged) {
  std::vector<KernelOnMachine> table;
  for (const Kernel& kernel : judged.knowledge.kernels) {
    if (!kernel.dispatch.empty()) continue;
    for (const char* dtype : {"bf16", "fp16", "fp32"}) {
      Judgement judgement = judge_kernel(judged, kernel, attention_call(judged, dtype));
      table.push_back({kernel.id, dtype, judgement.truth, std::move(judgement.reasons)});
    }
  }
  return table;
}

}  // namespace diffcheck
