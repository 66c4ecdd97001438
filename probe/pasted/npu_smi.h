// The table of `npu-smi info`: Huawei's Ascend NPUs.
#pragma once

#include <vector>

#include "probe/pasted/pasted_part.h"

namespace diffcheck::pasted {

std::vector<Part> read_npu_smi(const Text& text);

}  // namespace diffcheck::pasted
