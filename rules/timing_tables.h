// Coefficients of predicted times, as data/timing holds them: what GPUs, links and hosts reach of what is rated.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/entry.h"
#include "rules/plan.h"

namespace diffcheck {

/// A coefficient with the range in which it is expected.
struct Range {
  double low = 0, value = 0, high = 0;
};

/// Share of a rated figure that a part of a step reaches. The first entry that matches holds.
struct Efficiency : Entry {
  std::string part;                        ///< linear, attention, elementwise or decode.
  std::vector<std::string> products;       ///< Globs of GPU ids; empty: all.
  std::vector<std::string> architectures;  ///< Empty: all.
  std::vector<std::string> kernels;        ///< Of attention; empty: all.
  Range share;                             ///< Of the dense rate of the dtype; elementwise: of the memory bandwidth.
  Grade grade = Grade::assumed;
};

/// What a link between GPUs, processors or nodes carries.
struct LinkClass : Entry {
  std::string kind;  ///< nvlink, xgmi, hccs, pcie, sockets, infiniband or ethernet.
  std::optional<std::int64_t> generation;
  std::optional<bool> peer_access;               ///< false: all goes through host memory.
  std::vector<std::string> without_peer_access;  ///< Globs of GPU ids whose driver refuses peer access over PCIe.
  std::optional<double> gbps;                    ///< GB/s that one GPU sends to one other.
  std::optional<double> share_of_nominal;        ///< Of the rated one-way rate, where `gbps` is not given.
  std::optional<double> most_gbps;
  double spread = 0;                      ///< Relative, each way.
  std::optional<std::int64_t> most_gpus;  ///< Of processors: GPUs on one, where that is not told.
  double all_reduce_share = 1;            ///< Of the rate to one other GPU, in a ring all-reduce.
  /// An all-to-all among n GPUs gets the rate to one other divided by (n - 1) to this power.
  double all_to_all_exponent = 0;
  double all_to_all_exponent_split = 0;   ///< The same where the GPUs hang on several processors.
  double all_to_all_exponent_untold = 0;  ///< The same where that is not told and may be.
  Grade grade = Grade::assumed;
};

/// A cost that no rated figure gives: launching a block, starting a collective.
struct TimingConstant : Entry {
  std::string unit;  ///< seconds, passes, share, elements or steps.
  Range value;
  Grade grade = Grade::assumed;
};

/// Work of decoding one pixel of one frame; `id` is that of the VAE.
struct DecodeCost : Entry {
  double flops_per_pixel = 0;
  double spread = 0;  ///< Relative, each way.
  Grade grade = Grade::assumed;
};

}  // namespace diffcheck
