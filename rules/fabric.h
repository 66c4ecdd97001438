// What joins the GPUs of a run: the link between them, the processors they hang on, the network between nodes; as
// rates, from the facts of the machine and the coefficients of data/timing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rules/judged_case.h"
#include "rules/message.h"
#include "rules/timing_tables.h"

namespace diffcheck {

struct Fabric {
  std::int64_t gpus_per_node = 1;
  std::int64_t nodes = 1;
  std::vector<std::int64_t> sockets;  ///< Of each GPU of a node, in the order of ranks.
  Range pair_bytes_per_second;        ///< One GPU sends to one other; 0 where it is not known.
  double all_reduce_share = 1;
  double all_to_all_exponent = 0;                ///< See LinkClass.
  std::optional<Range> socket_bytes_per_second;  ///< One way, shared by all that cross; nullopt: no bound.
  std::optional<Range> node_bytes_per_second;    ///< Of one node, one way; nullopt: not known.
  Grade grade = Grade::assumed;
  Grade network_grade = Grade::assumed;
  std::vector<Message> assumptions;
  Message unknown;  ///< Why the link is not known; empty where it is.
};

/// Never fails: a link that is not told is that of the product, and said to be assumed.
Fabric fabric_of(const JudgedCase& judged);

}  // namespace diffcheck
