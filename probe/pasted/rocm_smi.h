// What `rocm-smi` prints: its table, the "GPU[0] : ..." lines of --show..., and its --csv form.
#pragma once

#include <vector>

#include "probe/pasted/pasted_part.h"

namespace diffcheck::pasted {

std::vector<Part> read_rocm_smi(const Text& text);

}  // namespace diffcheck::pasted
