#include "rules/package_needs.h"

#include <algorithm>
#include <set>

#include "rules/build_tag.h"
#include "rules/marker.h"
#include "rules/package_requirement.h"
#include "rules/published_wheel.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

class Collector {
 public:
  Collector(const Snapshot& snapshot, const Knowledge& knowledge, bool lists_all)
      : snapshot_(snapshot), knowledge_(knowledge), environment_(marker_environment(snapshot)), lists_all_(lists_all) {}

  std::vector<UnmetNeed> take() {
    for (const auto& [name, facts] : snapshot_.packages) {
      if (facts.version.is_known()) {
        collect_tag(name, facts.version.value());
        collect_pins(name, facts.version.value());
      }
      // What is not there declares nothing; what is there may declare although its version was not told.
      if (!facts.version.is_absent() && facts.requires_dist.is_known()) collect_declared(name, facts);
    }
    return std::move(unmet_);
  }

 private:
  /// What a wheel's own label says goes before what is known of its release.
  void collect_tag(const std::string& name, const Version& version) {
    const BuildTag tag = parse_build_tag(version.local());
    if (name == "torch" || tag.torch_specifier.empty()) return;
    told_.emplace(name, "torch");
    auto unmet = unmet_need(name, version.text(), "torch", tag.torch_specifier);
    if (!unmet && torch_is_untold()) unmet = need_of(name, version.text(), "torch", tag.torch_specifier);
    if (!unmet || (!unmet->found && !torch_is_untold())) return;
    unmet->basis = unmet->found ? "tagged" : "tagged-untold";
    unmet->source = snapshot_.packages.at(name).version.source();
    unmet_.push_back(*std::move(unmet));
  }

  void collect_pins(const std::string& name, const Version& version) {
    for (const WheelPin& pin : knowledge_.wheel_pins) {
      // Which files a package holds is not a fact here, so a pin that asks for one is not judged.
      const bool about_it = pin.package == name && !pin.version.empty() && pin.present_file.empty() &&
                            is_for_this_cuda(pin) && satisfies(version, pin.version).value_or(false);
      if (!about_it) continue;
      for (const WheelPin::Need& need : pin.needs) {
        if (!told_.emplace(name, need.package).second) continue;
        auto unmet = unmet_need(name, version.text(), need.package, need.specifier);
        if (!unmet || (need.optional && !unmet->found)) continue;
        unmet->basis = loads_all_the_same(*unmet, pin) ? "declared" : pin.basis;
        unmet->reason = pin.reason;
        unmet->source = pin.origin;
        unmet->fitting = fitting_release(*unmet);
        unmet_.push_back(*std::move(unmet));
      }
    }
  }

  void collect_declared(const std::string& name, const PackageFacts& facts) {
    for (const std::string& line : facts.requires_dist.value()) {
      const auto requirement = parse_requirement(line);
      if (!requirement || !requirement->address.empty()) continue;
      if (!requirement->marker.empty()) {
        const auto applies = evaluate_marker(requirement->marker, environment_);
        if (!applies || *applies != Truth::yes) continue;
      }
      if (told_.contains({name, requirement->package})) continue;
      const std::string version = facts.version.is_known() ? facts.version.value().text() : "";
      auto unmet = unmet_need(name, version, requirement->package, requirement->specifiers);
      if (!unmet) continue;
      told_.emplace(name, requirement->package);
      unmet->basis = "declared";
      unmet->source = facts.requires_dist.source();
      unmet_.push_back(*std::move(unmet));
    }
  }

  static UnmetNeed need_of(const std::string& name, const std::string& version, const std::string& needed,
                           const std::string& specifier) {
    UnmetNeed need;
    need.package = name;
    need.version = version;
    need.needed = needed;
    need.specifier = specifier;
    return need;
  }

  bool torch_is_untold() const {
    const auto torch = snapshot_.packages.find("torch");
    return torch == snapshot_.packages.end() ? !lists_all_ : torch->second.version.is_unknown();
  }

  std::optional<UnmetNeed> unmet_need(const std::string& name, const std::string& version, const std::string& needed,
                                      const std::string& specifier) const {
    UnmetNeed unmet = need_of(name, version, needed, specifier);
    const auto found = snapshot_.packages.find(needed);
    if (found == snapshot_.packages.end() || found->second.version.is_absent()) {
      return lists_all_ ? std::optional(unmet) : std::nullopt;
    }
    const Fact<Version>& installed = found->second.version;
    if (!installed.is_known() || satisfies(installed.value(), specifier).value_or(true)) return std::nullopt;
    unmet.found = installed.value();
    return unmet;
  }

  /// Built for another patch release of the same torch, and no symbol is missing: it loads. Between minor releases
  /// classes change as well, which no symbol tells.
  bool loads_all_the_same(const UnmetNeed& unmet, const WheelPin& pin) const {
    if (pin.basis != "built" || unmet.needed != "torch" || !unmet.found || !unmet.specifier.starts_with("=="))
      return false;
    const auto built_for = Version::parse(unmet.specifier.substr(2));
    const bool same_minor = built_for && built_for->component(0) == unmet.found->component(0) &&
                            built_for->component(1) == unmet.found->component(1);
    if (!same_minor) return false;
    bool some_take_from_torch = false;
    for (const BinaryFacts& file : snapshot_.binaries) {
      if (!file.package.is_known() || file.package.value() != unmet.package) continue;
      const auto& missing = file.missing_torch_symbols;
      if (missing.is_known() ? !missing.value().empty() : !missing.is_absent()) return false;
      some_take_from_torch = some_take_from_torch || missing.is_known();
    }
    return some_take_from_torch;
  }

  /// Wheels of one release differ by CUDA major. Without a known torch build, all count.
  bool is_for_this_cuda(const WheelPin& pin) const {
    const auto torch = snapshot_.packages.find("torch");
    if (pin.cuda.empty() || torch == snapshot_.packages.end() || !torch->second.cuda.is_known()) return true;
    return std::any_of(pin.cuda.begin(), pin.cuda.end(), [&](const Version& cuda) {
      return cuda.component(0) == torch->second.cuda.value().component(0);
    });
  }

  /// A specifier without an upper end stands for what is not released yet.
  static bool is_released(const WheelPin& pin) {
    return pin.version.starts_with("==") || pin.version.find("<=") != std::string::npos;
  }

  /// The release of the package whose wheels were made for what is installed.
  std::string fitting_release(const UnmetNeed& unmet) const {
    std::string fitting;
    for (const WheelPin& pin : knowledge_.wheel_pins) {
      if (pin.package != unmet.package || !is_released(pin) || !unmet.found || !is_for_this_cuda(pin)) continue;
      for (const WheelPin::Need& need : pin.needs) {
        if (need.package == unmet.needed && satisfies(*unmet.found, need.specifier).value_or(false))
          fitting = pin.package + pin.version;  // the last is the newest
      }
    }
    return fitting;
  }

  const Snapshot& snapshot_;
  const Knowledge& knowledge_;
  MarkerEnvironment environment_;
  bool lists_all_;
  std::set<std::pair<std::string, std::string>> told_;
  std::vector<UnmetNeed> unmet_;
};

std::set<std::string> packages_that_matter(const Knowledge& knowledge) {
  std::set<std::string> names(knowledge.packages.begin(), knowledge.packages.end());
  for (const WheelPin& pin : knowledge.wheel_pins) {
    names.insert(pin.package);
    for (const WheelPin::Need& need : pin.needs) names.insert(need.package);
  }
  return names;
}

bool complete_binaries(const Snapshot& snapshot) {
  return snapshot.complete.binaries.is_known() && snapshot.complete.binaries.value();
}

Evidence evidence_of(const UnmetNeed& unmet) {
  Evidence evidence;
  evidence.fact = "packages." + unmet.needed + ".version";
  evidence.needed = unmet.specifier.empty() ? "installed" : unmet.specifier;
  evidence.found = unmet.found ? unmet.found->text() : "none";
  evidence.source = unmet.source;
  evidence.truth = Truth::no;
  return evidence;
}

}  // namespace

std::vector<UnmetNeed> unmet_needs(const Snapshot& snapshot, const Knowledge& knowledge, bool lists_all) {
  return Collector(snapshot, knowledge, lists_all).take();
}

std::vector<Finding> package_findings(const JudgedCase& judged, bool simulated) {
  const Snapshot& snapshot = judged.snapshot;
  const Fact<bool>& complete = snapshot.complete.packages;
  const bool lists_all = !simulated && complete.is_known() && complete.value();
  std::vector<Finding> findings;
  const std::set<std::string> matter = packages_that_matter(judged.knowledge);
  for (const UnmetNeed& unmet : unmet_needs(snapshot, judged.knowledge, lists_all)) {
    if (!matter.contains(unmet.package) && !matter.contains(unmet.needed)) continue;
    const std::string wanted = unmet.needed + unmet.specifier;
    const auto wheel =
        unmet.needed == "torch" ? published_wheel(unmet.package, snapshot, judged.knowledge) : std::nullopt;
    const bool untold = unmet.basis == "tagged-untold";
    const std::string named = unmet.package + (unmet.version.empty() ? "" : " " + unmet.version);
    Finding finding =
        finding_from(judged.knowledge, unmet.found || untold ? "package-" + unmet.basis : "package-missing",
                     {{"package", same_in_both(named)},
                      {"needed", same_in_both(unmet.needed)},
                      {"wanted", same_in_both(wanted)},
                      {"found", same_in_both(unmet.found ? unmet.found->text() : "")},
                      {"install", same_in_both(wheel                   ? *wheel
                                               : unmet.fitting.empty() ? wanted
                                                                       : unmet.fitting)},
                      {"reason", same_in_both(unmet.reason)}},
                     judged.scope());
    // Where the files themselves were read, they tell whether they fit.
    if (unmet.basis == "wheels" && !complete_binaries(snapshot)) finding.severity = Severity::warning;
    finding.undecided = untold;
    finding.evidence.push_back(evidence_of(unmet));
    if (untold) {
      finding.evidence.back().found = "unknown";
      finding.evidence.back().truth = Truth::unknown;
    }
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace diffcheck
