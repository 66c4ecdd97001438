#include "rules/pareto.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "rules/budget.h"
#include "rules/memory_choices.h"
#include "rules/objective.h"

namespace diffcheck {
namespace {

struct Point {
  FrontPoint shown;
  ConcessionCost concessions;
};

/// Whether `left` is at least as good in everything, within `tolerance`.
bool covers(const Point& left, const Point& right, double tolerance) {
  const auto reaches = [&](double ours, double theirs) { return ours <= theirs * tolerance; };
  return reaches(left.shown.total_seconds, right.shown.total_seconds) &&
         reaches(left.shown.gpu_seconds_per_output, right.shown.gpu_seconds_per_output) &&
         reaches(static_cast<double>(left.shown.peak_bytes), static_cast<double>(right.shown.peak_bytes)) &&
         left.concessions <= right.concessions;
}

std::vector<LayoutOption> worth_looking_at(const std::vector<LayoutOption>& options) {
  std::set<std::int64_t> sizes;
  std::vector<LayoutOption> taken;
  for (const LayoutOption& option : options) {
    if (!option.total_seconds) continue;
    const bool first_of_its_size = sizes.insert(option.layout.world_size).second;
    if (taken.size() < k_most_layouts_for_front || first_of_its_size) taken.push_back(option);
  }
  return taken;
}

std::vector<Point> points_of(const JudgedCase& judged, const LayoutOption& option) {
  const Kernel& kernel = *find_entry(judged.knowledge.kernels, option.kernel->kernel);
  std::vector<Point> points;
  for (const MemoryChoice& choice : memory_choices(judged, option.layout)) {
    if (worst_sacrifice(judged, choice) == Sacrifice::step_time) continue;
    const MemoryPlan memory = plan_memory(judged, choice, kernel, option.kernel->dtype, option.layout);
    if (memory.fits != Truth::yes) continue;
    points.push_back(
        {{option.layout, option.kernel->kernel, option.kernel->dtype, choice, memory.concessions, *option.total_seconds,
          gpu_seconds_per_output(judged, option.layout, *option.total_seconds), memory.peak.bytes},
         cost_of_concessions(judged, choice)});
  }
  return points;
}

/// Those that nothing before them covers; they must come in an order in which no later one can be better in all.
std::vector<Point> uncovered(const std::vector<Point>& points, double tolerance) {
  std::vector<Point> kept;
  for (const Point& point : points) {
    const auto covers_it = [&](const Point& one) { return covers(one, point, tolerance); };
    if (std::none_of(kept.begin(), kept.end(), covers_it)) kept.push_back(point);
  }
  return kept;
}

}  // namespace

std::vector<FrontPoint> pareto_front(const JudgedCase& judged, LayoutOptions& options, const DtypeOption& dtype) {
  std::vector<Point> points;
  for (const LayoutOption& option : worth_looking_at(options.legal(dtype, false))) {
    std::vector<Point> more = points_of(judged, option);
    std::move(more.begin(), more.end(), std::back_inserter(points));
  }
  const auto key = [](const Point& point) {
    return std::tuple(point.shown.total_seconds, point.shown.gpu_seconds_per_output, point.concessions,
                      point.shown.peak_bytes);
  };
  std::stable_sort(points.begin(), points.end(), [&](const Point& a, const Point& b) { return key(a) < key(b); });
  std::vector<FrontPoint> front;
  for (Point& point : uncovered(uncovered(points, 1), k_told_apart)) front.push_back(std::move(point.shown));
  return front;
}

}  // namespace diffcheck
