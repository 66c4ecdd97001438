#include "report/text_plan.h"

#include <algorithm>

#include "report/fact_text.h"
#include "report/text_mesh.h"
#include "rules/layout.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_layouts_shown = 10;

std::string first_reason(const std::vector<Reason>& reasons, const Phrases& words) {
  return reasons.empty() ? std::string() : words(reasons.front().text);
}

std::string dtype_and_kernel(const std::string& kernel, const std::string& dtype) {
  return dtype.empty() ? kernel : kernel + ", " + dtype;
}

template <class T>
void add_part(std::vector<std::string>& parts, const Fact<T>& fact, const Phrases& words, const std::string& key) {
  if (fact.is_known()) parts.push_back(words(key, {to_text(Value(fact.value()))}));
}

/// "832 x 480, 81 frames, 50 steps"
std::string job_text(const Workload& job, const Phrases& words) {
  std::vector<std::string> parts;
  if (job.width.is_known() && job.height.is_known()) {
    parts.push_back(std::to_string(job.width.value()) + " x " + std::to_string(job.height.value()));
  }
  if (job.frames.is_known() && job.frames.value() > 1) add_part(parts, job.frames, words, "request.frames");
  add_part(parts, job.steps, words, "request.steps");
  if (job.batch.is_known() && job.batch.value() > 1) add_part(parts, job.batch, words, "request.batch");
  add_part(parts, job.dtype, words, "request.dtype");
  return parts.empty() ? words("unknown") : joined(parts);
}

void write_engine_default(Page& page, const EngineDefault& by_itself, const Phrases& words) {
  const bool gives_up = by_itself.kernel.empty();
  const std::string kernel =
      gives_up ? words("attention.no-default") : dtype_and_kernel(by_itself.kernel, by_itself.dtype);
  const std::string verdict = words("attention.runs-" + std::string(name_of(by_itself.verdict)));
  page.row(mark_of(by_itself.verdict), words("attention.default"),
           gives_up ? kernel : words("pair", {kernel, verdict}));
  if (!by_itself.reasons.empty()) page.detail(first_reason(by_itself.reasons, words));
  if (!by_itself.error_text.empty()) page.detail(by_itself.error_text, words("prints"));
}

void write_candidates(Page& page, const AttentionPlan& attention, const Phrases& words) {
  Table table;
  table.columns = {{words("column.kernel")}, {words("column.dtype")},      {words("column.usable")},
                   {words("column.exact")},  {words("column.rank"), true}, {words("column.reason")}};
  for (const KernelCandidate& candidate : attention.candidates) {
    table.rows.push_back(
        {candidate.kernel, candidate.dtype, truth_text(both(candidate.verdict, candidate.reachable), words),
         truth_text(truth_of(candidate.exact), words), candidate.rank == 0 ? "" : std::to_string(candidate.rank),
         first_reason(candidate.reasons, words)});
  }
  if (!table.rows.empty()) page.table(table);
}

void write_layout_list(Page& page, const std::vector<LayoutCandidate>& list, const Phrases& words) {
  const std::size_t shown = std::min(list.size(), k_most_layouts_shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const Mark mark = list[i].reasons.empty() ? Mark::plain : mark_of(list[i].reasons.front().truth);
    const std::string reason = first_reason(list[i].reasons, words);
    std::string note = !reason.empty() ? reason : list[i].exact ? "" : words("layout.inexact");
    if (list[i].time.step) {
      const std::string time =
          words("layout.time", {seconds_text(list[i].time.step->seconds), seconds_text(list[i].time.total->seconds)});
      note = note.empty() ? time : joined({time, note});
    }
    const std::string layout = to_text(list[i].layout);
    page.item(mark, note.empty() ? layout : words("pair", {layout, note}));
  }
  if (shown < list.size()) page.item(Mark::plain, words("layout.more", {std::to_string(list.size() - shown)}));
}

void write_chosen_layout(Page& page, const LayoutPlan& layout, const Phrases& words) {
  page.row(Mark::good, words("chosen"), to_text(*layout.chosen));
  const auto chosen = std::find_if(layout.candidates.begin(), layout.candidates.end(),
                                   [&](const LayoutCandidate& one) { return one.layout == *layout.chosen; });
  if (chosen == layout.candidates.end()) return;
  const StepTime& time = chosen->time;
  if (!time.step) {
    if (!time.unknown.empty())
      page.row(Mark::unknown, words("layout.step"), words("layout.time-unknown", {words(time.unknown)}));
    return;
  }
  const std::string grade = words("grade." + std::string(name_of(time.grade)));
  page.row(Mark::plain, words("layout.step"), joined({seconds_range(*time.step, words), grade}));
  page.row(Mark::plain, words("layout.total"), seconds_range(*time.total, words));
}

}  // namespace

void write_request(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  const Workload& job = diagnosis.workload;
  if (!job.engine.is_known() && !job.model.is_known()) return;
  page.heading(words("request.heading"));
  if (job.engine.is_known()) {
    const std::string variant = job.variant.is_known() ? job.variant.value() : words.unknown(job.variant.why());
    page.row(Mark::plain, words("request.engine"), words("pair", {job.engine.value(), variant}));
  }
  if (job.model.is_known()) {
    page.row(Mark::plain, words("request.model"), job.model.value());
    page.row(Mark::plain, words("request.job"), job_text(job, words));
  }
  std::vector<std::string> pins;
  for (const auto& [name, value] : diagnosis.request.pins) pins.push_back(name + "=" + fact_text(value, words));
  if (!pins.empty()) page.row(Mark::plain, words("request.pins"), joined(pins));
}

void write_attention(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  const AttentionPlan& attention = diagnosis.plan->attention;
  page.heading(words("attention.heading"));
  write_engine_default(page, attention.engine_default, words);
  if (attention.chosen) {
    page.row(Mark::good, words("chosen"), dtype_and_kernel(attention.chosen->kernel, attention.chosen->dtype));
  }
  page.blank();
  write_candidates(page, attention, words);
}

void write_layouts(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  const LayoutPlan& layout = diagnosis.plan->layout;
  page.heading(words("layout.heading"));
  if (layout.chosen) write_chosen_layout(page, layout, words);
  write_mesh(page, diagnosis, words);
  write_links(page, diagnosis, words);
  write_layout_list(page, layout.candidates, words);
  if (layout.rejected.empty()) return;
  page.paragraph(words("layout.rejected"));
  write_layout_list(page, layout.rejected, words);
}

void write_assumptions(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  std::vector<Message> assumptions = diagnosis.assumptions;
  if (diagnosis.plan) {
    for (const Message& assumption : diagnosis.plan->assumptions) {
      if (std::find(assumptions.begin(), assumptions.end(), assumption) == assumptions.end())
        assumptions.push_back(assumption);
    }
  }
  if (assumptions.empty()) return;
  page.heading(words("assumptions.heading"));
  std::vector<std::string> texts;
  for (const Message& assumption : assumptions) texts.push_back(words(assumption));
  page.item(Mark::unknown, joined(texts, words("list-semicolon")));
}

}  // namespace diffcheck
