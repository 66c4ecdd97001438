// GPUs as `nvidia-smi -L` lists them, and as torch's own report repeats that list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "probe/pasted/pasted_part.h"

namespace diffcheck::pasted {

/// Takes "GPU 0: Tesla T4 (UUID: GPU-...)", with the UUID or without, or "  MIG 3g.40gb  Device 0: (UUID: MIG-...)"
/// below one. False when the line is neither.
bool read_gpu_line(std::string_view line, std::size_t index, Part& part);

/// torch's name for its one current device: "AMD Instinct MI300X (gfx942:sramecc+:xnack-)".
void read_torch_device(std::string_view name, std::size_t index, Part& part);

/// 3 of "GPU3", as the matrices of nvidia-smi name their rows.
std::optional<std::int64_t> gpu_number(std::string_view word);

/// Lists of `nvidia-smi -L`, known by their UUIDs.
std::vector<Part> read_gpu_lists(const Text& text);

}  // namespace diffcheck::pasted
