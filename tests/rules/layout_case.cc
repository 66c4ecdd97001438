#include "tests/rules/layout_case.h"

#include <algorithm>
#include <utility>

#include "rules/attention.h"
#include "rules/gpu_products.h"
#include "rules/layout.h"
#include "rules/machine_spec.h"
#include "rules/torch_support.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

using nlohmann::json;

constexpr const char* k_source = "layout_cases.json";
constexpr const char* k_axes[] = {"data", "cfg", "ulysses", "ring", "pipefusion", "tensor", "fsdp", "vae"};

template <class T>
void read(const json& one, const char* name, Fact<T>& fact) {
  if (one.contains(name)) fact = known(one[name].get<T>(), k_source);
}

Request request_of(const json& one) {
  Request request;
  read(one, "engine", request.engine);
  read(one, "version", request.engine_version);
  read(one, "model", request.model);
  read(one, "width", request.width);
  read(one, "height", request.height);
  read(one, "frames", request.frames);
  read(one, "batch", request.batch);
  read(one, "guidance", request.guidance_scale);
  return request;
}

Snapshot snapshot_of(const json& one) {
  const auto settings = one.value("set", std::vector<std::string>());
  const auto named = machine_with(one["machine"], {settings});
  std::vector<Message> assumptions;
  Snapshot snapshot = with_product_facts(named.value_or(Snapshot()), knowledge());
  return with_torch_facts(with_assumptions(std::move(snapshot), knowledge(), assumptions), knowledge());
}

Layout layout_of(const json& degrees) {
  Layout layout;
  for (const char* axis : k_axes) *layout.axis(axis) = degrees.value(axis, std::int64_t{1});
  layout.world_size = degrees.value("world", product(layout));
  return layout;
}

/// "heads" for "xdit-main/heads"; the name of an axis keeps what stands behind it.
std::string name_of_rule(const std::string& condition, const std::string& variant) {
  const std::string owner = variant + "/";
  return condition.starts_with(owner) ? condition.substr(owner.size()) : condition;
}

/// The kernel as the search would hand it on, with what it returns on this machine.
KernelCandidate candidate_of(const JudgedCase& judged, const std::string& kernel) {
  KernelCandidate plain;
  plain.kernel = kernel;
  plain.dtype = "bf16";
  if (judged.variant == nullptr) return plain;
  for (const KernelCandidate& candidate : kernel_candidates(judged, {"bf16", {}, true}, Layout())) {
    if (candidate.kernel == kernel) return candidate;
  }
  return plain;
}

}  // namespace

LayoutCase::LayoutCase(const json& one)
    : snapshot_(snapshot_of(one)),
      request_(request_of(one)),
      judged_(std::make_unique<JudgedCase>(judge_case(knowledge(), snapshot_, request_, facts_of(snapshot_)))),
      kernel_(candidate_of(*judged_, one.value("kernel", "flash-attn-2"))) {}

JudgedLayout LayoutCase::judge(const json& degrees) const {
  const Layout layout = layout_of(degrees);
  const Judgement judgement = judge_layout(*judged_, layout, kernel_);
  JudgedLayout result;
  result.truth = judgement.truth;
  for (const Reason& reason : judgement.reasons) {
    const std::string rule = name_of_rule(reason.condition, judged_->variant->id);
    (reason.truth == Truth::no ? result.refused : result.unknown).push_back(rule);
    if (reason.text.english.empty() || reason.text.chinese.empty()) result.without_text.push_back(rule);
  }
  const Kernel* kernel = find_entry(knowledge().kernels, kernel_.kernel);
  const FactTable candidate = candidate_facts(*judged_, layout, kernel_.dtype, kernel, truth_of(kernel_.returns_lse));
  Scope scope = judged_->gpus.empty() ? judged_->scope() : judged_->scope_on_gpu(0);
  scope.add(candidate);
  for (const Requirement& rule : judged_->variant->layout_constraints) {
    const bool applies = !rule.when || decide(*rule.when, scope) == Truth::yes;
    if (applies && decide(rule.needs, scope) == Truth::yes) result.held.insert(rule.id);
  }
  return result;
}

}  // namespace diffcheck
