// Whether a model can make an output of the size and length that was asked for: the VAE and the patches must divide it.
#pragma once

#include <optional>

#include "probe/result.h"
#include "rules/knowledge.h"
#include "rules/request.h"

namespace diffcheck {

/// What is wrong with the size or the frames, with the nearest that are not; what was not asked for is not checked.
/// `where` is the option.
std::optional<Error> check_size(const Request& request, const ModelCard& model);

}  // namespace diffcheck
