#include "rules/judged_finding.h"

#include "rules/torch_support.h"

namespace diffcheck {

Finding finding_about(const JudgedCase& judged, const std::string& id, NamedMessages words) {
  if (judged.engine != nullptr)
    words.emplace_back("engine", judged.variant == nullptr ? judged.engine->title : judged.variant->title);
  if (judged.model != nullptr) words.emplace_back("model", same_in_both(judged.model->name));
  Finding finding = finding_from(judged.knowledge, id, words, judged.scope());
  if (judged.engine != nullptr) finding.affects.push_back(judged.engine->id);
  if (judged.model != nullptr) finding.affects.push_back(judged.model->id);
  return finding;
}

void add_reason(Finding& finding, const Reason& reason) {
  finding.evidence.insert(finding.evidence.end(), reason.evidence.begin(), reason.evidence.end());
  if (reason.source.starts_with("https://"))
    finding.links.push_back(reason.source.substr(0, reason.source.find_first_of("; ")));
}

Message text_with_error(const Message& text, const std::string& error_text) {
  if (error_text.empty()) return text;
  return {text.english + " (\"" + error_text + "\")", text.chinese + "（“" + error_text + "”）"};
}

Message text_with_error(const Reason& reason) { return text_with_error(reason.text, reason.error_text); }

std::string category_of(const JudgedCase& judged, const Reason& reason, const std::string& otherwise) {
  const std::size_t slash = reason.condition.find('/');
  const std::string owner = reason.condition.substr(0, slash);
  const std::string id = slash == std::string::npos ? "" : reason.condition.substr(slash + 1);
  const auto in = [&](const std::vector<Requirement>& requirements) -> std::string {
    for (const Requirement& requirement : requirements) {
      if (requirement.id == id && !requirement.category.empty()) return requirement.category;
    }
    return otherwise;
  };
  if (const Kernel* kernel = find_entry(judged.knowledge.kernels, owner)) return in(kernel->requires_all);
  if (judged.variant != nullptr && judged.variant->id == owner) return in(judged.variant->layout_constraints);
  return otherwise;
}

std::pair<std::string, std::string> unknown_fact_of(const Reason& reason) {
  for (const Evidence& evidence : reason.evidence) {
    if (evidence.truth == Truth::unknown) return {fact_behind(evidence.fact), evidence.found};
  }
  return {reason.condition, "not looked for"};
}

Finding refused_default(const JudgedCase& judged, const EngineDefault& by_itself, const Message& way_out,
                        const Message& what_if) {
  const Reason reason = by_itself.reasons.empty() ? Reason{} : by_itself.reasons.front();
  // The kernel's own message comes first, then the one in which the engine ends.
  const Message why = by_itself.reasons.empty() ? same_in_both(by_itself.error_text)
                                                : text_with_error(text_with_error(reason), by_itself.error_text);
  Finding finding = finding_about(
      judged, by_itself.kernel.empty() ? "engine-finds-no-kernel" : "default-kernel-refused",
      {{"kernel", same_in_both(by_itself.kernel)}, {"reason", why}, {"way_out", way_out}, {"what_if", what_if}});
  if (!what_if.empty() && finding.why.english.find(what_if.english) == std::string::npos)
    finding.why = joined({finding.why, what_if}, " ", "");
  finding.category = category_of(judged, reason, finding.category);
  add_reason(finding, reason);
  return finding;
}

Finding refused_pin(const JudgedCase& judged, const std::string& kernel, const Reason& reason, const Message& way_out) {
  Finding finding =
      finding_about(judged, "pinned-kernel-refused",
                    {{"kernel", same_in_both(kernel)}, {"reason", text_with_error(reason)}, {"way_out", way_out}});
  finding.category = category_of(judged, reason, finding.category);
  add_reason(finding, reason);
  return finding;
}

}  // namespace diffcheck
