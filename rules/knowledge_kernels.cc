// Kernels, checks and the texts of findings.
#include "rules/entry_reader.h"

namespace diffcheck {
namespace {

std::optional<Condition> returns_lse(EntryReader& reader) {
  const auto json = reader.find("returns_lse");
  const auto always = json ? json->boolean() : false;
  if (!always) return reader.optional_condition("returns_lse");
  if (!*always) return std::nullopt;
  return Condition{};  // an empty "all" always holds
}

ScoreMemory read_score_memory(EntryReader& reader) {
  return {reader.optional_condition("when"), reader.number("buffer_bytes"),        reader.number("low_bytes"),
          reader.number("high_bytes"),       reader.boolean_or("of_dtype", false), reader.text_or("source", "")};
}

RankRule read_rank(EntryReader& reader) {
  return {reader.optional_condition("when"), static_cast<int>(reader.integer("value"))};
}

DispatchOrder read_dispatch(EntryReader& reader) {
  return {reader.optional_condition("when"), reader.texts("kernels"), reader.text_or("source", "")};
}

Severity severity_of(EntryReader& reader) {
  const std::string name = reader.text("severity");
  for (const Severity severity : {Severity::note, Severity::warning, Severity::error}) {
    if (name == name_of(severity)) return severity;
  }
  reader.fail("severity", "expected error, warning or note");
  return Severity::note;
}

}  // namespace

Fix read_fix(EntryReader& reader) {
  Fix fix;
  reader.object("fix", [&](EntryReader& inner) {
    fix.text = inner.message("text");
    fix.commands = inner.templates("commands");
  });
  return fix;
}

Requirement read_requirement(EntryReader& reader) {
  Requirement requirement;
  requirement.id = reader.text("id");
  requirement.when = reader.optional_condition("when");
  requirement.needs = reader.condition("needs");
  requirement.message = reader.message("message");
  requirement.error_text = reader.text_or("error_text", "");
  requirement.category = reader.text_or("category", "");
  requirement.source = reader.text_or("source", "");
  return requirement;
}

RequirementGroup read_requirement_group(EntryReader& reader) {
  RequirementGroup group;
  reader.entry_fields(group);
  group.requires_all = reader.list<Requirement>("requires", read_requirement);
  return group;
}

Kernel read_kernel(EntryReader& reader) {
  Kernel kernel;
  reader.entry_fields(kernel);
  kernel.title = reader.message("title");
  kernel.aliases = reader.texts("aliases");
  kernel.family = reader.text("family");
  kernel.package = reader.text_or("package", "");
  kernel.exact = reader.boolean_or("exact", true);
  kernel.returns_lse = returns_lse(reader);
  kernel.includes = reader.texts("includes");
  kernel.requires_all = reader.list<Requirement>("requires", read_requirement);
  kernel.score_memory = reader.list<ScoreMemory>("score_memory", read_score_memory);
  kernel.rank = reader.list<RankRule>("rank", read_rank);
  kernel.dispatch = reader.list<DispatchOrder>("dispatch", read_dispatch);
  return kernel;
}

Check read_check(EntryReader& reader) {
  Check check;
  reader.entry_fields(check);
  check.category = reader.text("category");
  check.severity = severity_of(reader);
  check.undecided = reader.boolean_or("undecided", false);
  check.each = reader.text_or("each", "");
  if (!check.each.empty() && !reader.catalogue().has_list(check.each))
    reader.fail("each", "no list of facts is called \"" + check.each + "\"");
  check.alias = check.each.substr(0, check.each.size() - (check.each.ends_with('s') ? 1 : 0));
  check.applies = reader.optional_condition("applies");
  check.when = reader.condition("when");
  check.title = reader.message("title");
  check.why = reader.message("why");
  check.fix = read_fix(reader);
  check.links = reader.texts("links");
  check.gives_way_to = reader.texts("gives_way_to");
  return check;
}

FindingText read_finding_text(EntryReader& reader) {
  FindingText text;
  reader.entry_fields(text);
  text.category = reader.text_or("category", "");
  text.severity = severity_of(reader);
  text.title = reader.message("title");
  text.why = reader.message("why");
  text.fix = read_fix(reader);
  return text;
}

Assumption read_assumption(EntryReader& reader) {
  Assumption assumption;
  reader.entry_fields(assumption);
  assumption.when = reader.optional_condition("when");
  assumption.fact = reader.text("fact");
  assumption.value = reader.text("value");
  assumption.text = reader.message("text");
  const auto type = reader.catalogue().type_of(assumption.fact);
  if (!type) {
    reader.fail("fact", "no fact is called \"" + assumption.fact + "\"");
  } else if (auto value = parse_value(assumption.value, *type); !value) {
    reader.fail("value", value.error().what);
  }
  return assumption;
}

}  // namespace diffcheck
