#include "rules/untold_kernel.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "rules/words.h"

namespace diffcheck {
namespace {

bool tells_the_architecture(std::string_view fact) {
  return fact.ends_with(".compute_capability") || fact.ends_with(".gfx_target");
}

/// Whether a condition looked at the GPU's architecture and that leaf came out so.
bool has_architecture_leaf(const Verdict& verdict, Truth truth) {
  if (verdict.kind == Condition::Kind::leaf) return verdict.truth == truth && tells_the_architecture(verdict.leaf.fact);
  return std::any_of(verdict.children.begin(), verdict.children.end(),
                     [&](const Verdict& child) { return has_architecture_leaf(child, truth); });
}

const Requirement* requirement_of(const Kernel& kernel, const Reason& reason) {
  for (const Requirement& requirement : kernel.requires_all) {
    if (reason.condition == kernel.id + "/" + requirement.id) return &requirement;
  }
  return nullptr;
}

/// The requirement is there for GPUs like this one, or this GPU fails it wherever it applies.
bool is_about_this_gpu(const JudgedCase& judged, const Requirement& requirement) {
  if (judged.gpus.empty()) return false;
  const Scope scope = judged.scope_on_gpu(0);
  return (requirement.when && has_architecture_leaf(evaluate(*requirement.when, scope), Truth::yes)) ||
         has_architecture_leaf(evaluate(requirement.needs, scope), Truth::no);
}

Finding unknown_kernel(const JudgedCase& judged, const Kernel& kernel, const Reason& reason, const Message& way_out) {
  const auto [fact, why] = unknown_fact_of(reason);
  Finding finding = finding_about(judged, "kernel-unknown",
                                  {{"kernel", same_in_both(kernel.id)},
                                   {"reason", reason.text},
                                   {"fact", same_in_both(fact)},
                                   {"why", same_in_both(why)},
                                   {"way_out", way_out}});
  finding.category = category_of(judged, reason, finding.category);
  finding.undecided = true;
  add_reason(finding, reason);
  return finding;
}

/// "2.6.0+cu124", or "unknown".
std::string version_told(const Snapshot& snapshot, const std::string& package) {
  const auto found = snapshot.packages.find(package);
  const bool is_known = found != snapshot.packages.end() && found->second.version.is_known();
  return is_known ? found->second.version.value().text() : "unknown";
}

/// What a build of the package for another torch comes to, by how its releases are tied to torch.
std::string category_of_misfit(const Knowledge& knowledge, const std::string& package) {
  for (const WheelPin& pin : knowledge.wheel_pins) {
    const bool to_torch = std::any_of(pin.needs.begin(), pin.needs.end(),
                                      [](const WheelPin::Need& need) { return need.package == "torch"; });
    const FindingText* text = find_entry(knowledge.finding_texts, "package-" + pin.basis);
    if (pin.package == package && to_torch && text != nullptr) return text->category;
  }
  return "abi-undefined-symbol";
}

/// Compiled packages load with the torch that they were built for.
std::optional<Finding> untold_fit(const JudgedCase& judged, const Kernel& kernel) {
  const std::string package = version_told(judged.snapshot, kernel.package);
  const std::string torch = version_told(judged.snapshot, "torch");
  if (kernel.package.empty() || (package != "unknown" && torch != "unknown")) return std::nullopt;
  Finding finding = finding_about(judged, "kernel-fit-unknown",
                                  {{"kernel", same_in_both(kernel.id)},
                                   {"package", same_in_both(kernel.package)},
                                   {"package_version", same_in_both(package)},
                                   {"torch_version", same_in_both(torch)}});
  finding.category = category_of_misfit(judged.knowledge, kernel.package);
  finding.undecided = true;
  const std::string open = package == "unknown" ? kernel.package : "torch";
  finding.evidence.push_back(
      {"packages." + open + ".version", "builds that belong together", "unknown", "", Truth::unknown});
  return finding;
}

}  // namespace

std::vector<Finding> untold_kernel(const JudgedCase& judged, const Kernel& kernel, const std::vector<Reason>& reasons,
                                   const Message& way_out) {
  std::vector<Finding> findings;
  std::set<std::string> told;
  for (const Reason& reason : reasons) {
    const Requirement* requirement = requirement_of(kernel, reason);
    if (requirement == nullptr || reason.truth != Truth::unknown || !is_about_this_gpu(judged, *requirement)) continue;
    if (told.insert(requirement->category).second) findings.push_back(unknown_kernel(judged, kernel, reason, way_out));
  }
  if (!findings.empty() || reasons.empty()) return findings;
  if (auto fit = untold_fit(judged, kernel)) {
    findings.push_back(*std::move(fit));
  } else {
    findings.push_back(unknown_kernel(judged, kernel, reasons.front(), way_out));
  }
  return findings;
}

}  // namespace diffcheck
