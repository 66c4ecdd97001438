#include "rules/node_set.h"

#include <algorithm>
#include <map>

#include "rules/gpu_products.h"
#include "rules/judged_case.h"
#include "rules/torch_support.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_names = 3;

/// What makes two nodes of one kind: everything but identities and what is another every minute.
std::string kind_key(Snapshot snapshot) {
  for (GpuFacts& gpu : snapshot.gpus) {
    gpu.uuid = {};
    gpu.memory.free_bytes = gpu.memory.used_bytes = {};
    gpu.pcie.generation = gpu.pcie.max_generation.is_known() ? Fact<std::int64_t>() : gpu.pcie.generation;
    gpu.pcie.width = gpu.pcie.max_width.is_known() ? Fact<std::int64_t>() : gpu.pcie.width;
    gpu.health = {};
  }
  snapshot.visibility = {};
  snapshot.memory = {};
  snapshot.storage = {};
  snapshot.os = {};
  return snapshot_to_json(snapshot, true);
}

template <class T>
void lower(Fact<T>& fact, const Fact<T>& other, const std::string& name) {
  // What one node does not tell takes no bound away that another one sets.
  if (other.is_known() && (!fact.is_known() || other.value() < fact.value()))
    fact = known(other.value(), name + ": " + other.source());
}

/// No more memory than `other` has. Its GPUs are compared by their place in the order of ranks.
/// What a run may take: free memory where it was read, else all.
const Fact<Bytes>& usable(const GpuMemoryFacts& memory) {
  return memory.free_bytes.is_known() ? memory.free_bytes : memory.total_bytes;
}

/// A node that tells neither leaves it unknown whether anything fits there.
void lower_gpu_memory(GpuMemoryFacts& memory, const GpuMemoryFacts& other, const std::string& name) {
  if (!usable(memory).is_known()) return;
  if (!usable(other).is_known()) {
    memory.free_bytes = unknown<Bytes>(name, usable(other).why());
    memory.total_bytes = memory.free_bytes;
    return;
  }
  const bool is_read = memory.free_bytes.is_known() || other.free_bytes.is_known();
  if (is_read) {
    memory.free_bytes = usable(memory);
    lower(memory.free_bytes, usable(other), name);
  }
  lower(memory.total_bytes, other.total_bytes, name);
}

void lower_memory(Snapshot& snapshot, const Node& other) {
  lower(snapshot.memory.total_bytes, other.snapshot.memory.total_bytes, other.name);
  lower(snapshot.memory.available_bytes, other.snapshot.memory.available_bytes, other.name);
  lower(snapshot.memory.limit_bytes, other.snapshot.memory.limit_bytes, other.name);
  lower(snapshot.memory.swap_free_bytes, other.snapshot.memory.swap_free_bytes, other.name);
  const std::vector<std::size_t> mine = usable_gpus(snapshot);
  const std::vector<std::size_t> theirs = usable_gpus(other.snapshot);
  for (std::size_t rank = 0; rank < std::min(mine.size(), theirs.size()); ++rank) {
    GpuMemoryFacts& memory = snapshot.gpus[mine[rank]].memory;
    const GpuMemoryFacts& limit = other.snapshot.gpus[theirs[rank]].memory;
    lower_gpu_memory(memory, limit, other.name);
  }
}

std::int64_t least_memory(const Snapshot& snapshot) {
  std::int64_t least = INT64_MAX;
  for (const std::size_t gpu : usable_gpus(snapshot)) {
    const auto& total = snapshot.gpus[gpu].memory.total_bytes;
    least = std::min(least, total.is_known() ? total.value().count : 0);
  }
  return least;
}

bool is_weaker(const Snapshot& left, const Snapshot& right) {
  const std::size_t left_gpus = usable_gpus(left).size();
  const std::size_t right_gpus = usable_gpus(right).size();
  return left_gpus != right_gpus ? left_gpus < right_gpus : least_memory(left) < least_memory(right);
}

}  // namespace

std::shared_ptr<const NodeSet> node_set_of(std::vector<NamedSnapshot> nodes, const Knowledge& knowledge) {
  auto set = std::make_shared<NodeSet>();
  set->nodes.reserve(nodes.size());
  std::map<std::string, std::size_t> kinds;
  for (NamedSnapshot& node : nodes) {
    Snapshot snapshot = with_torch_facts(with_product_facts(std::move(node.snapshot), knowledge), knowledge);
    if (kinds.emplace(kind_key(snapshot), set->nodes.size()).second) set->kinds.push_back(set->nodes.size());
    auto facts = facts_of(snapshot);
    set->nodes.push_back({std::move(node.name), std::move(snapshot), std::move(facts)});
  }
  for (std::size_t i = 1; i < set->nodes.size(); ++i) {
    if (is_weaker(set->nodes[i].snapshot, set->nodes[set->weakest].snapshot)) set->weakest = i;
  }
  set->standing_for_all = set->nodes[set->weakest].snapshot;
  for (const Node& node : set->nodes) lower_memory(set->standing_for_all, node);
  return set;
}

std::string names_of(const NodeSet& set, const std::vector<std::size_t>& nodes) {
  std::string text;
  const std::size_t shown = nodes.size() > k_most_names + 1 ? k_most_names : nodes.size();
  for (std::size_t i = 0; i < shown; ++i) text += (text.empty() ? "" : ", ") + set.nodes[nodes[i]].name;
  if (shown < nodes.size()) text += ", +" + std::to_string(nodes.size() - shown);
  return text;
}

}  // namespace diffcheck
