// What the names of native files tell: libraries of GPU makers and of torch, and files that Python imports.
#pragma once

#include <string>
#include <string_view>

#include "probe/version.h"

namespace diffcheck {

/// Of torch, CUDA or ROCm: "libc10.so", "libcudart.so.12".
bool is_gpu_library(std::string_view name);
/// Of torch itself, which `import torch` brings: "libc10_cuda.so", "libtorch_cpu.so".
bool is_torch_library(std::string_view name);

/// Whether Python imports a file. By its tag ("x.cpython-311-x86_64-linux-gnu.so", "x.abi3.so"); a plain "x.so" may be
/// a module, as may "libx.so"; "x.so.1", and what has the tag of another Python, is none.
enum class ModuleName { module, maybe_module, maybe_library, other };
ModuleName module_name_of(std::string_view file_name, const Version& python);

/// The name without its digits, Python's tag apart: packages ship "_ffmpeg4.so" beside "_ffmpeg5.so", and take one.
std::string name_without_digits(std::string_view file_name);

}  // namespace diffcheck
