// The agents that `rocminfo` lists: AMD's GPUs with the instruction set that ROCm compiles for.
#pragma once

#include <vector>

#include "probe/pasted/pasted_part.h"

namespace diffcheck::pasted {

std::vector<Part> read_rocminfo(const Text& text);

}  // namespace diffcheck::pasted
