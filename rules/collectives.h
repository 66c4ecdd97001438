// How long ranks take to exchange tensors: bytes over the rate of the link, with what shared links leave of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "rules/fabric.h"
#include "rules/mesh.h"

namespace diffcheck {

/// Which end of a coefficient's range is taken.
enum class Bound { slow, expected, fast };
/// Of a rate or share: more is faster.
double rate(const Range& range, Bound bound);
/// Of a duration or an amount of work: more is slower.
double cost(const Range& range, Bound bound);

bool crosses_nodes(const Fabric& fabric, const RankGroup& group);
/// Kind of the worst link inside such groups: nvlink, pcie, infiniband ...; "" where it is not known.
std::string link_name(const Fabric& fabric, const RankGroup& group);

// Seconds; nullopt where the group crosses nodes and the network between them is not known. `bytes` are those that one
// rank sends; all groups of the run are taken to send at once.

/// Every rank sends `bytes` to the next one.
std::optional<double> send_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound);
/// Every rank sends `bytes` in equal parts to all others.
std::optional<double> all_to_all_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound);
/// Sums a tensor of `bytes` over the group, in a ring.
std::optional<double> all_reduce_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound);
/// Every rank holds an equal part of `bytes` and gets the others.
std::optional<double> all_gather_seconds(const Fabric& fabric, const RankGroup& group, double bytes, Bound bound);

}  // namespace diffcheck
