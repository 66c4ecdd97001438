#include "rules/checks.h"

#include <algorithm>

namespace diffcheck {
namespace {

Finding finding_of(const Check& check, const Scope& scope) {
  Finding finding;
  finding.id = check.id;
  finding.category = check.category;
  finding.severity = check.severity;
  finding.undecided = check.undecided;
  finding.title = expand(check.title, scope);
  finding.why = expand(check.why, scope);
  finding.evidence = deciding_leaves(evaluate(check.when, scope));
  finding.fix.text = expand(check.fix.text, scope);
  for (const std::string& command : check.fix.commands) finding.fix.commands.push_back(expand(command, scope));
  finding.links = check.links;
  finding.source = check.origin;
  return finding;
}

/// Eight GPUs of one kind make one finding, unless its words tell them apart.
bool is_said(const std::vector<Finding>& findings, const Finding& finding) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& other) {
    return other.id == finding.id && other.title == finding.title && other.why == finding.why &&
           other.fix == finding.fix;
  });
}

void judge_in(const Check& check, const Scope& scope, std::vector<Finding>& findings) {
  if (check.applies && decide(*check.applies, scope) != Truth::yes) return;
  if (decide(check.when, scope) != Truth::yes) return;
  Finding finding = finding_of(check, scope);
  if (!is_said(findings, finding)) findings.push_back(std::move(finding));
}

/// The scopes in which a check is judged: one for each GPU where it speaks of GPUs, so that `device.*` is there too.
std::vector<Scope> scopes_of(const Check& check, const JudgedCase& judged) {
  if (check.each.empty()) return {judged.scope()};
  std::vector<Scope> scopes;
  const auto size = judged.machine->list_size(check.each);
  for (std::size_t i = 0; size && i < size->size; ++i) {
    Scope scope = judged.scope();
    if (check.each == "gpus") {
      const auto chosen = std::find(judged.gpus.begin(), judged.gpus.end(), i);
      if (chosen != judged.gpus.end())
        scope.add(judged.gpu_facts[static_cast<std::size_t>(chosen - judged.gpus.begin())]);
    }
    scopes.push_back(scope.with_alias(check.alias, check.each + "." + std::to_string(i)));
  }
  return scopes;
}

/// Whether a check that knows more has spoken.
bool is_told_better(const Check& check, const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) {
    return std::find(check.gives_way_to.begin(), check.gives_way_to.end(), finding.id) != check.gives_way_to.end();
  });
}

}  // namespace

std::vector<Finding> judge_checks(const JudgedCase& judged) {
  std::vector<Finding> findings;
  for (const Check& check : judged.knowledge.checks) {
    for (const Scope& scope : scopes_of(check, judged)) judge_in(check, scope, findings);
  }
  const std::vector<Finding> all = findings;
  for (const Check& check : judged.knowledge.checks) {
    if (is_told_better(check, all)) std::erase_if(findings, [&](const Finding& one) { return one.id == check.id; });
  }
  return findings;
}

}  // namespace diffcheck
