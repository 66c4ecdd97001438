#include "rules/step_time_rates.h"

#include <algorithm>
#include <vector>

#include "rules/engine_variant.h"
#include "rules/gpu_products.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

constexpr double k_tera = 1e12;
constexpr double k_giga = 1e9;

bool holds(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

const Efficiency* efficiency_of(const Knowledge& knowledge, const GpuProduct& product, const std::string& part,
                                const std::string& kernel) {
  for (const Efficiency& one : knowledge.efficiencies) {
    if (one.part == part && matches_any(one.products, product.id) && holds(one.architectures, product.architecture) &&
        holds(one.kernels, kernel))
      return &one;
  }
  return nullptr;
}

std::optional<double> dense_tflops(const GpuProduct& product, const std::string& dtype) {
  if (dtype == "bf16") return product.bf16_dense_tflops;
  if (dtype == "fp16") return product.half_dense_tflops;
  return std::nullopt;
}

/// Keeps the slower of what is there and what comes.
void slow_down(Range& rate, const Range& other) {
  if (rate.value <= 0 || other.value < rate.value) rate = other;
}

Range scaled(const Range& share, double by) { return {share.low * by, share.value * by, share.high * by}; }

class RateReader {
 public:
  RateReader(const Knowledge& knowledge, const std::string& kernel, const std::string& dtype)
      : knowledge_(knowledge), kernel_(kernel), dtype_(dtype) {}

  ComputeRates run(const ChosenProducts& chosen) {
    if (chosen.products.empty() && chosen.unlisted.empty()) rates_.unknown = say(knowledge_, "time-no-gpu");
    if (!chosen.unlisted.empty()) fail("time-unknown-gpu", chosen.unlisted);
    for (const GpuProduct* product : chosen.products) add(*product);
    return std::move(rates_);
  }

 private:
  void add(const GpuProduct& product) {
    const auto tflops = dense_tflops(product, dtype_);
    if (!tflops || !product.memory_bandwidth_gbps) return fail("time-unknown-gpu", product.name);
    const double flops = *tflops * k_tera / static_cast<double>(product.devices_per_package);
    const double bytes = *product.memory_bandwidth_gbps * k_giga / static_cast<double>(product.devices_per_package);
    add_part(product, "linear", flops, rates_.linear_flops_per_second);
    add_part(product, "attention", flops, rates_.attention_flops_per_second);
    add_part(product, "elementwise", bytes, rates_.elementwise_bytes_per_second);
    add_part(product, "decode", flops, rates_.decode_flops_per_second);
  }

  void add_part(const GpuProduct& product, const std::string& part, double rated, Range& into) {
    const Efficiency* efficiency = efficiency_of(knowledge_, product, part, kernel_);
    if (efficiency == nullptr) return fail("time-unknown-part", product.name);
    slow_down(into, scaled(efficiency->share, rated));
    // Decoding is no part of a step, and the least of most runs.
    if (part != "decode") rates_.grade = weaker(rates_.grade, efficiency->grade);
  }

  void fail(const char* text, const std::string& gpu) {
    if (rates_.unknown.empty())
      rates_.unknown = say(knowledge_, text, {{"gpu", gpu}, {"dtype", dtype_}, {"kernel", kernel_}});
  }

  const Knowledge& knowledge_;
  const std::string& kernel_;
  const std::string& dtype_;
  ComputeRates rates_;
};

}  // namespace

namespace {

/// Equal cards are looked up once.
void add_products(const JudgedCase& judged, ChosenProducts& chosen, std::vector<std::string>& names) {
  for (const std::size_t index : judged.gpus) {
    const GpuFacts& gpu = judged.snapshot.gpus[index];
    const std::string name = (gpu.name.is_known() ? gpu.name.value() : "GPU") + " " +
                             (gpu.pci_device_id.is_known() ? gpu.pci_device_id.value() : "");
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    names.push_back(name);
    const GpuProduct* product = product_of(judged.knowledge, gpu);
    if (product == nullptr) {
      chosen.unlisted = gpu.name.is_known() ? gpu.name.value() : "GPU";
    } else {
      chosen.products.push_back(product);
    }
  }
}

}  // namespace

ChosenProducts chosen_products(const JudgedCase& judged) {
  ChosenProducts chosen;
  std::vector<std::string> names;
  add_products(judged, chosen, names);
  for (const JudgedCase& other : judged.other_nodes) add_products(other, chosen, names);
  return chosen;
}

ComputeRates compute_rates(const Knowledge& knowledge, const ChosenProducts& chosen, const std::string& kernel,
                           const std::string& dtype) {
  return RateReader(knowledge, kernel, dtype).run(chosen);
}

}  // namespace diffcheck
