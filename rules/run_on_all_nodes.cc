#include "rules/run_on_all_nodes.h"

#include <algorithm>
#include <iterator>

#include "rules/node_set.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

/// The name that the user gave to the node.
std::string name_of_node(const JudgedCase& node) {
  const NodeSet& set = *node.request.node_set;
  const auto found = std::find_if(set.nodes.begin(), set.nodes.end(),
                                  [&](const Node& one) { return &one.snapshot == &node.snapshot; });
  return found == set.nodes.end() ? std::string() : found->name;
}

std::vector<Reason> named(std::vector<Reason> reasons, const std::string& node) {
  for (Reason& reason : reasons) reason.text = {node + ": " + reason.text.english, node + "：" + reason.text.chinese};
  return reasons;
}

void add_settings(std::vector<Setting>& settings, const std::vector<Setting>& more) {
  for (const Setting& setting : more) {
    if (std::find(settings.begin(), settings.end(), setting) == settings.end()) settings.push_back(setting);
  }
}

/// On this node it is not even known which release of the engine there is.
Reason engine_unknown(const JudgedCase& node) {
  Reason reason;
  reason.condition = "engine/release";
  reason.text = say(node.knowledge, "node-engine-unknown");
  return reason;
}

void judge_on(const JudgedCase& node, const KernelCandidate* there, KernelCandidate& candidate) {
  const std::string name = name_of_node(node);
  if (there == nullptr) {
    candidate.verdict = both(candidate.verdict, Truth::unknown);
    candidate.reasons.push_back(named({engine_unknown(node)}, name).front());
    return;
  }
  const Truth before = both(candidate.verdict, candidate.reachable);
  const Truth after = both(there->verdict, there->reachable);
  candidate.verdict = both(candidate.verdict, there->verdict);
  candidate.reachable = both(candidate.reachable, there->reachable);
  candidate.returns_lse = candidate.returns_lse && there->returns_lse;
  add_settings(candidate.settings, there->settings);
  if (after >= before) return;
  // The decisive reason comes first.
  std::vector<Reason> reasons = named(there->reasons, name);
  std::move(candidate.reasons.begin(), candidate.reasons.end(), std::back_inserter(reasons));
  candidate.reasons = std::move(reasons);
}

bool is_better(const KernelCandidate& left, const KernelCandidate& right) {
  return both(left.verdict, left.reachable) > both(right.verdict, right.reachable);
}

}  // namespace

std::vector<KernelCandidate> kernel_candidates_on_all_nodes(const JudgedCase& judged, const DtypeOption& dtype,
                                                            const Layout& layout, Detail detail) {
  std::vector<KernelCandidate> candidates = kernel_candidates(judged, dtype, layout, detail);
  for (const JudgedCase& node : judged.other_nodes) {
    const auto there =
        node.variant == nullptr ? std::vector<KernelCandidate>() : kernel_candidates(node, dtype, layout, detail);
    for (KernelCandidate& candidate : candidates) {
      const auto same = std::find_if(there.begin(), there.end(),
                                     [&](const KernelCandidate& one) { return one.kernel == candidate.kernel; });
      judge_on(node, same == there.end() ? nullptr : &*same, candidate);
    }
  }
  if (!judged.other_nodes.empty()) std::stable_sort(candidates.begin(), candidates.end(), is_better);
  return candidates;
}

EngineDefault engine_default_on_all_nodes(const JudgedCase& judged, const std::string& dtype, const Layout& layout,
                                          Detail detail) {
  EngineDefault worst = engine_default(judged, dtype, layout, detail);
  for (const JudgedCase& node : judged.other_nodes) {
    if (node.variant == nullptr) continue;  // kernel_candidates_on_all_nodes says so
    EngineDefault there = engine_default(node, dtype, layout, detail);
    if (there.verdict >= worst.verdict) continue;
    there.reasons = named(std::move(there.reasons), name_of_node(node));
    worst = std::move(there);
  }
  return worst;
}

std::vector<KernelOnMachine> kernels_on_all_nodes(const JudgedCase& judged) {
  std::vector<KernelOnMachine> table = kernels_on_machine(judged);
  for (const JudgedCase& node : judged.other_nodes) {
    const std::vector<KernelOnMachine> there = kernels_on_machine(node);
    for (std::size_t i = 0; i < std::min(table.size(), there.size()); ++i) {
      if (there[i].verdict >= table[i].verdict) continue;
      table[i].verdict = there[i].verdict;
      table[i].reasons = named(there[i].reasons, name_of_node(node));
    }
  }
  return table;
}

}  // namespace diffcheck
