// What joins each pair of a node's GPUs, as the facts tell it: a link of their own (NVLink and the like), or the way
// over PCIe.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "rules/judged_case.h"
#include "rules/truth.h"

namespace diffcheck {

/// One end's view of a pair.
struct PairView {
  Truth own_link = Truth::unknown;    ///< A link that is not PCIe.
  Fact<std::int64_t> active_links;    ///< How many of them.
  Fact<std::string> common_ancestor;  ///< The way over PCI: PIX, PXB, PHB, NODE or SYS.
};

struct LinkMatrix {
  std::size_t ranks = 0;
  std::vector<PairView> views;  ///< Of rank i on rank j: at i * ranks + j.

  const PairView& view(std::size_t i, std::size_t j) const { return views[i * ranks + j]; }
  Truth at(std::size_t i, std::size_t j) const { return view(i, j).own_link; }
  /// Yes where every pair has a link of its own, no where one is known to have none.
  Truth every_pair() const;
  /// A pair that both ends tell of.
  bool some_pair() const;
};

/// Of the chosen GPUs, in the order of ranks.
LinkMatrix own_links(const JudgedCase& judged);
LinkMatrix own_links(const Snapshot& snapshot, const std::vector<std::size_t>& gpus);

}  // namespace diffcheck
