// The machines of one run, as they were recorded one by one: which are alike, and the one machine that stands for all
// because it has no more than any of them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "probe/fact_table.h"
#include "probe/snapshot.h"
#include "rules/knowledge.h"

namespace diffcheck {

struct Request;

/// One machine with the name that the user knows it by.
struct NamedSnapshot {
  std::string name;
  Snapshot snapshot;
};

/// A machine of the run, with what follows from its product and its torch filled in.
struct Node {
  std::string name;
  Snapshot snapshot;
  std::shared_ptr<const FactTable> facts;
};

struct NodeSet {
  std::vector<Node> nodes;         ///< As they were named.
  std::vector<std::size_t> kinds;  ///< The first node of each kind; kinds differ in more than names and what moves.
  std::size_t weakest = 0;         ///< The node with the fewest GPUs, and of those the least memory.
  Snapshot standing_for_all;       ///< That node, with no more memory than any other.
};

/// `nodes` is not empty.
std::shared_ptr<const NodeSet> node_set_of(std::vector<NamedSnapshot> nodes, const Knowledge& knowledge);

/// "a.json, b.json and 6 more".
std::string names_of(const NodeSet& set, const std::vector<std::size_t>& nodes);

}  // namespace diffcheck
