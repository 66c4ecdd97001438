#include "rules/collectives.h"

#include <algorithm>
#include <cmath>

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

/// Groups that send through the same boundary at once: those that are interleaved.
double interleaved(const Fabric& fabric, const RankGroup& group) {
  return static_cast<double>(std::clamp<std::int64_t>(group.stride, 1, fabric.gpus_per_node));
}

/// What one rank sends to its neighbour, with boundaries shared by all groups that are interleaved.
std::optional<double> neighbour_rate(const Fabric& fabric, const RankGroup& group, Bound bound) {
  double bytes_per_second = rate(fabric.pair_bytes_per_second, bound);
  const double groups = interleaved(fabric, group);
  if (crosses_nodes(fabric, group)) {
    if (!fabric.node_bytes_per_second) return std::nullopt;
    bytes_per_second = std::min(bytes_per_second, rate(*fabric.node_bytes_per_second, bound) / groups);
  }
  if (fabric.socket_bytes_per_second && crosses_sockets(fabric, group))
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
  return group.size > 1 && group.span() > fabric.gpus_per_node;
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
  const double alone = rate(fabric.pair_bytes_per_second, bound) / std::pow(size - 1, fabric.all_to_all_exponent);
  double seconds = bytes / alone;
  // Of what a rank sends, the share for ranks beyond a boundary has to pass it, together with that of its neighbours.
  const auto through = [&](const Range& boundary, double members) {
    const double crossing = interleaved(fabric, group) * members * bytes * (size - members) / (size - 1);
    seconds = std::max(seconds, crossing / rate(boundary, bound));
  };
  if (crosses_nodes(fabric, group)) {
    if (!fabric.node_bytes_per_second) return std::nullopt;
    through(*fabric.node_bytes_per_second,
            static_cast<double>(std::max<std::int64_t>(1, fabric.gpus_per_node / group.stride)));
  } else if (fabric.socket_bytes_per_second && crosses_sockets(fabric, group)) {
    through(*fabric.socket_bytes_per_second, std::max(1.0, std::floor(size / 2)));
  }
  return seconds;
}

std::optional<double> all_reduce_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound) {
  if (group.size < 2) return 0;
  const auto size = static_cast<double>(group.size);
  const auto sent = send_seconds(fabric, group, 2 * bytes * (size - 1) / size, bound);
  if (!sent) return std::nullopt;
  return *sent / fabric.all_reduce_share;
}

std::optional<double> all_gather_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound) {
  if (group.size < 2) return 0;
  const auto size = static_cast<double>(group.size);
  return send_seconds(fabric, group, bytes * (size - 1) / size, bound);
}

}  // namespace diffcheck
