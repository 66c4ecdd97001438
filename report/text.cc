#include "report/text.h"

#include "report/page.h"
#include "report/text_findings.h"
#include "report/text_front.h"
#include "report/text_machine.h"
#include "report/text_memory.h"
#include "report/text_plan.h"

namespace diffcheck {
namespace {

void write_title(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  page.paragraph(words("title", {diagnosis.tool_version, diagnosis.knowledge_hash}));
  if (diagnosis.simulated) page.item(Mark::unknown, words("simulated"));
}

void write_summary(Page& page, const Diagnosis& diagnosis, ExitCode code, const Phrases& words) {
  page.blank();
  const std::string exit = words("exit." + std::to_string(static_cast<int>(code)));
  page.paragraph(words("summary", {summary_text(diagnosis.findings, words), exit}));
}

}  // namespace

std::string doctor_text(const Diagnosis& diagnosis, ExitCode code, const Phrases& words, const Style& style) {
  Page page(style);
  write_title(page, diagnosis, words);
  write_nodes(page, diagnosis, words);
  write_machine(page, diagnosis, words);
  write_request(page, diagnosis, words);
  if (!diagnosis.plan) write_abilities(page, diagnosis, words);
  write_findings(page, diagnosis, words);
  write_way_out(page, diagnosis, words);
  write_assumptions(page, diagnosis, words);
  write_summary(page, diagnosis, code, words);
  return page.text();
}

std::string plan_text(const Diagnosis& diagnosis, ExitCode code, const Phrases& words, const Style& style) {
  Page page(style);
  write_title(page, diagnosis, words);
  write_nodes(page, diagnosis, words);
  write_request(page, diagnosis, words);
  if (diagnosis.plan) {
    write_attention(page, diagnosis, words);
    write_layouts(page, diagnosis, words);
    write_memory(page, diagnosis, words);
    write_front(page, diagnosis, words);
    write_way_out(page, diagnosis, words);
  } else {
    page.blank();
    page.paragraph(words("plan.nothing-asked"));
    write_abilities(page, diagnosis, words);
  }
  write_findings(page, diagnosis, words);
  write_assumptions(page, diagnosis, words);
  write_summary(page, diagnosis, code, words);
  return page.text();
}

}  // namespace diffcheck
