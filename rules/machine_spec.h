// Machines that were only named: "--machine 8xH100-SXM", "1xT4", "2x8xL40".
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "probe/result.h"
#include "probe/snapshot.h"
#include "rules/knowledge.h"

namespace diffcheck {

struct MachineOptions {
  std::optional<std::string> link;  ///< nvlink, pcie3, pcie4 or pcie5
  std::optional<std::int64_t> sockets;
  std::optional<std::string> network;  ///< ib-400, roce-200, eth-100 ...: one adapter a node
};

struct SimulatedMachine {
  Snapshot snapshot;
  std::int64_t nodes = 1;
};

/// SPEC = [NODESx]COUNTxGPU, or just a GPU. Errors: shape, counts out of range, an unknown GPU (with the nearest
/// names), link or network.
Result<SimulatedMachine> machine_from_spec(const std::string& spec, const MachineOptions& options,
                                           const Knowledge& knowledge);

/// Fills facts that stay unknown with what data/assumptions takes for granted on a named machine; says so in
/// `assumptions`.
Snapshot with_assumptions(Snapshot snapshot, const Knowledge& knowledge, std::vector<Message>& assumptions);

}  // namespace diffcheck
