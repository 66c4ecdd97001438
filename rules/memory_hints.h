// What people ask next of a budget: how much would be to spare with what is given up, and how much more the job could
// be.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "rules/judged_case.h"
#include "rules/plan.h"

namespace diffcheck {

/// The largest count of frames that the model accepts and that surely fits at this size, in the plan's own choice; for
/// models of one frame, nullopt.
std::optional<std::int64_t> most_frames(const JudgedCase& judged, const Plan& plan);

/// "Fits with 2.10 GiB to spare if ...", "largest frame count that fits at this size: 61"; where nothing fits, fewer
/// frames and a smaller size that would.
std::vector<Message> memory_hints(const JudgedCase& judged, const Plan& plan);

}  // namespace diffcheck
