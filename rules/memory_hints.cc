#include "rules/memory_hints.h"

#include <algorithm>
#include <utility>

#include "rules/budget.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

/// Longer clips than this nobody makes at once.
constexpr std::int64_t k_most_frames = 2049;

/// What `judge` says of the same job with another length. The case refers to the request, so both live here.
template <class Judge>
bool with_frames(const JudgedCase& judged, std::int64_t frames, const Judge& judge) {
  Request request = judged.request;
  request.frames = known(frames, "what if");
  return judge(judge_case(judged, request));
}

template <class Judge>
bool with_size(const JudgedCase& judged, std::int64_t width, std::int64_t height, const Judge& judge) {
  Request request = judged.request;
  request.width = known(width, "what if");
  request.height = known(height, "what if");
  return judge(judge_case(judged, request));
}

/// A length in steps that the model's frame rule allows.
std::int64_t frames_of(const ModelCard& model, std::int64_t steps) {
  return steps * std::max<std::int64_t>(1, model.frame_multiple) + model.frame_plus;
}

/// The largest number from `low` to `high` that fits; nullopt where `low` does not. Memory never falls when a job
/// grows, so there is one boundary.
template <class Fits>
std::optional<std::int64_t> largest(std::int64_t low, std::int64_t high, const Fits& fits) {
  if (low > high || !fits(low)) return std::nullopt;
  while (low < high) {
    const std::int64_t middle = low + (high - low + 1) / 2;
    if (fits(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

bool makes_clips(const ModelCard& model) { return model.kind == "video" && !model.frames_in_batch; }

/// The first fused kernel that runs here, where nothing was chosen because nothing fits.
const KernelCandidate* usable_kernel(const JudgedCase& judged, const Plan& plan) {
  for (const KernelCandidate& candidate : plan.attention.candidates) {
    const Kernel* kernel = find_entry(judged.knowledge.kernels, candidate.kernel);
    if (kernel != nullptr && !builds_score_matrix(*kernel) &&
        both(candidate.verdict, candidate.reachable) == Truth::yes)
      return &candidate;
  }
  return nullptr;
}

/// Whether anything that may be given up makes a job fit.
bool can_fit(const JudgedCase& job, const KernelCandidate& candidate) {
  const Layout layout = requested_layout(job.request);
  const Kernel& kernel = *find_entry(job.knowledge.kernels, candidate.kernel);
  const auto choices = memory_choices(job, layout);
  return std::any_of(choices.begin(), choices.end(), [&](const MemoryChoice& choice) {
    return plan_memory(job, choice, kernel, candidate.dtype, layout).fits == Truth::yes;
  });
}

/// Suggestions only: what is asked for is never changed.
std::vector<Message> less_that_fits(const JudgedCase& judged, const Plan& plan) {
  std::vector<Message> hints;
  const ModelCard& model = *judged.model;
  const KernelCandidate* kernel = usable_kernel(judged, plan);
  if (kernel == nullptr || judged.variant == nullptr) return hints;
  const auto fits = [&](const JudgedCase& job) { return can_fit(job, *kernel); };
  if (makes_clips(model)) {
    const std::int64_t asked =
        (judged.workload.frames.value() - model.frame_plus) / std::max<std::int64_t>(1, model.frame_multiple);
    const auto steps =
        largest(1, asked - 1, [&](std::int64_t count) { return with_frames(judged, frames_of(model, count), fits); });
    if (steps)
      hints.push_back(
          say(judged.knowledge, "memory-fewer-frames", {{"frames", std::to_string(frames_of(model, *steps))}}));
  }
  constexpr std::int64_t parts = 16;  // of the edges
  const std::int64_t unit_w = model.spatial * model.patch_w, unit_h = model.spatial * model.patch_h;
  const auto edge = [](std::int64_t asked, std::int64_t unit, std::int64_t share) {
    return std::max(unit, asked * share / parts / unit * unit);
  };
  const auto size_at = [&](std::int64_t share) {
    return std::pair(edge(judged.workload.width.value(), unit_w, share),
                     edge(judged.workload.height.value(), unit_h, share));
  };
  const auto share = largest(2, parts - 1, [&](std::int64_t count) {
    const auto [width, height] = size_at(count);
    return with_size(judged, width, height, fits);
  });
  if (share) {
    const auto [width, height] = size_at(*share);
    hints.push_back(
        say(judged.knowledge, "memory-smaller-size", {{"size", std::to_string(width) + "x" + std::to_string(height)}}));
  }
  return hints;
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
  if (!makes_clips(model) || !plan.memory || !plan.attention.chosen || !plan.layout.chosen) return std::nullopt;
  const Kernel* kernel = find_entry(judged.knowledge.kernels, plan.attention.chosen->kernel);
  if (kernel == nullptr) return std::nullopt;
  const std::int64_t most = (k_most_frames - model.frame_plus) / std::max<std::int64_t>(1, model.frame_multiple);
  const auto fits = [&](const JudgedCase& job) {
    return plan_memory(job, plan.memory->choice, *kernel, plan.attention.chosen->dtype, *plan.layout.chosen).fits ==
           Truth::yes;
  };
  const auto steps = largest(model.frame_plus > 0 ? 0 : 1, most,
                             [&](std::int64_t count) { return with_frames(judged, frames_of(model, count), fits); });
  if (!steps || *steps == most) return std::nullopt;
  return frames_of(model, *steps);
}

std::vector<Message> memory_hints(const JudgedCase& judged, const Plan& plan) {
  std::vector<Message> hints;
  if (!plan.memory || !plan.memory->limit_bytes) return hints;
  if (plan.memory->fits == Truth::no) return less_that_fits(judged, plan);
  if (auto spare = spare_hint(judged, plan)) hints.push_back(*std::move(spare));
  if (const auto frames = most_frames(judged, plan))
    hints.push_back(say(judged.knowledge, "memory-most-frames", {{"frames", std::to_string(*frames)}}));
  return hints;
}

}  // namespace diffcheck
