// Whether a request can be asked at all: sane numbers, names that are known, GPUs that are there. What is merely a bad
// idea is a finding, not an error.
#pragma once

#include <optional>

#include "probe/result.h"
#include "probe/snapshot.h"
#include "rules/knowledge.h"
#include "rules/request.h"

namespace diffcheck {

/// The first thing that is wrong with the request itself; `where` is the option it came from.
std::optional<Error> check_request(const Request& request, const Knowledge& knowledge);

/// More GPUs than there are. `simulated`: the machine was only named.
std::optional<Error> check_gpu_count(const Request& request, const Snapshot& snapshot, bool simulated);

}  // namespace diffcheck
