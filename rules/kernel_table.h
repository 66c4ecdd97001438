// The attention kernels that an engine takes, by dtype and layout; worked out once for all layouts that select alike.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/attention.h"
#include "rules/judged_case.h"

namespace diffcheck {

class KernelTable {
 public:
  /// `judged` must outlive it, and have a variant.
  KernelTable(const JudgedCase& judged, Detail detail);

  /// What kernel_candidates_on_all_nodes() gives.
  const std::vector<KernelCandidate>& at(const DtypeOption& dtype, const Layout& layout);

 private:
  /// A condition of the engine's selection that asks for a fact of the candidate.
  struct CandidateLeaf {
    Condition leaf;
    /// It asks for one fact alone, so that its truth is all that matters; else the fact's value is.
    bool alone = true;
  };
  static void collect_leaves(const Condition& condition, bool alone, std::vector<CandidateLeaf>& leaves);
  static std::vector<CandidateLeaf> leaves_that_select(const EngineVariant& variant);
  /// `facts` of the candidate are worked out where they are needed, once for all leaves.
  std::string answer(std::size_t leaf, const DtypeOption& dtype, const Layout& layout, std::optional<FactTable>& facts);

  const JudgedCase& judged_;
  Detail detail_;
  std::vector<CandidateLeaf> leaves_;
  std::vector<std::map<std::int64_t, Truth>> answers_;  ///< Of each leaf that asks for one degree, by that degree.
  std::map<std::string, std::vector<KernelCandidate>> table_;
  /// What table_ holds, by dtype and layout.
  std::map<std::pair<std::string, Layout>, const std::vector<KernelCandidate>*> by_layout_;
};

}  // namespace diffcheck
