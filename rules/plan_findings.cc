#include "rules/plan_findings.h"

#include <algorithm>

#include "rules/attention.h"
#include "rules/budget.h"
#include "rules/engine_variant.h"
#include "rules/judged_finding.h"
#include "rules/layout.h"
#include "rules/plan_search.h"
#include "rules/requirements.h"
#include "rules/untold_kernel.h"
#include "rules/way_out.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

bool fixes_a_degree(const Request& request) {
  return std::any_of(request.pins.begin(), request.pins.end(),
                     [](const auto& pin) { return Layout{}.axis(pin.first) != nullptr; });
}

/// Commands for the actions that come before a launch.
std::vector<std::string> commands_of(const std::vector<Setting>& settings) {
  std::vector<std::string> commands;
  for (const Setting& setting : settings) {
    std::string items;
    for (const std::string& item : setting.items) items += " " + item;
    if (setting.kind == Setting::Kind::uninstall) commands.push_back("pip uninstall -y" + items);
    if (setting.kind == Setting::Kind::install) commands.push_back("pip install" + items);
    if (setting.kind == Setting::Kind::checkout) commands.push_back("git checkout " + setting.value);
    if (setting.kind == Setting::Kind::env) commands.push_back("export " + setting.name + "=" + setting.value);
  }
  return commands;
}

class Findings {
 public:
  Findings(const JudgedCase& judged, const Plan& plan)
      : judged_(judged), plan_(plan), way_out_(describe_way_out(judged, plan)) {}

  std::vector<Finding> all() {
    default_kernel();
    pinned_kernel();
    memory();
    layout();
    nothing_runs();
    return std::move(findings_);
  }

 private:
  bool planned() const { return plan_.possible == Truth::yes; }

  void add(Finding finding, bool avoided) {
    finding.avoided_by_plan = avoided && planned();
    if (finding.avoided_by_plan && finding.fix.commands.empty())
      finding.fix.commands = commands_of(plan_.attention.chosen->settings);
    findings_.push_back(std::move(finding));
  }

  void default_kernel() {
    const EngineDefault& by_itself = plan_.attention.engine_default;
    // Where the GPUs are unknown, what no GPU can help is still sure.
    const bool refused = !by_itself.dtype.empty() && by_itself.verdict == Truth::no;
    if (judged_.gpus.empty() && !(refused && gpus_unknown())) return no_gpu();
    if (by_itself.dtype.empty()) return;
    if (refused) return refused_kernel(by_itself);
    if (by_itself.verdict == Truth::unknown) return unknown_kernel(by_itself);
    const Kernel* kernel = find_entry(judged_.knowledge.kernels, by_itself.kernel);
    if (kernel != nullptr && builds_score_matrix(*kernel)) silent_math(by_itself, *kernel);
  }

  bool gpus_unknown() const {
    const auto& complete = judged_.snapshot.complete.gpus;
    return judged_.gpus.empty() && !(complete.is_known() && complete.value());
  }

  void no_gpu() {
    const auto& complete = judged_.snapshot.complete.gpus;
    const bool sure = !gpus_unknown();
    Finding finding = finding_about(judged_, sure ? "no-gpu" : "fact-needed",
                                    {{"fact", same_in_both("gpus")}, {"why", same_in_both(complete.why())}});
    finding.undecided = !sure;
    add(std::move(finding), false);
  }

  void refused_kernel(const EngineDefault& by_itself) {
    const Message what_if =
        joined({describe_fallback(judged_, by_itself), describe_alternatives(judged_, by_itself)}, " ", "");
    add(refused_default(judged_, by_itself, way_out_, what_if), true);
  }

  void unknown_kernel(const EngineDefault& by_itself) {
    if (by_itself.reasons.empty()) return;
    const Reason& reason = by_itself.reasons.front();
    const auto [fact, why] = unknown_fact_of(reason);
    Finding finding = finding_about(judged_, "kernel-unknown",
                                    {{"kernel", same_in_both(by_itself.kernel)},
                                     {"reason", reason.text},
                                     {"fact", same_in_both(fact)},
                                     {"why", same_in_both(why)},
                                     {"way_out", way_out_}});
    add_reason(finding, reason);
    finding.undecided = !planned();
    add(std::move(finding), true);
  }

  /// A kernel that the user fixed and that does not run, or that the engine cannot be told to use.
  void pinned_kernel() {
    const auto pinned = judged_.request.pin("attention");
    if (!pinned || planned()) return;
    for (const KernelCandidate& candidate : plan_.attention.candidates) {
      if (candidate.kernel != *pinned) continue;
      if (both(candidate.verdict, candidate.reachable) == Truth::no)
        return add(refused_pin(judged_, *pinned, candidate.reasons.front(), way_out_), false);
      if (candidate.verdict == Truth::unknown) return unknown_pin(candidate);
    }
  }

  void unknown_pin(const KernelCandidate& candidate) {
    const Kernel& kernel = *find_entry(judged_.knowledge.kernels, candidate.kernel);
    for (Finding& finding : untold_kernel(judged_, kernel, candidate.reasons, way_out_)) add(std::move(finding), false);
  }

  void silent_math(const EngineDefault& by_itself, const Kernel& kernel) {
    const auto scores =
        score_matrix(judged_, kernel, by_itself.dtype,
                     judged_.numbers.score_elements.is_known() ? judged_.numbers.score_elements.value() : 0);
    if (!scores) return;
    const Message what_if = describe_alternatives(judged_, by_itself);
    Finding finding =
        finding_about(judged_, "silent-math",
                      {{"kernel", same_in_both(kernel.id)},
                       {"reason", fused_refusal(by_itself)},
                       {"one_buffer", same_in_both(size_text(scores->buffer_bytes))},
                       {"peak", same_in_both(size_text(scores->held.low) + " - " + size_text(scores->held.high))},
                       {"way_out", way_out_},
                       {"what_if", what_if}});
    if (!what_if.empty() && finding.why.english.find(what_if.english) == std::string::npos)
      finding.why = joined({finding.why, what_if}, " ", "");
    for (const Reason* reason : fused_refusals(by_itself)) add_reason(finding, *reason);
    const bool fits = plan_.default_memory && plan_.default_memory->fits == Truth::yes;
    finding.severity = fits ? Severity::warning : Severity::error;
    add(std::move(finding), true);
  }

  /// Why each of torch's fused kernels does not take the call.
  std::vector<const Reason*> fused_refusals(const EngineDefault& by_itself) const {
    std::vector<const Reason*> reasons;
    for (const KernelCandidate& candidate : plan_.attention.candidates) {
      const Kernel& kernel = *find_entry(judged_.knowledge.kernels, candidate.kernel);
      const bool refused =
          candidate.dtype == by_itself.dtype && candidate.verdict == Truth::no && !candidate.reasons.empty();
      if (refused && !builds_score_matrix(kernel) && kernel.family == family_of(by_itself.kernel))
        reasons.push_back(&candidate.reasons.front());
    }
    return reasons;
  }

  std::string family_of(const std::string& kernel) const {
    return find_entry(judged_.knowledge.kernels, kernel)->family;
  }

  Message fused_refusal(const EngineDefault& by_itself) const {
    std::vector<Message> parts;
    for (const Reason* reason : fused_refusals(by_itself)) parts.push_back(reason->text);
    return joined(parts);
  }

  void memory() {
    if (!plan_.default_memory) return;
    const MemoryPlan& memory = *plan_.default_memory;
    const Kernel* kernel = find_entry(judged_.knowledge.kernels, plan_.attention.engine_default.kernel);
    const bool told_already = kernel != nullptr && builds_score_matrix(*kernel);
    if (memory.fits == Truth::no && !told_already) {
      add(memory_finding("out-of-memory", memory), true);
    } else if (planned() && plan_.memory->fits == Truth::unknown) {
      const bool close = plan_.memory->limit_bytes && plan_.memory->unknown_terms.empty();
      add(memory_finding(close ? "memory-close" : "memory-unknown", *plan_.memory), false);
    } else if (memory.fits == Truth::unknown && !told_already && may_not_fit(memory)) {
      add(memory_finding("memory-close", memory, memory.reserved), true);
    }
    host_memory();
  }

  /// The limit lies inside the expected range, with a fused kernel where it is not known which kernel is taken: another
  /// takes more.
  static bool may_not_fit(const MemoryPlan& memory) {
    return memory.limit_bytes && memory.reserved.high > *memory.limit_bytes &&
           (memory.unknown_terms.empty() || memory.unknown_terms == std::vector<std::string>{"attention kernel"});
  }

  Finding memory_finding(const std::string& id, const MemoryPlan& memory) {
    return memory_finding(id, memory, memory.peak);
  }

  Finding memory_finding(const std::string& id, const MemoryPlan& memory, const Estimate& need) {
    const auto worst =
        std::max_element(memory.stages.begin(), memory.stages.end(),
                         [](const StageBudget& a, const StageBudget& b) { return a.total().bytes < b.total().bytes; });
    std::string unknown;
    for (const std::string& term : memory.unknown_terms) unknown += (unknown.empty() ? "" : ", ") + term;
    Finding finding = finding_about(
        judged_, id,
        {{"need",
          same_in_both(size_text(need.bytes) + " (" + size_text(need.low) + " - " + size_text(need.high) + ")")},
         {"limit", same_in_both(memory.limit_bytes ? size_text(*memory.limit_bytes) : memory.limit_source)},
         {"stage", same_in_both(worst->stage)},
         {"why", same_in_both(unknown.empty() ? memory.limit_source : unknown)},
         {"way_out", way_out_}});
    finding.evidence.push_back({"memory." + worst->stage,
                                "<= " + (memory.limit_bytes ? size_text(*memory.limit_bytes) : std::string("unknown")),
                                size_text(need.bytes), memory.limit_source, memory.fits});
    return finding;
  }

  /// Weights that wait in host memory against what this process may take.
  void host_memory() {
    if (!plan_.memory || plan_.memory->host_bytes == 0) return;
    const MemoryFacts& host = judged_.snapshot.memory;
    std::optional<std::int64_t> limit;
    for (const Fact<Bytes>* fact : {&host.available_bytes, &host.limit_bytes}) {
      if (fact->is_known() && (!limit || fact->value().count < *limit)) limit = fact->value().count;
    }
    if (!limit || plan_.memory->host_bytes <= *limit) return;
    add(finding_about(
            judged_, "host-memory-short",
            {{"need", same_in_both(size_text(plan_.memory->host_bytes))}, {"limit", same_in_both(size_text(*limit))}}),
        false);
  }

  /// The layout that the user fixed, when the engine refuses it.
  void layout() {
    const Layout asked = requested_layout(judged_.request);
    if (asked == Layout{} || (judged_.gpus.empty() && !gpus_unknown())) return;
    const DtypeOption dtype{plan_.attention.engine_default.dtype, {}, true};
    if (dtype.dtype.empty()) return;
    KernelCandidate kernel;
    kernel.kernel = plan_.attention.engine_default.kernel;
    kernel.dtype = dtype.dtype;
    for (const KernelCandidate& candidate : kernel_candidates(judged_, dtype, asked)) {
      if (candidate.kernel == kernel.kernel) kernel = candidate;
    }
    const Judgement legal = judge_layout(judged_, asked, kernel);
    if (legal.truth == Truth::yes || !fixes_a_degree(judged_.request)) return;
    const Reason& reason = legal.reasons.front();
    Finding finding = finding_about(
        judged_, "layout-illegal",
        {{"layout", same_in_both(to_text(asked))}, {"reason", text_with_error(reason)}, {"way_out", legal_instead()}});
    if (legal.truth == Truth::unknown) finding.severity = Severity::warning;
    finding.category = category_of(judged_, reason, finding.category);
    add_reason(finding, reason);
    add(std::move(finding), legal.truth == Truth::no);
  }

  /// What would be chosen if the layout had been left open, and whether whole weights fit each GPU.
  Message legal_instead() {
    Request open = judged_.request;
    std::erase_if(open.pins, [](const auto& pin) { return Layout{}.axis(pin.first) != nullptr; });
    const JudgedCase other = judge_case(judged_, open);
    const Plan plan = make_plan(other);
    Message text = describe_way_out(other, plan);
    const Fact<Bytes>& weights = other.numbers.transformer_bytes;
    const GpuRoom room = room_on_gpus(other);
    const bool whole = plan.layout.chosen && division_of(other, *plan.layout.chosen, "weights") == 1;
    if (whole && weights.is_known() && room.bytes)
      text = joined({text, say(judged_.knowledge, "what-if-weights",
                               {{"need", size_text(weights.value().count)}, {"limit", size_text(room.bytes->bytes)}})},
                    ". ", "。");
    return text;
  }

  void nothing_runs() {
    if (planned() || judged_.gpus.empty()) return;
    const bool decided = std::any_of(findings_.begin(), findings_.end(), [](const Finding& finding) {
      return finding.severity == Severity::error && !finding.undecided;
    });
    if (plan_.possible == Truth::unknown) {
      if (decided) return;
      const auto open = first_unknown();
      Finding finding = finding_about(judged_, "fact-needed",
                                      {{"fact", same_in_both(open.first)}, {"why", same_in_both(open.second)}});
      finding.undecided = true;
      add(std::move(finding), false);
    } else if (!decided) {
      add(finding_about(judged_, "no-way-out", {{"reason", first_refusal()}}), false);
    }
  }

  std::pair<std::string, std::string> first_unknown() const {
    for (const KernelCandidate& candidate : plan_.attention.candidates) {
      if (candidate.reachable == Truth::no) continue;
      for (const Reason& reason : candidate.reasons) {
        if (reason.truth == Truth::unknown) return unknown_fact_of(reason);
      }
    }
    return {"layout", "not looked for"};
  }

  Message first_refusal() const {
    for (const KernelCandidate& candidate : plan_.attention.candidates) {
      if (candidate.reachable != Truth::no && !candidate.reasons.empty()) return candidate.reasons.front().text;
    }
    if (!plan_.layout.rejected.empty() && !plan_.layout.rejected.front().reasons.empty())
      return plan_.layout.rejected.front().reasons.front().text;
    const auto dtype = judged_.request.pin("dtype");
    if (dtype)
      return say(judged_.knowledge, "dtype-unsupported-reason", {{"engine", judged_.variant->id}, {"dtype", *dtype}});
    return same_in_both("memory");
  }

  const JudgedCase& judged_;
  const Plan& plan_;
  Message way_out_;
  std::vector<Finding> findings_;
};

/// Degrees whose product is more than the GPUs that were asked for, or that are there.
std::optional<Finding> degrees_beyond_gpus(const JudgedCase& judged) {
  if (!fixes_a_degree(judged.request)) return std::nullopt;
  Request only_degrees = judged.request;
  only_degrees.gpus = {};
  const std::int64_t needed = requested_layout(only_degrees).world_size;
  const Fact<bool>& complete = judged.snapshot.complete.gpus;
  const bool counted = complete.is_known() && complete.value() && !judged.request.nodes.is_known();
  std::optional<std::int64_t> there;
  if (counted) there = static_cast<std::int64_t>(judged.gpus.size());
  if (judged.request.gpus.is_known())
    there = judged.request.gpus.value() * (judged.request.nodes.is_known() ? judged.request.nodes.value() : 1);
  if (!there || needed <= *there || needed == 1) return std::nullopt;
  return finding_about(
      judged, "degrees-exceed-gpus",
      {{"needed", same_in_both(std::to_string(needed))}, {"gpus", same_in_both(std::to_string(*there))}});
}

}  // namespace

std::vector<Finding> request_findings(const JudgedCase& judged) {
  std::vector<Finding> findings;
  if (auto beyond = degrees_beyond_gpus(judged)) findings.push_back(*std::move(beyond));
  if (judged.engine != nullptr && judged.variant == nullptr) {
    findings.push_back(finding_about(judged, "engine-release-unknown", {}));
    findings.back().undecided = true;
  }
  if (judged.engine == nullptr || judged.model == nullptr) return findings;
  if (!matches_any(judged.engine->models, judged.model->id)) {
    findings.push_back(finding_about(judged, "model-not-supported", {}));
  }
  if (judged.variant == nullptr) return findings;
  const Judgement legal = judge(judged.variant->workload_constraints, judged.variant->id, judged.scope());
  for (const Reason& reason : legal.reasons) {
    if (reason.truth != Truth::no) continue;
    Finding finding = finding_about(judged, "workload-illegal", {{"reason", text_with_error(reason)}});
    add_reason(finding, reason);
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::vector<Finding> plan_findings(const JudgedCase& judged, const Plan& plan) { return Findings(judged, plan).all(); }

}  // namespace diffcheck
