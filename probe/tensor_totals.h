// What the tensors of one part of a checkpoint come to: parameters and bytes, by type.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "probe/checkpoint.h"
#include "probe/safetensors.h"

namespace diffcheck {

class TensorTotals {
 public:
  void add(const SafetensorsHeader& header);
  /// Fills in tensors, tensor_bytes, params, dtype and dtypes.
  void tell(CheckpointPart& part, const std::string& source) const;

 private:
  struct Sum {
    std::int64_t elements = 0;
    std::int64_t bytes = 0;
  };
  std::int64_t tensors_ = 0;
  std::map<std::string, Sum> by_dtype_;  ///< By the format's name.
};

}  // namespace diffcheck
