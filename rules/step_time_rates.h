// How fast the chosen GPUs compute: what is rated, times the share that each part of a step reaches.
#pragma once

#include <string>
#include <vector>

#include "rules/judged_case.h"
#include "rules/message.h"
#include "rules/timing_tables.h"

namespace diffcheck {

struct ComputeRates {
  Range linear_flops_per_second;
  Range attention_flops_per_second;  ///< At a head size of 128.
  Range elementwise_bytes_per_second;
  Range decode_flops_per_second;
  Grade grade = Grade::measured;
  Message unknown;  ///< Why one of them is not known; empty where all are.
};

/// The products of the chosen GPUs, each once.
struct ChosenProducts {
  std::vector<const GpuProduct*> products;
  std::string unlisted;  ///< Name of a chosen GPU that is no known product; "" where all are.
};
ChosenProducts chosen_products(const JudgedCase& judged);

/// Of the slowest product. `dtype` is bf16 or fp16; the rate of other dtypes is not known.
ComputeRates compute_rates(const Knowledge& knowledge, const ChosenProducts& chosen, const std::string& kernel,
                           const std::string& dtype);

}  // namespace diffcheck
