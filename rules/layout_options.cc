#include "rules/layout_options.h"

#include <algorithm>
#include <limits>

#include "rules/budget.h"
#include "rules/layout.h"
#include "rules/objective.h"

namespace diffcheck {

LayoutOptions::LayoutOptions(const JudgedCase& judged)
    : judged_(judged), kernels_(judged), timer_(judged), layouts_(enumerate_layouts(judged)) {}

const std::vector<KernelCandidate>& LayoutOptions::kernels(const DtypeOption& dtype, const Layout& layout) {
  return kernels_.at(dtype, layout);
}

bool LayoutOptions::usable(const KernelCandidate& candidate, bool builds_scores) {
  const Kernel* kernel = find_entry(judged_.knowledge.kernels, candidate.kernel);
  if (builds_score_matrix(*kernel) != builds_scores) return false;
  const Truth usable = both(candidate.verdict, candidate.reachable);
  something_unknown_ = something_unknown_ || usable == Truth::unknown;
  return usable == Truth::yes && (candidate.exact || judged_.request.pin("attention") == candidate.kernel);
}

const KernelCandidate* LayoutOptions::first_legal(const std::vector<KernelCandidate>& kernels, const Layout& layout,
                                                  bool builds_scores) {
  for (const KernelCandidate& kernel : kernels) {
    if (!usable(kernel, builds_scores)) continue;
    const Truth legal = decide_layout(judged_, layout, kernel);
    something_unknown_ = something_unknown_ || legal == Truth::unknown;
    if (legal == Truth::yes) return &kernel;
  }
  return nullptr;
}

const std::vector<LayoutOption>& LayoutOptions::legal(const DtypeOption& dtype, bool builds_scores) {
  const auto key = std::pair(dtype.dtype, builds_scores);
  const auto found = legal_.find(key);
  return found != legal_.end() ? found->second : legal_.emplace(key, find_legal(dtype, builds_scores)).first->second;
}

std::vector<LayoutOption> LayoutOptions::find_legal(const DtypeOption& dtype, bool builds_scores) {
  std::vector<LayoutOption> options;
  for (const Layout& layout : layouts_) {
    const KernelCandidate* kernel = first_legal(kernels_.at(dtype, layout), layout, builds_scores);
    if (kernel == nullptr) continue;
    LayoutOption option{layout, kernel, timer_.total_seconds(kernel->kernel, kernel->dtype, layout), {}};
    option.objective_seconds = objective_seconds(judged_, layout, option.total_seconds);
    options.push_back(option);
  }
  const auto value_of = [](const LayoutOption& option) {
    return option.objective_seconds.value_or(std::numeric_limits<double>::infinity());
  };
  std::stable_sort(options.begin(), options.end(),
                   [&](const LayoutOption& a, const LayoutOption& b) { return value_of(a) < value_of(b); });
  return options;
}

}  // namespace diffcheck
