#include "rules/way_out.h"

#include <algorithm>

#include "rules/attention.h"
#include "rules/budget.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

/// The kernel that torch's dispatcher takes for that dtype when nothing else imports.
ResolvedKernel dispatcher_pick(const JudgedCase& judged, const std::string& dtype) {
  const AttentionCall call = attention_call(judged, dtype);
  for (const SelectionStep& step : judged.variant->attention_selection) {
    const Kernel* entry = find_entry(judged.knowledge.kernels, step.value);
    if (entry != nullptr && !entry->dispatch.empty()) return resolve_kernel(judged, entry->id, call);
  }
  return {};
}

/// What torch's dispatcher takes first where every kernel runs.
const Kernel* first_fused_kernel(const JudgedCase& judged) {
  for (const SelectionStep& step : judged.variant->attention_selection) {
    const Kernel* dispatcher = find_entry(judged.knowledge.kernels, step.value);
    if (dispatcher == nullptr) continue;
    for (const DispatchOrder& order : dispatcher->dispatch) {
      for (const std::string& id : order.kernels) {
        const Kernel* kernel = find_entry(judged.knowledge.kernels, id);
        if (kernel != nullptr && !builds_score_matrix(*kernel)) return kernel;
      }
    }
  }
  return nullptr;
}

std::optional<ScoreMatrix> scores_of(const JudgedCase& judged, const Kernel& kernel, const std::string& dtype,
                                     double elements) {
  if (!builds_score_matrix(kernel)) return std::nullopt;
  return score_matrix(judged, kernel, dtype, elements);
}

/// Elements of the score matrix if the job had another size or length; nullopt where the card does not tell.
std::optional<double> elements_for(const JudgedCase& judged, std::int64_t width, std::int64_t height,
                                   std::int64_t frames) {
  Request request = judged.request;
  request.width = known(width, "what if");
  request.height = known(height, "what if");
  request.frames = known(frames, "what if");
  const JudgedCase other = judge_case(judged, request);
  if (!other.numbers.score_elements.is_known()) return std::nullopt;
  return other.numbers.score_elements.value();
}

/// About half the frames, at a count that the model accepts.
std::int64_t half_the_frames(const ModelCard& model, std::int64_t frames) {
  const std::int64_t steps = (frames - model.frame_plus) / std::max<std::int64_t>(1, model.frame_multiple) / 2;
  return std::max<std::int64_t>(1, steps * model.frame_multiple + model.frame_plus);
}

/// About half the edge, kept at what the patches divide.
std::int64_t half_the_edge(const ModelCard& model, std::int64_t edge, std::int64_t patch) {
  const std::int64_t unit = model.spatial * patch;
  return std::max(unit, edge / 2 / unit * unit);
}

}  // namespace

Message describe_way_out(const JudgedCase& judged, const Plan& plan) {
  if (!plan.attention.chosen || !plan.layout.chosen || !plan.memory) return say(judged.knowledge, "way-out-none");
  const KernelCandidate& kernel = *plan.attention.chosen;
  const FactTable candidate =
      candidate_facts(judged, *plan.layout.chosen, kernel.dtype, find_entry(judged.knowledge.kernels, kernel.kernel),
                      truth_of(kernel.returns_lse));
  const Scope scope = judged.scope().add(candidate);
  std::vector<Message> parts;
  if (kernel.dtype != plan.attention.engine_default.dtype)
    parts.push_back(say(judged.knowledge, "way-out-dtype", {{"dtype", kernel.dtype}}));
  if (kernel.kernel != plan.attention.engine_default.kernel)
    parts.push_back(say(judged.knowledge, "way-out-attention", {{"kernel", kernel.kernel}}));
  for (const Setting& setting : kernel.settings)
    parts.push_back(describe_setting(judged.knowledge, expand(setting, scope)));
  if (plan.layout.chosen->world_size > 1)
    parts.push_back(say(judged.knowledge, "way-out-layout", {{"layout", to_text(*plan.layout.chosen)}}));
  const bool other_mode = !plan.default_memory || plan.default_memory->choice != plan.memory->choice;
  if (other_mode) parts.push_back(say(judged.knowledge, "way-out-mode", {{"mode", to_text(plan.memory->choice)}}));
  if (other_mode) {
    for (const Setting& setting : plan.memory->settings)
      parts.push_back(describe_setting(judged.knowledge, expand(setting, scope)));
  }
  return joined(parts);
}

Message describe_fallback(const JudgedCase& judged, const EngineDefault& by_itself) {
  if (!judged.numbers.score_elements.is_known()) return {};
  const ResolvedKernel fallback = dispatcher_pick(judged, by_itself.dtype);
  if (fallback.kernel == nullptr || fallback.kernel->id == by_itself.kernel) return {};
  const auto scores = scores_of(judged, *fallback.kernel, by_itself.dtype, judged.numbers.score_elements.value());
  if (!scores) return {};
  return say(judged.knowledge, "what-if-fallback",
             {{"dtype", by_itself.dtype},
              {"kernel", fallback.kernel->id},
              {"one_buffer", size_text(scores->buffer_bytes)},
              {"low", size_text(scores->held.low)},
              {"high", size_text(scores->held.high)}});
}

Message describe_alternatives(const JudgedCase& judged, const EngineDefault& by_itself) {
  if (judged.model == nullptr || !judged.numbers.score_elements.is_known()) return {};
  const ResolvedKernel fallback = dispatcher_pick(judged, by_itself.dtype);
  if (fallback.kernel == nullptr || !builds_score_matrix(*fallback.kernel)) return {};
  const Workload& workload = judged.workload;
  const ModelCard& model = *judged.model;
  std::vector<Message> parts;
  const auto buffer = [&](double elements) {
    return size_text(
        scores_of(judged, *fallback.kernel, by_itself.dtype, elements).value_or(ScoreMatrix{}).buffer_bytes);
  };

  const std::int64_t frames = half_the_frames(model, workload.frames.value());
  if (frames < workload.frames.value()) {
    if (const auto elements = elements_for(judged, workload.width.value(), workload.height.value(), frames)) {
      parts.push_back(say(judged.knowledge, "what-if-frames",
                          {{"frames", std::to_string(frames)}, {"one_buffer", buffer(*elements)}}));
    }
  }
  const std::int64_t width = half_the_edge(model, workload.width.value(), model.patch_w);
  const std::int64_t height = half_the_edge(model, workload.height.value(), model.patch_h);
  if (const auto elements = elements_for(judged, width, height, workload.frames.value())) {
    parts.push_back(
        say(judged.knowledge, "what-if-size",
            {{"size", std::to_string(width) + "x" + std::to_string(height)}, {"one_buffer", buffer(*elements)}}));
  }
  const Layout layout = requested_layout(judged.request);
  const Kernel* fused = first_fused_kernel(judged);
  const auto choice = default_choice(judged, layout);
  if (fused != nullptr && choice) {
    const MemoryPlan newer = plan_memory(judged, *choice, *fused, by_itself.dtype, layout);
    parts.push_back(say(judged.knowledge, "what-if-newer-gpu",
                        {{"dtype", by_itself.dtype}, {"peak", size_text(newer.peak.bytes)}}));
  }
  return joined(parts, " ", "");
}

}  // namespace diffcheck
