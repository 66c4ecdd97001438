// The machine that is judged: this one, a recorded one, a snapshot, or one that was only named; with --set on top.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "probe/snapshot.h"
#include "report/options.h"
#include "rules/knowledge.h"
#include "rules/node_set.h"

namespace diffcheck {

struct Machine {
  Snapshot snapshot;
  bool simulated = false;
  std::int64_t nodes = 1;
  std::shared_ptr<const NodeSet> node_set;  ///< Where several machines were named; the snapshot stands for all.
  std::vector<Error> crashed;               ///< Probes that failed by a defect of their own.
};

/// The source trees that an engine is recognised by: those of `engine`, or of all engines for "".
ProbeChoice probe_choice(const SourceOptions& source, const Knowledge& knowledge, const std::string& engine);

/// The System of --root, or the live one.
Result<System> system_of(const SourceOptions& source);

Result<Machine> load_machine(const SourceOptions& source, const Knowledge& knowledge, const std::string& engine);

}  // namespace diffcheck
