#include "report/text_front.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "report/fact_text.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_shown = 12;

std::string price_text(double price) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), price < 1 ? "%.4f" : "%.2f", price);
  return text.data();
}

bool is_chosen(const FrontPoint& point, const Plan& plan) {
  return plan.layout.chosen && plan.memory && point.layout == *plan.layout.chosen &&
         point.choice == plan.memory->choice;
}

/// What is shown of a long front: its ends, what lies evenly between, and what was chosen.
std::vector<std::size_t> shown_of(const Plan& plan) {
  const std::size_t count = plan.front.size();
  const std::size_t rows = std::min(count, k_most_shown);
  std::vector<std::size_t> shown;
  for (std::size_t row = 0; row < rows; ++row) shown.push_back(rows == 1 ? 0 : row * (count - 1) / (rows - 1));
  const auto chosen = std::find_if(plan.front.begin(), plan.front.end(),
                                   [&](const FrontPoint& point) { return is_chosen(point, plan); });
  const auto place = static_cast<std::size_t>(chosen - plan.front.begin());
  const auto next = std::lower_bound(shown.begin(), shown.end(), place);
  if (chosen != plan.front.end() && (next == shown.end() || *next != place)) shown.insert(next, place);
  return shown;
}

}  // namespace

void write_front(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  constexpr double seconds_an_hour = 3600;
  const Plan& plan = *diagnosis.plan;
  if (plan.front.size() < 2) return;
  const Fact<double>& price = diagnosis.request.gpu_hour_price;
  page.heading(words("front.heading"));
  Table table;
  table.columns = {{words("column.layout")},
                   {words("column.time"), true},
                   {words("column.gpu-time"), true},
                   {words("column.peak"), true}};
  if (price.is_known()) table.columns.push_back({words("column.price"), true});
  table.columns.push_back({words("column.gives-up")});
  for (const std::size_t i : shown_of(plan)) {
    const FrontPoint& point = plan.front[i];
    std::vector<std::string> row = {to_text(point.layout) + (is_chosen(point, plan) ? " *" : ""),
                                    seconds_text(point.total_seconds), seconds_text(point.gpu_seconds_per_output),
                                    gibibytes(point.peak_bytes)};
    if (price.is_known()) row.push_back(price_text(point.gpu_seconds_per_output / seconds_an_hour * price.value()));
    row.push_back(point.concessions.empty() ? words("models.as-is") : joined(point.concessions));
    table.rows.push_back(std::move(row));
  }
  page.table(table);
  const bool shows_chosen = std::any_of(plan.front.begin(), plan.front.end(),
                                        [&](const FrontPoint& point) { return is_chosen(point, plan); });
  page.paragraph(shows_chosen ? words("front.meaning") + " " + words("front.chosen") : words("front.meaning"));
  if (plan.front.size() > table.rows.size())
    page.paragraph(words("layout.more", {std::to_string(plan.front.size() - table.rows.size())}));
}

}  // namespace diffcheck
