// The libraries that `import torch` maps, in its order: libtorch_global_deps.so, the libraries of NVIDIA's packages
// that torch/__init__.py loads by their path, torch._C. Which those are depends on torch's version and is read from the
// text of torch/__init__.py, which is not run.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/linked_process.h"
#include "probe/system.h"

namespace diffcheck {

/// A library that torch/__init__.py looks for in `FOLDER/lib` of NVIDIA's packages.
struct TorchPreload {
  std::string folder;      ///< "cuda_nvrtc"
  std::string name_start;  ///< "libnvrtc.so."
  friend bool operator==(const TorchPreload&, const TorchPreload&) = default;
};

struct TorchPreloads {
  std::vector<TorchPreload> after;    ///< Loaded where libtorch_global_deps.so did load, with one of `markers`.
  std::vector<TorchPreload> instead;  ///< Loaded where it did not; then it is tried again.
  std::vector<std::string> markers;   ///< Parts of paths: "nvidia/cuda_runtime/lib/libcudart.so".
  std::vector<std::string> cuda;      ///< CUDA versions for which `after` holds; empty: all.
  friend bool operator==(const TorchPreloads&, const TorchPreloads&) = default;
};

/// Of the text of torch/__init__.py; empty where it has no such lists (before torch 1.13, builds for ROCm).
TorchPreloads parse_torch_preloads(std::string_view text);

struct TorchPlace {
  std::string site;    ///< The folder on sys.path that holds torch/.
  std::string module;  ///< Path of torch._C.
};

/// What `import torch` leaves in the process. Defects: why the import fails.
LoadOutcome load_torch(const System& system, LinkedProcess& process, const TorchPlace& place,
                       const std::vector<std::string>& sys_path, const std::optional<std::string>& cuda);

}  // namespace diffcheck
