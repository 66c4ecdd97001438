#include "rules/collectives.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace diffcheck {
namespace {

/// Whether a group of this shape has ranks on two processors of one node.
bool crosses_sockets(const Fabric& fabric, const RankGroup& group) {
  const auto ranks = static_cast<std::int64_t>(fabric.sockets.size());
  const std::int64_t span = std::min(group.span(), ranks);
  for (std::int64_t block = 0; block + span <= ranks; block += span) {
    const auto first = fabric.sockets.begin() + block;
    if (std::any_of(first, first + span, [&](std::int64_t socket) { return socket != *first; })) return true;
  }
  return false;
}

/// Whether all pairs inside each group of this shape have a link of their own.
bool is_bridged(const Fabric& fabric, const RankGroup& group) {
  if (!fabric.bridge || crosses_nodes(fabric, group)) return false;
  for (std::int64_t first = 0; first < fabric.gpus_per_node; ++first) {
    if (first % group.span() / group.stride != 0) continue;
    const std::int64_t end = std::min(fabric.gpus_per_node, first + group.span());
    for (std::int64_t i = first; i < end; i += group.stride) {
      for (std::int64_t j = first; j < end; j += group.stride) {
        if (i != j && !fabric.bridged[static_cast<std::size_t>(i * fabric.gpus_per_node + j)]) return false;
      }
    }
  }
  return true;
}

/// Of the worst link inside such groups.
PairLink link_inside(const Fabric& fabric, const RankGroup& group) {
  if (is_bridged(fabric, group)) return *fabric.bridge;
  return {fabric.pair_bytes_per_second, fabric.all_reduce_share, fabric.all_to_all_exponent};
}

/// Where each node has one GPU, only the network bounds.
double pair_rate(const Fabric& fabric, const RankGroup& group, Bound bound) {
  if (fabric.gpus_per_node < 2) return std::numeric_limits<double>::infinity();
  return rate(link_inside(fabric, group).pair_bytes_per_second, bound);
}

/// Groups that send through the same boundary at once: those that are interleaved.
double interleaved(const Fabric& fabric, const RankGroup& group) {
  return static_cast<double>(std::clamp<std::int64_t>(group.stride, 1, fabric.gpus_per_node));
}

/// What one rank sends to its neighbour, with boundaries shared by all groups that are interleaved.
std::optional<double> neighbour_rate(const Fabric& fabric, const RankGroup& group, Bound bound) {
  double bytes_per_second = pair_rate(fabric, group, bound);
  const double groups = interleaved(fabric, group);
  if (crosses_nodes(fabric, group)) {
    if (!fabric.node_bytes_per_second) return std::nullopt;
    bytes_per_second = std::min(bytes_per_second, rate(*fabric.node_bytes_per_second, bound) / groups);
  }
  if (fabric.socket_bytes_per_second && !is_bridged(fabric, group) && crosses_sockets(fabric, group))
    bytes_per_second = std::min(bytes_per_second, rate(*fabric.socket_bytes_per_second, bound) / groups);
  return bytes_per_second;
}

}  // namespace

double rate(const Range& range, Bound bound) {
  return bound == Bound::slow ? range.low : bound == Bound::fast ? range.high : range.value;
}

double cost(const Range& range, Bound bound) {
  return bound == Bound::slow ? range.high : bound == Bound::fast ? range.low : range.value;
}

bool crosses_nodes(const Fabric& fabric, const RankGroup& group) {
  return crosses_nodes(group, Placement{fabric.nodes, fabric.gpus_per_node});
}

std::string link_name(const Fabric& fabric, const RankGroup& group) {
  if (crosses_nodes(fabric, group)) return fabric.network_kind;
  return is_bridged(fabric, group) ? fabric.bridge_kind : fabric.kind;
}

std::optional<double> send_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound) {
  if (group.size < 2) return 0;
  const auto bytes_per_second = neighbour_rate(fabric, group, bound);
  if (!bytes_per_second) return std::nullopt;
  return bytes / *bytes_per_second;
}

std::optional<double> all_to_all_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound) {
  if (group.size < 2) return 0;
  const auto size = static_cast<double>(group.size);
  const double exponent = link_inside(fabric, group).all_to_all_exponent;
  const double alone = pair_rate(fabric, group, bound) / std::pow(size - 1, exponent);
  double seconds = bytes / alone;
  // Of what a rank sends, the share for ranks beyond a boundary has to pass it, together with that of its neighbours.
  const auto through = [&](const Range& boundary, double members) {
    const double crossing = interleaved(fabric, group) * members * bytes * (size - members) / (size - 1);
    seconds = std::max(seconds, crossing / rate(boundary, bound));
  };
  if (crosses_nodes(fabric, group)) {
    if (!fabric.node_bytes_per_second) return std::nullopt;
    const std::int64_t on_a_node = std::clamp<std::int64_t>(fabric.gpus_per_node / group.stride, 1, group.size - 1);
    through(*fabric.node_bytes_per_second, static_cast<double>(on_a_node));
  } else if (fabric.socket_bytes_per_second && !is_bridged(fabric, group) && crosses_sockets(fabric, group)) {
    through(*fabric.socket_bytes_per_second, std::max(1.0, std::floor(size / 2)));
  }
  return seconds;
}

std::optional<double> all_reduce_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound) {
  if (group.size < 2) return 0;
  const auto size = static_cast<double>(group.size);
  const auto sent = send_seconds(fabric, group, 2 * bytes * (size - 1) / size, bound);
  if (!sent) return std::nullopt;
  return *sent / link_inside(fabric, group).all_reduce_share;
}

std::optional<double> all_gather_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound) {
  if (group.size < 2) return 0;
  const auto size = static_cast<double>(group.size);
  return send_seconds(fabric, group, bytes * (size - 1) / size, bound);
}

}  // namespace diffcheck
