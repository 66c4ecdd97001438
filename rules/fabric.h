// What joins the GPUs of a run: the link between them, the processors they hang on, the network between nodes; as
// rates, from the facts of the machine and the coefficients of data/timing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/judged_case.h"
#include "rules/mesh.h"
#include "rules/message.h"
#include "rules/timing_tables.h"

namespace diffcheck {

/// Rates among GPUs that one kind of link joins.
struct PairLink {
  Range pair_bytes_per_second;
  double all_reduce_share = 1;
  double all_to_all_exponent = 0;  ///< See LinkClass.
};

struct Fabric {
  std::int64_t gpus_per_node = 1;
  std::int64_t nodes = 1;
  std::string kind, bridge_kind, network_kind;  ///< nvlink, pcie, infiniband ...; "" where it is not known.
  std::vector<std::int64_t> sockets;            ///< Of each GPU of a node, in the order of ranks.
  Range pair_bytes_per_second;                  ///< One GPU sends to one other; 0 where it is not known.
  double all_reduce_share = 1;
  double all_to_all_exponent = 0;  ///< See LinkClass.
  /// Where only some pairs have a link of their own (bridges): what it carries. The rates above are of the others.
  std::optional<PairLink> bridge;
  std::vector<bool> bridged;                     ///< Of rank i of a node to rank j: at i * gpus_per_node + j.
  std::optional<Range> socket_bytes_per_second;  ///< One way, shared by all that cross; nullopt: no bound.
  std::optional<Range> node_bytes_per_second;    ///< Of one node, one way; nullopt: not known.
  Grade grade = Grade::assumed;
  Grade network_grade = Grade::assumed;
  std::vector<Message> assumptions;
  Message unknown;  ///< Why the link is not known; empty where it is.
};

/// What a machine has towards others.
struct NodeNetwork {
  std::string kind;  ///< infiniband or ethernet, as in data/timing/links.
  std::int64_t mbps = 0;
  friend bool operator==(const NodeNetwork&, const NodeNetwork&) = default;
};
/// The active InfiniBand or RoCE ports together, else the fastest interface that is up; nullopt where neither is told.
std::optional<NodeNetwork> network_of(const Snapshot& snapshot);

/// Where nodes differ, each rate is that of the slowest. Never fails: a link that is not told is that of the product,
/// and said to be assumed.
Fabric fabric_of(const JudgedCase& judged);

/// What is left of it for a run that fills fewer GPUs of each node, or fewer nodes: the first ones.
Fabric part_of(const Fabric& fabric, const Placement& placement);

}  // namespace diffcheck
