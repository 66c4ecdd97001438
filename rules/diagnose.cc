#include "rules/diagnose.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "rules/attention.h"
#include "rules/budget.h"
#include "rules/catalogue.h"
#include "rules/checkpoint_findings.h"
#include "rules/checks.h"
#include "rules/gpu_products.h"
#include "rules/judged_case.h"
#include "rules/kernel_findings.h"
#include "rules/layout.h"
#include "rules/linking.h"
#include "rules/machine_spec.h"
#include "rules/memory_hints.h"
#include "rules/native_modules.h"
#include "rules/node_findings.h"
#include "rules/package_needs.h"
#include "rules/plan_findings.h"
#include "rules/plan_search.h"
#include "rules/run_on_all_nodes.h"
#include "rules/torch_support.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

void add_settings(std::vector<Setting>& all, const std::vector<Setting>& settings, const Scope& scope) {
  for (const Setting& setting : settings) {
    Setting told = expand(setting, scope);
    if (std::find(all.begin(), all.end(), told) == all.end()) all.push_back(std::move(told));
  }
}

/// Everything that the engine has to be told for the plan: its own, attention and dtype, layout, memory.
std::vector<Setting> settings_of(const EngineVariant& variant, const Plan& plan, const Scope& scope) {
  std::vector<Setting> settings;
  add_settings(settings, variant.launch_settings, scope);
  add_settings(settings, plan.attention.chosen->settings, scope);
  for (const Axis& axis : variant.axes) {
    if (degree(*plan.layout.chosen, axis.name) > 1) add_settings(settings, axis.set, scope);
  }
  add_settings(settings, plan.memory->settings, scope);
  return settings;
}

std::vector<std::string> launch_of(const EngineVariant& variant, const std::vector<Setting>& settings,
                                   const Scope& scope) {
  std::vector<std::string> argv;
  for (const LaunchArgument& argument : variant.launch) {
    if (argument.when && decide(*argument.when, scope) != Truth::yes) continue;
    for (const std::string& text : argument.arguments) {
      if (text != "{flags}") {
        argv.push_back(expand(text, scope));
        continue;
      }
      for (const Setting& setting : settings) {
        if (setting.kind == Setting::Kind::flag) argv.insert(argv.end(), setting.items.begin(), setting.items.end());
      }
    }
  }
  return argv;
}

std::vector<LaunchOverNodes> launchers_of(const Knowledge& knowledge, const Scope& scope) {
  std::vector<LaunchOverNodes> launchers;
  for (const Launcher& launcher : knowledge.launchers) {
    LaunchOverNodes& one = launchers.emplace_back();
    one = {launcher.id, launcher.title, {}, launcher.forward_env, launcher.first_node};
    for (const std::string& word : launcher.argv) one.argv.push_back(word == "{command}" ? word : expand(word, scope));
  }
  return launchers;
}

void tell_launch(const JudgedCase& judged, Diagnosis& diagnosis) {
  const Plan& plan = *diagnosis.plan;
  if (plan.possible != Truth::yes) return;
  const KernelCandidate& kernel = *plan.attention.chosen;
  const FactTable candidate =
      candidate_facts(judged, *plan.layout.chosen, kernel.dtype, find_entry(judged.knowledge.kernels, kernel.kernel),
                      truth_of(kernel.returns_lse));
  const Scope scope = judged.scope().add(candidate);
  diagnosis.settings = settings_of(*judged.variant, plan, scope);
  for (Setting& setting : diagnosis.settings) setting.text = describe_setting(judged.knowledge, setting);
  diagnosis.launch_argv = launch_of(*judged.variant, diagnosis.settings, scope);
  if (plan.layout.mesh && plan.layout.mesh->nodes > 1) diagnosis.launchers = launchers_of(judged.knowledge, scope);
}

void sort_findings(std::vector<Finding>& findings) {
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
}

void append(std::vector<Finding>& findings, std::vector<Finding> more) {
  findings.insert(findings.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<Finding> machine_findings(const JudgedCase& judged, bool simulated) {
  std::vector<Finding> findings = judge_checks(judged);
  append(findings, package_findings(judged, simulated));
  append(findings, linking_findings(judged));
  append(findings, module_findings(judged));
  append(findings, request_findings(judged));
  append(findings, checkpoint_findings(judged));
  sort_findings(findings);
  return findings;
}

Snapshot with_derived_facts(Snapshot snapshot, const Knowledge& knowledge, bool simulated,
                            std::vector<Message>& assumptions) {
  snapshot = with_product_facts(std::move(snapshot), knowledge);
  if (simulated) snapshot = with_assumptions(std::move(snapshot), knowledge, assumptions);
  return with_torch_facts(std::move(snapshot), knowledge);
}

Diagnosis diagnose(Snapshot snapshot, const Request& request, const Knowledge& knowledge, bool simulated) {
  Diagnosis diagnosis;
  diagnosis.simulated = simulated;
  diagnosis.request = request;
  diagnosis.knowledge_hash = knowledge.hash;
  diagnosis.packages = knowledge.packages;
  diagnosis.tool_version = DIFFCHECK_VERSION;
  diagnosis.snapshot = with_derived_facts(std::move(snapshot), knowledge, simulated, diagnosis.assumptions);

  JudgedCase judged = judge_case(knowledge, diagnosis.snapshot, request, facts_of(diagnosis.snapshot));
  diagnosis.chosen_gpus = judged.gpus;
  diagnosis.assumptions.insert(diagnosis.assumptions.end(), judged.assumptions.begin(), judged.assumptions.end());
  const auto findings_of = [&](const JudgedCase& one) { return machine_findings(one, simulated); };
  diagnosis.findings = request.node_set == nullptr ? findings_of(judged) : node_findings(judged, findings_of);
  diagnosis.kernels = kernels_on_all_nodes(judged);
  if (judged.variant != nullptr && judged.model != nullptr) {
    diagnosis.plan = make_plan(judged);
    diagnosis.plan->memory_hints = memory_hints(judged, *diagnosis.plan);
    append(diagnosis.findings, plan_findings(judged, *diagnosis.plan));
    tell_launch(judged, diagnosis);
    judged.workload =
        with_dtype(std::move(judged.workload), diagnosis.plan->attention.engine_default.dtype, judged.variant->id);
  } else {
    append(diagnosis.findings, kernel_findings(judged, diagnosis.kernels));
    if (judged.model == nullptr) diagnosis.models = models_on_machine(judged);
  }
  diagnosis.workload = judged.workload;
  sort_findings(diagnosis.findings);
  return diagnosis;
}

}  // namespace diffcheck
