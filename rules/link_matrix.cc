#include "rules/link_matrix.h"

#include <map>

namespace diffcheck {
namespace {

Truth has_own_link(const GpuLinkFacts& link) {
  const auto& active = link.nvlink_active_links;
  if (active.is_known()) return truth_of(active.value() > 0);
  if (link.nvlink_version.is_known()) return Truth::yes;
  return link.nvlink_version.is_absent() ? Truth::no : Truth::unknown;
}

}  // namespace

Truth LinkMatrix::every_pair() const {
  Truth all = Truth::yes;
  for (std::size_t i = 0; i < ranks; ++i) {
    for (std::size_t j = 0; j < ranks; ++j) {
      if (i != j) all = both(all, at(i, j));
    }
  }
  return all;
}

bool LinkMatrix::some_pair() const {
  for (std::size_t i = 0; i < ranks; ++i) {
    for (std::size_t j = i + 1; j < ranks; ++j) {
      if (at(i, j) == Truth::yes && at(j, i) == Truth::yes) return true;
    }
  }
  return false;
}

LinkMatrix own_links(const JudgedCase& judged) { return own_links(judged.snapshot, judged.gpus); }

LinkMatrix own_links(const Snapshot& snapshot, const std::vector<std::size_t>& gpus) {
  LinkMatrix matrix{gpus.size(), std::vector<PairView>(gpus.size() * gpus.size())};
  std::map<std::string, std::size_t> ranks;
  for (std::size_t rank = 0; rank < gpus.size(); ++rank) {
    const auto& bus = snapshot.gpus[gpus[rank]].pci_bus_id;
    if (bus.is_known()) ranks.emplace(bus.value(), rank);
  }
  const auto rank_of = [&](const Fact<std::string>& bus) {
    const auto found = bus.is_known() ? ranks.find(bus.value()) : ranks.end();
    return found == ranks.end() ? gpus.size() : found->second;
  };
  for (std::size_t rank = 0; rank < gpus.size(); ++rank) {
    for (const GpuLinkFacts& link : snapshot.gpus[gpus[rank]].links) {
      const std::size_t peer = rank_of(link.peer_pci_bus_id);
      if (peer == gpus.size() || peer == rank) continue;
      matrix.views[rank * matrix.ranks + peer] = {has_own_link(link), link.nvlink_active_links, link.common_ancestor};
    }
  }
  for (const GpuPairFacts& pair : snapshot.topology.gpu_pairs) {
    const std::size_t first = rank_of(pair.first);
    const std::size_t second = rank_of(pair.second);
    if (first == gpus.size() || second == gpus.size()) continue;
    for (const std::size_t at : {first * matrix.ranks + second, second * matrix.ranks + first}) {
      if (!matrix.views[at].common_ancestor.is_known()) matrix.views[at].common_ancestor = pair.common_ancestor;
    }
  }
  return matrix;
}

}  // namespace diffcheck
