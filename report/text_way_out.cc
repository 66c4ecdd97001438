// The last part of doctor: the combination that works, and how it is started.
#include "report/fact_text.h"
#include "report/launch.h"
#include "report/quote.h"
#include "report/text_memory.h"
#include "report/text_plan.h"
#include "rules/layout.h"

namespace diffcheck {
namespace {

void write_choice(Page& page, const Plan& plan, const Phrases& words) {
  const KernelCandidate& kernel = *plan.attention.chosen;
  page.row(Mark::good, words("attention.heading"), kernel.kernel + ", " + kernel.dtype);
  if (plan.layout.chosen) page.row(Mark::good, words("layout.heading"), to_text(*plan.layout.chosen));
  if (!plan.memory) return;
  const MemoryPlan& memory = *plan.memory;
  const std::string peak = gibibyte_range(memory.peak, words);
  const std::string room = memory.limit_bytes ? gibibytes(*memory.limit_bytes) : words("unknown");
  page.row(memory.fits == Truth::yes ? Mark::good : Mark::unknown, words("memory.heading"),
           words("way-out.memory", {choice_text(memory.choice, words), peak, room}));
}

std::string assignments(const std::vector<std::pair<std::string, std::string>>& values) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : values) texts.push_back(name + "=" + value);
  return joined(texts);
}

void write_launch(Page& page, const Launch& launch, const Phrases& words) {
  for (const Precondition& first : launch.preconditions) {
    page.item(Mark::plain, words("way-out.first", {words(first.text)}));
    if (!first.command.empty()) page.command(shell_line(first.command));
  }
  if (!launch.kwargs.empty()) page.item(Mark::plain, words("way-out.kwarg", {assignments(launch.kwargs)}));
  if (!launch.config.empty()) page.item(Mark::plain, words("way-out.config", {assignments(launch.config)}));
  if (launch.argv.empty()) return;
  page.item(Mark::plain, launch.nodes > 1 ? words("way-out.start-on-nodes", {std::to_string(launch.nodes)})
                                          : words("way-out.start"));
  for (const auto& [name, value] : launch.env) page.command("export " + name + "=" + shell_word(value));
  page.command(shell_line(launch.argv));
  for (const NodeCommand& command : launch.over_nodes) {
    page.item(Mark::plain, words("way-out.or-once", {words(command.title)}));
    if (!command.first_node.empty()) page.detail(words("way-out.first-node", {command.first_node}));
    page.command(shell_line(command.argv));
  }
}

}  // namespace

void write_way_out(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  if (!diagnosis.plan) return;
  const Plan& plan = *diagnosis.plan;
  page.heading(words("way-out.heading"));
  if (plan.attention.chosen) {
    write_choice(page, plan, words);
    write_launch(page, launch_of(diagnosis), words);
  } else {
    const bool sure = plan.possible == Truth::no;
    const char* key = !sure                            ? "way-out.undecided"
                      : diagnosis.request.pins.empty() ? "way-out.nothing"
                                                       : "way-out.pinned";
    page.item(sure ? Mark::bad : Mark::unknown, words(key));
  }
}

}  // namespace diffcheck
