// The case under judgement: one machine, one request, and the knowledge that applies to them, with every fact that a
// rule may name laid out for look-up. Built once a diagnosis.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "probe/fact_table.h"
#include "probe/snapshot.h"
#include "rules/derived.h"
#include "rules/diagnosis.h"
#include "rules/knowledge.h"
#include "rules/request.h"
#include "rules/scope.h"

namespace diffcheck {

struct Node;

struct JudgedCase {
  const Knowledge& knowledge;
  const Snapshot& snapshot;
  const Request& request;
  Workload workload;
  const Engine* engine = nullptr;          ///< nullptr where none was named.
  const EngineVariant* variant = nullptr;  ///< nullptr where it cannot be told.
  const ModelCard* model = nullptr;        ///< nullptr where none was named.
  std::vector<std::size_t> gpus;           ///< The chosen GPUs: indices into snapshot.gpus.
  WorkloadNumbers numbers;
  std::shared_ptr<const FactTable> machine;  ///< The snapshot's facts, shared by all cases on one machine.
  FactTable facts;                           ///< Request, workload, model, derived and engine facts.
  /// For each chosen GPU: `gpu.*` and `device.*`; shared by all cases that choose the same.
  std::vector<std::shared_ptr<const FactTable>> gpu_facts;
  /// Positions in `gpus`, one for each group of GPUs that no kernel's requirement tells apart.
  std::vector<std::size_t> distinct_gpus;
  std::vector<Message> assumptions;
  std::shared_ptr<const ModelOnDisk> on_disk;  ///< Holds `model` where a checkpoint decides over the card.
  /// The same request on a node of each other kind: what is chosen has to be right on them too.
  std::vector<JudgedCase> other_nodes;

  Scope scope() const { return Scope().add(*machine).add(facts); }
  /// What a kernel's requirements see on one chosen GPU.
  Scope scope_on_gpu(std::size_t chosen) const { return scope().add(*gpu_facts[chosen]); }
};

/// The snapshot's facts, with what is known to be complete.
std::shared_ptr<const FactTable> facts_of(const Snapshot& snapshot);

/// Errors are not possible: what cannot be found out stays unknown in the facts. `machine` is facts_of(snapshot).
JudgedCase judge_case(const Knowledge& knowledge, const Snapshot& snapshot, const Request& request,
                      std::shared_ptr<const FactTable> machine);
/// Another request on the same machine.
JudgedCase judge_case(const JudgedCase& like, const Request& request);

/// The request on one node of its set alone, with as many GPUs as `all` uses of each.
JudgedCase judge_node(const JudgedCase& all, const Node& node);

/// The GPUs that a process would see, in CUDA order: indices into snapshot.gpus.
std::vector<std::size_t> usable_gpus(const Snapshot& snapshot);

/// The same case with another dtype.
Workload with_dtype(Workload workload, const std::string& dtype, const std::string& source);

}  // namespace diffcheck
