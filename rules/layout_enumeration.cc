// All layouts that an engine's axes allow; see enumerate_layouts.
#include <algorithm>
#include <array>
#include <limits>
#include <tuple>

#include "rules/layout.h"
#include "rules/mesh.h"
#include "rules/objective.h"
#include "rules/run_size.h"

namespace diffcheck {
namespace {

constexpr std::array<std::string_view, 2> k_reusing_axes = {"fsdp", "vae"};
constexpr std::int64_t k_most_gpus_with_all_degrees = 64;

/// Ascending.
std::vector<std::int64_t> divisors(std::int64_t number) {
  std::vector<std::int64_t> low, high;
  for (std::int64_t divisor = 1; divisor * divisor <= number; ++divisor) {
    if (number % divisor != 0) continue;
    low.push_back(divisor);
    if (divisor * divisor != number) high.push_back(number / divisor);
  }
  low.insert(low.end(), high.rbegin(), high.rend());
  return low;
}

/// What is worth trying for one axis.
struct AxisRange {
  std::optional<std::int64_t> pinned;
  bool is_open = false;              ///< Else only degree 1.
  std::vector<std::int64_t> listed;  ///< Empty: any.
  std::int64_t most = std::numeric_limits<std::int64_t>::max();

  bool allows(std::int64_t degree) const {
    if (pinned) return degree == *pinned;
    if (degree == 1) return true;
    return is_open && degree <= most &&
           (listed.empty() || std::find(listed.begin(), listed.end(), degree) != listed.end());
  }
};

class Enumeration {
 public:
  explicit Enumeration(const JudgedCase& judged)
      : judged_(judged),
        nodes_(node_count(judged)),
        gpus_per_node_(gpus_per_node(judged)),
        gpus_(nodes_ * gpus_per_node_) {
    for (std::size_t i = 0; i < k_product_axes.size(); ++i) product_[i] = range_of(k_product_axes[i]);
    for (std::size_t i = 0; i < k_reusing_axes.size(); ++i) reusing_[i] = range_of(k_reusing_axes[i]);
  }

  std::vector<Layout> run() {
    for (std::int64_t world = gpus_; world >= 1; --world) {
      if (placement_of(world, nodes_, gpus_per_node_).nodes == 0) continue;
      Layout layout;
      layout.world_size = world;
      divisors_ = divisors(world);
      fill(layout, 0, world);
    }
    return std::move(found_);
  }

 private:
  AxisRange range_of(std::string_view name) const {
    const Request& request = judged_.request;
    AxisRange range;
    range.pinned = pinned_degree(request, name);
    const Axis* axis = usable_axis(judged_, name);
    // Replicas make several outputs, not one faster; PipeFusion changes results. Both only when asked for.
    const bool replicates =
        objective_of(request) == Objective::throughput || (request.batch.is_known() && request.batch.value() > 1);
    const bool lossy = request.allow_lossy.is_known() && request.allow_lossy.value();
    range.is_open = axis != nullptr && (name != "pipefusion" || lossy) && (name != "data" || replicates);
    if (axis != nullptr) range.listed = axis->degrees;
    if (gpus_ > k_most_gpus_with_all_degrees && judged_.model != nullptr) {
      if ((name == "ulysses" || name == "tensor") && judged_.model->heads) range.most = 2 * *judged_.model->heads;
      if (name == "pipefusion" && judged_.model->layers) range.most = *judged_.model->layers;
    }
    return range;
  }

  void fill(Layout layout, std::size_t axis, std::int64_t left) {
    if (axis == k_product_axes.size()) {
      if (left == 1) add_reusing(layout, 0);
      return;
    }
    for (const std::int64_t degree : divisors_) {
      if (degree > left) break;
      if (left % degree != 0 || !product_[axis].allows(degree)) continue;
      *layout.axis(k_product_axes[axis]) = degree;
      fill(layout, axis + 1, left / degree);
    }
  }

  /// Over which ranks an axis that reuses them may go: all, or those that make one output.
  static std::vector<std::int64_t> reused_ranks(const Layout& layout) {
    std::vector<std::int64_t> degrees = {layout.world_size};
    if (layout.data > 1 && layout.world_size > layout.data) degrees.push_back(layout.world_size / layout.data);
    return degrees;
  }

  /// With and without sharding over ranks, where the engine can.
  void add_reusing(Layout layout, std::size_t axis) {
    if (axis == k_reusing_axes.size()) {
      found_.push_back(layout);
      return;
    }
    const AxisRange& range = reusing_[axis];
    *layout.axis(k_reusing_axes[axis]) = range.pinned.value_or(1);
    add_reusing(layout, axis + 1);
    if (range.pinned || !range.is_open || layout.world_size == 1) return;
    for (const std::int64_t degree : reused_ranks(layout)) {
      *layout.axis(k_reusing_axes[axis]) = degree;
      add_reusing(layout, axis + 1);
    }
  }

  const JudgedCase& judged_;
  std::int64_t nodes_, gpus_per_node_, gpus_;
  std::array<AxisRange, k_product_axes.size()> product_;
  std::array<AxisRange, k_reusing_axes.size()> reusing_;
  std::vector<std::int64_t> divisors_;
  std::vector<Layout> found_;
};

auto order_key(const Layout& layout) {
  return std::tuple(-layout.world_size, layout.tensor, layout.pipefusion, layout.ring, -layout.cfg, layout.data,
                    layout.fsdp > 1, layout.vae > 1, -layout.ulysses);
}

}  // namespace

std::vector<Layout> enumerate_layouts(const JudgedCase& judged) {
  std::vector<Layout> layouts = Enumeration(judged).run();
  std::stable_sort(layouts.begin(), layouts.end(),
                   [](const Layout& a, const Layout& b) { return order_key(a) < order_key(b); });
  return layouts;
}

}  // namespace diffcheck
