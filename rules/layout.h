// Parallel layouts: which degrees an engine accepts for a model, in a simple stated order, which holds where times are
// not known and between equal ones.
//
// Order: all GPUs that were asked for before fewer; guidance parallel before sequence parallel (it moves least);
// Ulysses before ring; both before what changes results or shards weights; data parallel last.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "rules/attention.h"
#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

/// The axes whose degrees make the world size, outermost first.
constexpr std::array<std::string_view, 6> k_product_axes = {"data", "cfg", "ulysses", "ring", "pipefusion", "tensor"};

/// Degree of an axis by name, for const layouts.
std::int64_t degree(const Layout& layout, std::string_view axis);
/// Product of the degrees that make the world size: all but fsdp and vae, which reuse ranks. At most what the type
/// holds.
std::int64_t product(const Layout& layout);

/// The degree that the user fixed for an axis; nullopt where it is open or no whole number.
std::optional<std::int64_t> pinned_degree(const Request& request, std::string_view axis);

/// The engine's axis of that name for this model and version; nullptr where it has none.
const Axis* usable_axis(const JudgedCase& judged, std::string_view name);

/// By how much the layout divides something ("weights", "activations" ...) between the ranks, over all axes that do.
double division_of(const JudgedCase& judged, const Layout& layout, std::string_view what);

/// Every combination of degrees that the engine's axes and the pins allow, for 1 to all GPUs, as far as some nodes hold
/// equal parts of them, in the fixed order. Not
/// yet checked against the constraints. On more than 64 GPUs without degrees that leave ranks with nothing to do: more
/// Ulysses or tensor ranks than twice the heads (engines pad to at most that), more stages than blocks.
std::vector<Layout> enumerate_layouts(const JudgedCase& judged);

/// The layout the user fixed, with degree 1 for what was left open; what the engine would be started with.
Layout requested_layout(const Request& request);

/// The engine's constraints, and pins on axes it does not have.
Judgement judge_layout(const JudgedCase& judged, const Layout& layout, const KernelCandidate& kernel);

/// Only the truth of it, which is faster.
Truth decide_layout(const JudgedCase& judged, const Layout& layout, const KernelCandidate& kernel);

/// "cfg 2 x ulysses 4", or "1 GPU".
std::string to_text(const Layout& layout);

}  // namespace diffcheck
