#include "rules/mesh.h"

#include <algorithm>
#include <utility>

#include "rules/knowledge.h"

namespace diffcheck {
namespace {

struct NamedAxis {
  std::string_view name;
  std::int64_t Layout::*degree;
};

/// In the usual order.
constexpr std::array<NamedAxis, 6> k_axes = {{{"tensor", &Layout::tensor},
                                              {"ulysses", &Layout::ulysses},
                                              {"ring", &Layout::ring},
                                              {"pipefusion", &Layout::pipefusion},
                                              {"cfg", &Layout::cfg},
                                              {"data", &Layout::data}}};

}  // namespace

MeshOrder usual_mesh_order() {
  MeshOrder order{};
  std::transform(k_axes.begin(), k_axes.end(), order.begin(), [](const NamedAxis& axis) { return axis.degree; });
  return order;
}

MeshOrder mesh_order_of(const EngineVariant& variant) {
  MeshOrder order = usual_mesh_order();
  auto next = order.begin();
  for (const std::string& name : variant.mesh) {
    const auto found = std::find_if(next, order.end(), [&](auto axis) { return axis_name(axis) == name; });
    if (found == order.end()) continue;  // the loader refuses other names, and one that stands twice
    std::rotate(next, found, std::next(found));
    ++next;
  }
  return order;
}

std::string_view axis_name(std::int64_t Layout::*axis) {
  const auto found =
      std::find_if(k_axes.begin(), k_axes.end(), [&](const NamedAxis& one) { return one.degree == axis; });
  return found == k_axes.end() ? std::string_view() : found->name;
}

RankGroup group_along(const Layout& layout, const MeshOrder& order, std::int64_t Layout::*axis) {
  RankGroup group{layout.*axis, 1};
  for (const auto inner : order) {
    if (inner == axis) break;
    group.stride *= layout.*inner;
  }
  return group;
}

RankGroup shard_group(const Layout& layout) { return {layout.fsdp, 1}; }

Placement placement_of(std::int64_t world_size, std::int64_t nodes, std::int64_t gpus_per_node) {
  const std::int64_t fewest = (world_size + gpus_per_node - 1) / gpus_per_node;
  for (std::int64_t count = std::max<std::int64_t>(1, fewest); count <= nodes; ++count) {
    if (world_size % count == 0) return {count, world_size / count};
  }
  return {0, 0};
}

bool crosses_nodes(const RankGroup& group, const Placement& placement) {
  if (group.size < 2 || placement.nodes < 2) return false;
  // Groups of one shape fill consecutive blocks of ranks; a block that does not divide a node lies on two somewhere.
  return group.span() > placement.gpus_per_node || placement.gpus_per_node % group.span() != 0;
}

}  // namespace diffcheck
