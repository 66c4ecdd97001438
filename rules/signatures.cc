#include "rules/signatures.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <set>

#include "probe/text.h"
#include "rules/diagnose.h"
#include "rules/gpu_products.h"
#include "rules/judged_case.h"
#include "rules/literal_search.h"
#include "rules/torch_support.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_places = 256;  ///< Of one pattern; the last ones count.
constexpr std::size_t k_longest_quoted = 400;

/// One pattern of one signature.
struct Alternative {
  const Signature* signature;
  const LogPattern* pattern;
};

/// Where a signature was found, the last place that counts.
struct Found {
  const Signature* signature = nullptr;
  PatternMatch match;
  LineRole role = LineRole::plain;
  std::set<std::size_t> lines;  ///< All on which it stands.
};

LineRole weight_of(LineRole role, const Signature& signature) {
  return role == LineRole::warned && signature.decides_as_warning ? LineRole::plain : role;
}

/// A later line counts more, unless it is a warning and the earlier one was none. On one line the pattern that stands
/// first in the data does.
bool counts_more(const LogText& log, LineRole role, const PatternMatch& match, const Found& than) {
  const bool warned = role == LineRole::warned;
  const bool other_warned = than.role == LineRole::warned;
  if (warned != other_warned) return other_warned;
  return log.line_at(match.begin).number > log.line_at(than.match.begin).number;
}

void add_places(const Alternative& alternative, const LogText& log, const std::deque<std::size_t>& places,
                std::vector<Found>& all) {
  const Signature& signature = *alternative.signature;
  auto known = std::find_if(all.begin(), all.end(), [&](const Found& found) { return found.signature == &signature; });
  for (const std::size_t place : places) {
    auto match = match_at(*alternative.pattern, log, place);
    if (!match) continue;
    const std::size_t line = log.line_at(match->begin).number;
    const LineRole role = weight_of(log.line_at(match->begin).role, signature);
    if (known == all.end()) {
      all.push_back({&signature, *std::move(match), role, {line}});
      known = std::prev(all.end());
      continue;
    }
    known->lines.insert(line);
    if (!counts_more(log, role, *match, *known)) continue;
    known->match = *std::move(match);
    known->role = role;
  }
}

std::vector<Found> find_signatures(const LogText& log, const std::vector<Signature>& signatures) {
  std::vector<Alternative> alternatives;
  std::vector<std::string> anchors;
  for (const Signature& signature : signatures) {
    for (const LogPattern& pattern : signature.match) {
      alternatives.push_back({&signature, &pattern});
      anchors.push_back(pattern.anchor_text());
    }
  }
  std::vector<std::deque<std::size_t>> places(alternatives.size());
  LiteralSearch(anchors).search(log.folded, [&](std::size_t alternative, std::size_t begin) {
    std::deque<std::size_t>& kept = places[alternative];
    if (kept.size() == k_most_places) kept.pop_front();
    kept.push_back(begin);
  });
  std::vector<Found> all;
  for (std::size_t i = 0; i < alternatives.size(); ++i) add_places(alternatives[i], log, places[i], all);
  return all;
}

bool speaks_of_one_gpu(const Condition& condition) {
  std::vector<std::string> paths;
  collect_paths(condition, paths);
  return std::any_of(paths.begin(), paths.end(),
                     [](const std::string& path) { return path.starts_with("gpu.") || path.starts_with("device."); });
}

/// A condition that names `gpu` holds where it holds on one of the chosen GPUs.
Verdict judge(const Condition& condition, const JudgedCase& judged, const Scope& scope, Scope& where) {
  Verdict best = evaluate(condition, scope);
  where = scope;
  if (!speaks_of_one_gpu(condition)) return best;
  for (std::size_t i = 0; i < judged.gpus.size(); ++i) {
    Scope on_gpu = scope;
    on_gpu.add(*judged.gpu_facts[i]);
    Verdict verdict = evaluate(condition, on_gpu);
    if (i > 0 && verdict.truth <= best.truth) continue;
    best = std::move(verdict);
    where = on_gpu;
  }
  const auto size = judged.machine->list_size("gpus");
  if (best.truth == Truth::no && !(size && size->complete)) best.truth = Truth::unknown;
  return best;
}

Evidence evidence_of(const Finding& finding) {
  return {"findings." + finding.id, "", finding.title.english, finding.source, Truth::yes};
}

double confidence_of(const Found& found, Truth confirmed, std::size_t position, bool last_raised) {
  constexpr std::array<double, 6> k_by_specificity = {0, 0.25, 0.45, 0.65, 0.8, 0.9};
  constexpr double k_next_cause = 0.92;  // the likeliest cause comes first in the data
  constexpr double k_went_on = 0.45;     // the log calls it a warning
  constexpr double k_confirmed = 0.6;    // of what is missing to certainty
  constexpr double k_last_raised = 0.15;
  constexpr double k_refuted = 0.1;
  double confidence = k_by_specificity[static_cast<std::size_t>(found.signature->specificity)];
  if (last_raised) confidence += (1 - confidence) * k_last_raised;
  confidence *= std::pow(k_next_cause, static_cast<double>(position));
  if (confirmed == Truth::yes) confidence += (1 - confidence) * k_confirmed;
  if (confirmed == Truth::no) confidence *= k_refuted;
  if (found.role == LineRole::warned) confidence *= k_went_on;
  return confidence;
}

std::string excerpt(const LogText& log, const PatternMatch& match) {
  const LogLine& line = log.line_at(match.begin);
  const std::size_t end = std::max(match.end, log.end_of(line));
  const std::size_t length = end - line.begin;
  // Of a very long line, the part around the match.
  const std::size_t begin = length > k_longest_quoted ? match.begin : line.begin;
  return printable(trim(std::string_view(log.text).substr(begin, end - begin)), k_longest_quoted);
}

/// All that a cause is judged by.
struct Bench {
  const LogText& log;
  const JudgedCase& judged;
  const FactTable& plan;
  const std::vector<Finding>& findings;
  const Found* last_raised;
};

LogCause judge_cause(const Bench& bench, const Found& found, const FactTable& captured, std::size_t position) {
  const Signature& signature = *found.signature;
  const SignatureCause& cause = signature.causes[position];
  const Scope scope = bench.judged.scope().add(bench.plan).add(captured);
  Scope where = scope;
  LogCause result;
  if (cause.when) {
    const Verdict verdict = judge(*cause.when, bench.judged, scope, where);
    result.confirmed = verdict.truth;
    result.evidence = deciding_leaves(verdict);
  } else if (!bench.judged.gpus.empty()) {
    where.add(*bench.judged.gpu_facts.front());
  }
  for (const Finding& finding : bench.findings) {
    if (result.confirmed == Truth::no) break;
    if (std::find(cause.findings.begin(), cause.findings.end(), finding.id) == cause.findings.end()) continue;
    if (result.confirmed != Truth::yes) result.evidence.clear();
    result.confirmed = Truth::yes;
    result.evidence.push_back(evidence_of(finding));
  }
  result.id = cause.id.empty() ? signature.id : signature.id + "/" + cause.id;
  result.signature = signature.id;
  result.category = cause.category;
  result.confidence = confidence_of(found, result.confirmed, position, &found == bench.last_raised);
  result.matched_text = excerpt(bench.log, found.match);
  result.line = bench.log.line_at(found.match.begin).number;
  result.occurrences = found.lines.size();
  result.title = expand(signature.title, where);
  result.why = expand(cause.why, where);
  result.fix.text = expand(cause.fix.text, where);
  for (const std::string& command : cause.fix.commands) result.fix.commands.push_back(expand(command, where));
  result.links = signature.links;
  result.grade = signature.grade;
  result.source = signature.origin;
  return result;
}

const Found* last_raised_of(const std::vector<Found>& all) {
  const Found* last = nullptr;
  for (const Found& found : all) {
    if (found.role == LineRole::raised && (last == nullptr || found.match.begin > last->match.begin)) last = &found;
  }
  return last;
}

/// What is wrong with the machine and the request anyway. A plan is made where there is something to plan.
Diagnosis findings_of(const JudgedCase& judged) {
  if (judged.variant != nullptr && judged.model != nullptr)
    return diagnose(judged.snapshot, judged.request, judged.knowledge);
  Diagnosis diagnosis;
  diagnosis.workload = judged.workload;
  diagnosis.findings = machine_findings(judged, false);
  return diagnosis;
}

/// The workload with the dtype that the engine takes by itself.
FactTable plan_facts(const Diagnosis& diagnosis) {
  FactTable facts;
  facts.add_all("workload", diagnosis.workload);
  return facts;
}

}  // namespace

bool is_known_message(std::string_view text, const Knowledge& knowledge) {
  return !find_signatures(read_log(text), knowledge.signatures).empty();
}

LogExplanation explain_log(const LogPart& part, Snapshot snapshot, const Request& request, const Knowledge& knowledge) {
  const LogText log = read_log(part.text, part.first_line);
  const std::vector<Found> all = find_signatures(log, knowledge.signatures);

  snapshot = with_torch_facts(with_product_facts(std::move(snapshot), knowledge), knowledge);
  const JudgedCase judged = judge_case(knowledge, snapshot, request, facts_of(snapshot));
  Diagnosis diagnosis = findings_of(judged);
  const FactTable plan = plan_facts(diagnosis);
  const Bench bench{log, judged, plan, diagnosis.findings, last_raised_of(all)};

  LogExplanation explanation;
  explanation.lines = log.lines.size();
  for (const Found& found : all) {
    FactTable captured;
    captured.add_all("match", found.match.captures);
    for (std::size_t i = 0; i < found.signature->causes.size(); ++i)
      explanation.causes.push_back(judge_cause(bench, found, captured, i));
  }
  std::stable_sort(explanation.causes.begin(), explanation.causes.end(), [](const LogCause& a, const LogCause& b) {
    if ((a.confirmed == Truth::no) != (b.confirmed == Truth::no)) return b.confirmed == Truth::no;
    if (a.confidence != b.confidence) return a.confidence > b.confidence;
    return a.line > b.line;
  });
  explanation.suspicious = std::move(diagnosis.findings);
  return explanation;
}

}  // namespace diffcheck
