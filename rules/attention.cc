#include "rules/attention.h"

#include <algorithm>
#include <array>
#include <utility>

#include "rules/budget.h"
#include "rules/possible_steps.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

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

/// What an engine's own selection and choices see in one dtype and layout.
struct EngineView {
  EngineView(const JudgedCase& judged, const std::string& dtype, const Layout& layout)
      : candidate(candidate_facts(judged, layout, dtype, nullptr, Truth::unknown)),
        call(call_facts(attention_call(judged, dtype))),
        scope(first_device_scope(judged).add(candidate)) {}
  EngineView(const EngineView&) = delete;
  EngineView& operator=(const EngineView&) = delete;

  FactTable candidate;
  FactTable call;
  Scope scope;  ///< Of the machine and the candidate.
};

/// What the engine may take by itself, as far as it depends on facts that are unknown.
struct PossiblePicks {
  std::vector<ResolvedKernel> outcomes;
  bool one_is_taken = false;  ///< Otherwise the knowledge does not tell what else it may be.

  bool may_be(const Kernel& kernel) const {
    return !one_is_taken || std::any_of(outcomes.begin(), outcomes.end(),
                                        [&](const ResolvedKernel& outcome) { return outcome.kernel == &kernel; });
  }
};

PossiblePicks possible_picks(const JudgedCase& judged, const EngineView& view, Detail detail) {
  const auto possible = possible_steps(judged.variant->attention_selection, view.scope);
  PossiblePicks picks;
  picks.one_is_taken = possible.one_is_taken;
  for (const SelectionStep* step : possible.steps) {
    ResolvedKernel outcome = resolve_kernel(judged, step->value, view.call, detail);
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

std::vector<Way> ways_to_kernels(const JudgedCase& judged, const EngineView& view, const PossiblePicks& picks,
                                 Detail detail) {
  std::vector<Way> ways;
  const auto add = [&](ResolvedKernel resolved, std::vector<Setting> settings) {
    if (resolved.kernel == nullptr) return;
    const bool seen =
        std::any_of(ways.begin(), ways.end(), [&](const Way& way) { return way.kernel == resolved.kernel; });
    if (!seen) ways.push_back({resolved.kernel, std::move(resolved.judgement), std::move(settings)});
  };
  add(merged(picks.outcomes), {});
  for (const Choice& choice : judged.variant->attention_choices) {
    if (choice.when && decide(*choice.when, view.scope) != Truth::yes) continue;
    add(resolve_kernel(judged, choice.value, view.call, detail), choice.set);
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

ResolvedKernel engine_pick(const JudgedCase& judged, const std::string& dtype, const Layout& layout, Detail detail) {
  return merged(possible_picks(judged, EngineView(judged, dtype, layout), detail).outcomes);
}

EngineDefault engine_default(const JudgedCase& judged, const std::string& dtype, const Layout& layout, Detail detail) {
  ResolvedKernel pick = engine_pick(judged, dtype, layout, detail);
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

std::vector<KernelCandidate> kernel_candidates(const JudgedCase& judged, const DtypeOption& dtype, const Layout& layout,
                                               Detail detail) {
  const EngineView view(judged, dtype.dtype, layout);
  const PossiblePicks picks = possible_picks(judged, view, detail);
  const std::vector<Way> ways = ways_to_kernels(judged, view, picks, detail);
  const Scope scope = first_device_scope(judged).add(view.call);
  const auto pinned = judged.request.pin("attention");
  std::vector<KernelCandidate> candidates;
  for (const Kernel& kernel : judged.knowledge.kernels) {
    if (!kernel.dispatch.empty()) continue;
    const auto way =
        std::find_if(ways.begin(), ways.end(), [&](const Way& candidate) { return candidate.kernel == &kernel; });
    KernelCandidate candidate;
    if (way == ways.end()) candidate.reachable = picks.may_be(kernel) ? Truth::unknown : Truth::no;
    if (candidate.reachable == Truth::no && detail == Detail::verdicts) continue;
    Judgement judgement = way == ways.end() ? judge_kernel(judged, kernel, view.call, detail) : way->judgement;
    candidate.kernel = kernel.id;
    candidate.dtype = dtype.dtype;
    candidate.verdict = judgement.truth;
    candidate.exact = kernel.exact;
    candidate.returns_lse = kernel.returns_lse && decide(*kernel.returns_lse, scope) == Truth::yes;
    candidate.rank = rank_of(kernel, scope);
    candidate.reasons = std::move(judgement.reasons);
    candidate.settings = dtype.settings;
    if (way != ways.end())
      candidate.settings.insert(candidate.settings.end(), way->settings.begin(), way->settings.end());
    if (way == ways.end() && detail == Detail::reasons)
      candidate.reasons.push_back(not_reachable(judged, candidate.reachable));
    if (pinned && *pinned != kernel.id) {
      candidate.reachable = Truth::no;
      if (detail == Detail::reasons) candidate.reasons.push_back(pinned_away(judged.knowledge, *pinned));
    }
    candidates.push_back(std::move(candidate));
  }
  std::stable_sort(candidates.begin(), candidates.end(), better);
  return candidates;
}

std::vector<KernelOnMachine> kernels_on_machine(const JudgedCase& judged) {
  constexpr std::array dtypes = {"bf16", "fp16", "fp32"};
  std::array<FactTable, dtypes.size()> calls;
  for (std::size_t i = 0; i < dtypes.size(); ++i) calls[i] = call_facts(attention_call(judged, dtypes[i]));
  std::vector<KernelOnMachine> table;
  for (const Kernel& kernel : judged.knowledge.kernels) {
    if (!kernel.dispatch.empty()) continue;
    for (std::size_t i = 0; i < dtypes.size(); ++i) {
      Judgement judgement = judge_kernel(judged, kernel, calls[i]);
      table.push_back({kernel.id, dtypes[i], judgement.truth, std::move(judgement.reasons)});
    }
  }
  return table;
}

}  // namespace diffcheck
