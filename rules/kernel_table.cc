#include "rules/kernel_table.h"

#include <string_view>

#include "rules/layout.h"
#include "rules/run_on_all_nodes.h"

namespace diffcheck {
namespace {

constexpr std::string_view k_candidate_prefix = "candidate.";

}  // namespace

void KernelTable::collect_leaves(const Condition& condition, bool alone, std::vector<CandidateLeaf>& leaves) {
  using Kind = Condition::Kind;
  if (condition.kind == Kind::leaf && condition.path.starts_with(k_candidate_prefix))
    leaves.push_back({condition, alone && condition.other.empty()});
  if (condition.kind == Kind::leaf && condition.other.starts_with(k_candidate_prefix)) {
    Condition swapped = condition;
    swapped.path = condition.other;
    leaves.push_back({swapped, false});
  }
  const bool quantified = condition.kind == Kind::every || condition.kind == Kind::some || condition.kind == Kind::none;
  for (const Condition& child : condition.children) collect_leaves(child, alone && !quantified, leaves);
}

/// What the engine's own selection and choices ask of the candidate: only this can make kernels differ by layout.
std::vector<KernelTable::CandidateLeaf> KernelTable::leaves_that_select(const EngineVariant& variant) {
  std::vector<CandidateLeaf> leaves;
  for (const SelectionStep& step : variant.attention_selection) {
    if (step.when) collect_leaves(*step.when, true, leaves);
  }
  for (const Choice& choice : variant.attention_choices) {
    if (choice.when) collect_leaves(*choice.when, true, leaves);
  }
  return leaves;
}

KernelTable::KernelTable(const JudgedCase& judged, Detail detail)
    : judged_(judged), detail_(detail), leaves_(leaves_that_select(*judged.variant)), answers_(leaves_.size()) {}

const std::vector<KernelCandidate>& KernelTable::at(const DtypeOption& dtype, const Layout& layout) {
  const auto [seen, is_new] = by_layout_.try_emplace({dtype.dtype, layout}, nullptr);
  if (!is_new) return *seen->second;
  std::string key = dtype.dtype;
  std::optional<FactTable> facts;
  for (std::size_t leaf = 0; leaf < leaves_.size(); ++leaf) {
    key += ";" + answer(leaf, dtype, layout, facts);
  }
  auto found = table_.find(key);
  if (found == table_.end())
    found = table_.emplace(key, kernel_candidates_on_all_nodes(judged_, dtype, layout, detail_)).first;
  seen->second = &found->second;
  return found->second;
}

std::string KernelTable::answer(std::size_t leaf, const DtypeOption& dtype, const Layout& layout,
                                std::optional<FactTable>& facts) {
  const Condition& condition = leaves_[leaf].leaf;
  Layout copy = layout;
  const std::int64_t* degree = copy.axis(std::string_view(condition.path).substr(k_candidate_prefix.size()));
  if (degree != nullptr && !leaves_[leaf].alone) return std::to_string(*degree);
  if (degree != nullptr) {
    const auto known_answer = answers_[leaf].find(*degree);
    if (known_answer != answers_[leaf].end()) return std::string(name_of(known_answer->second));
  }
  if (!facts) facts = candidate_facts(judged_, layout, dtype.dtype, nullptr, Truth::unknown);
  if (degree == nullptr) {
    const AnyFact& fact = facts->find(condition.path);
    return fact.is_known() ? to_text(fact.value()) : std::string();
  }
  const Truth truth = decide(condition, judged_.scope().add(*facts));
  answers_[leaf].emplace(*degree, truth);
  return std::string(name_of(truth));
}

}  // namespace diffcheck
