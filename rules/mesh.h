// Where ranks stand: in which order an engine counts its ranks along the axes of a layout, the groups that follow, and
// the nodes that a layout fills. Ranks are node-major, as torchrun counts them: a node holds consecutive ranks.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/plan.h"

namespace diffcheck {

struct EngineVariant;

/// Ranks first, first + stride, first + 2 stride ...; the run has one such group for each first rank.
struct RankGroup {
  std::int64_t size = 1;
  std::int64_t stride = 1;
  std::int64_t span() const { return size * stride; }
  friend auto operator<=>(const RankGroup&, const RankGroup&) = default;
};

/// The axes that make the world size; neighbours along the first have consecutive ranks.
using MeshOrder = std::array<std::int64_t Layout::*, 6>;

/// That of most engines: tensor, Ulysses, ring, PipeFusion, guidance, replicas.
MeshOrder usual_mesh_order();
/// The variant's own. Axes that it does not name follow in the usual order: their degree is 1.
MeshOrder mesh_order_of(const EngineVariant& variant);
/// "ulysses"; "" for what is no axis.
std::string_view axis_name(std::int64_t Layout::*axis);

RankGroup group_along(const Layout& layout, const MeshOrder& order, std::int64_t Layout::*axis);
/// Weights are sharded over consecutive ranks.
RankGroup shard_group(const Layout& layout);

/// What a launcher starts: as few nodes as hold the ranks in equal parts.
struct Placement {
  std::int64_t nodes = 1;
  std::int64_t gpus_per_node = 1;
  friend bool operator==(const Placement&, const Placement&) = default;
};
/// nodes is 0 where the ranks do not fit: `nodes` of `gpus_per_node` GPUs hold no equal parts of them.
Placement placement_of(std::int64_t world_size, std::int64_t nodes, std::int64_t gpus_per_node);

/// Whether some group of this shape has ranks on two nodes, where the run fills `placement`.
bool crosses_nodes(const RankGroup& group, const Placement& placement);

}  // namespace diffcheck
