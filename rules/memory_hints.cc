#include "rules/memory_hints.h"

#include <algorithm>

#include "rules/budget.h"
#include "rules/memory_choices.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

/// Longer clips than this nobody makes at once.
constexpr std::int64_t k_most_frames = 2049;

/// The same plan for another length; nullopt where there is no plan.
std::optional<MemoryPlan> with_frames(const JudgedCase& judged, const Plan& plan, std::int64_t frames) {
  Request request = judged.request;
  request.frames = known(frames, "what if");
  const JudgedCase other = judge_case(judged, request);
  const Kernel* kernel = find_entry(judged.knowledge.kernels, plan.attention.chosen->kernel);
  if (kernel == nullptr || other.variant == nullptr) return std::nullopt;
  return plan_memory(other, plan.memory->choice, *kernel, plan.attention.chosen->dtype, *plan.layout.chosen);
}

std::string spare_text(const MemoryPlan& memory) { return size_text(*memory.limit_bytes - memory.peak.high); }

/// The least that has to be given up, told against what the engine does by itself.
std::optional<Message> spare_hint(const JudgedCase& judged, const Plan& plan) {
  const MemoryPlan& memory = *plan.memory;
  if (memory.fits != Truth::yes || !memory.limit_bytes || memory.peak.high > *memory.limit_bytes) return std::nullopt;
  if (memory.concessions.empty()) return say(judged.knowledge, "memory-spare", {{"spare", spare_text(memory)}});
  std::vector<Message> given_up;
  for (const std::string& id : memory.concessions) {
    if (const Concession* concession = find_entry(judged.knowledge.concessions, id))
      given_up.push_back(joined({concession->title, concession->costs}, ", ", "，"));
  }
  return joined({say(judged.knowledge, "memory-spare-if", {{"spare", spare_text(memory)}}), joined(given_up)}, ": ",
                "：");
}

}  // namespace

std::optional<std::int64_t> most_frames(const JudgedCase& judged, const Plan& plan) {
  const ModelCard& model = *judged.model;
  if (model.kind != "video" || model.frames_in_batch || !plan.memory || !plan.attention.chosen || !plan.layout.chosen)
    return std::nullopt;
  const std::int64_t step = std::max<std::int64_t>(1, model.frame_multiple);
  const auto fits = [&](std::int64_t steps) {
    const auto memory = with_frames(judged, plan, steps * step + model.frame_plus);
    return memory && memory->fits == Truth::yes;
  };
  // Memory never falls with frames, so the boundary is one: a binary search finds it.
  std::int64_t low = model.frame_plus > 0 ? 0 : 1;
  std::int64_t high = (k_most_frames - model.frame_plus) / step;
  if (!fits(low) || fits(high)) return std::nullopt;
  while (high - low > 1) {
    const std::int64_t middle = (low + high) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low * step + model.frame_plus;
}

std::vector<Message> memory_hints(const JudgedCase& judged, const Plan& plan) {
  std::vector<Message> hints;
  if (!plan.memory || !plan.memory->limit_bytes) return hints;
  if (auto spare = spare_hint(judged, plan)) hints.push_back(*std::move(spare));
  if (const auto frames = most_frames(judged, plan))
    hints.push_back(say(judged.knowledge, "memory-most-frames", {{"frames", std::to_string(*frames)}}));
  return hints;
}

}  // namespace diffcheck
