// The attention kernels that an engine takes, by dtype and layout; worked out once for all layouts that select alike.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/attention.h"
#include "rules/judged_case.h"

namespace diffcheck {

class KernelTable {
 public:
  /// `judged` must outlive it, and have a variant.
  explicit KernelTable(const JudgedCase& judged);

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
  std::string answer(std::size_t leaf, const DtypeOption& dtype, const Layout& layout);

  const JudgedCase& judged_;
  std::vector<CandidateLeaf> leaves_;
  std::vector<std::map<std::int64_t, Truth>> answers_;  ///< Of each leaf that asks for one degree, by that degree.
  std::map<std::string, std::vector<KernelCandidate>> table_;
};

}  // namespace diffcheck
