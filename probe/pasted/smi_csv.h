// `nvidia-smi --query-gpu=... --format=csv`, with the line of names or, where the command stands above, without.
#pragma once

#include <vector>

#include "probe/pasted/pasted_part.h"

namespace diffcheck::pasted {

std::vector<Part> read_smi_csv(const Text& text);

}  // namespace diffcheck::pasted
