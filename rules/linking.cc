#include "rules/linking.h"

#include <algorithm>
#include <map>

namespace diffcheck {
namespace {

std::string text_of(const Fact<std::string>& fact) { return fact.is_known() ? fact.value() : ""; }

/// "12" of the CUDA that torch was built for; "" where that is not known.
std::string torch_cuda_major(const Snapshot& snapshot) {
  const auto torch = snapshot.packages.find("torch");
  if (torch == snapshot.packages.end() || !torch->second.cuda.is_known()) return "";
  return std::to_string(torch->second.cuda.value().component(0));
}

void explain_missing_library(const std::string& name, const std::string& package, const Snapshot& snapshot,
                             const Knowledge& knowledge, LinkExplanation& told) {
  const SharedLibrary* library = shared_library(knowledge, name);
  const std::string torch_cuda = torch_cuda_major(snapshot);
  const Words words = {{"package", package},
                       {"torch_cuda", torch_cuda},
                       {"cuda", library == nullptr ? "" : library->cuda},
                       {"pip", library == nullptr ? "" : library->pip},
                       {"system", library == nullptr ? "" : library->system}};
  std::string holder = "nobody";
  if (library != nullptr) {
    const bool other_cuda = !library->cuda.empty() && !torch_cuda.empty() && library->cuda != torch_cuda;
    holder = other_cuda ? "other-cuda" : is_of_driver(*library) ? "driver" : library->pip.empty() ? "system" : "pip";
  }
  told.meaning = say(knowledge, "link-meaning-" + holder, words);
  told.remedy = say(knowledge, "link-remedy-" + holder, words);
  const bool fits = library != nullptr && library->pip_cuda == (torch_cuda.empty() ? library->cuda : torch_cuda);
  if (holder == "pip" && fits) told.commands.push_back("python -m pip install \"" + library->pip + "\"");
}

Evidence evidence_of(const LinkDefectFacts& defect, const std::string& fact) {
  Evidence evidence;
  evidence.fact = fact;
  evidence.truth = Truth::no;
  evidence.needed = text_of(defect.name);
  evidence.found = defect.library.is_known() ? defect.library.value() : "none";
  evidence.source = text_of(defect.needed_by);
  return evidence;
}

Finding torch_finding(const JudgedCase& judged) {
  const LinkDefectFacts& defect = judged.snapshot.linking.torch_defects.front();
  const LinkExplanation told = explain(defect, "torch", judged.snapshot, judged.knowledge);
  Finding finding = finding_from(judged.knowledge, "torch-does-not-load",
                                 {{"what", told.what},
                                  {"meaning", told.meaning},
                                  {"remedy", told.remedy},
                                  {"needed_by", same_in_both(text_of(defect.needed_by))}},
                                 judged.scope());
  finding.fix.commands.insert(finding.fix.commands.end(), told.commands.begin(), told.commands.end());
  finding.evidence.push_back(evidence_of(defect, "linking.torch_defects.0"));
  return finding;
}

std::string_view folder_of(std::string_view path) { return path.substr(0, path.rfind('/')); }

/// Whether the file that is taken may be too old for torch. A newer one of the same name keeps what an older one has,
/// unless it is a part that has to be of the same release as the rest, which lies beside it.
bool is_doubtful(const LoadedLibraryFacts& library) {
  if (!library.shadowed.is_known() || !library.path.is_known() || !library.soname.is_known()) return false;
  if (!library.version.is_known() || !library.shadowed_version.is_known()) return true;
  const bool is_part =
      library.needed_by.is_known() && folder_of(library.needed_by.value()) == folder_of(library.shadowed.value());
  return is_part ? library.version.value() != library.shadowed_version.value()
                 : library.version.value() < library.shadowed_version.value();
}

Evidence shadow_evidence(const LoadedLibraryFacts& library, std::size_t index) {
  Evidence evidence;
  evidence.fact = "linking.libraries." + std::to_string(index) + ".path";
  evidence.truth = Truth::no;
  evidence.needed = library.shadowed.value();
  evidence.found = library.path.value();
  evidence.source = library.path.source();
  return evidence;
}

Finding shadow_finding(const JudgedCase& judged, std::size_t index) {
  const LoadedLibraryFacts& library = judged.snapshot.linking.libraries[index];
  const std::string rule = text_of(library.found_by);
  const auto version = [&](const Fact<Version>& fact) {
    return fact.is_known() ? same_in_both(fact.value().text()) : say(judged.knowledge, "link-version-unknown");
  };
  Finding finding = finding_from(judged.knowledge, "library-shadowed",
                                 {{"library", same_in_both(library.soname.value())},
                                  {"path", same_in_both(library.path.value())},
                                  {"version", version(library.version)},
                                  {"rule", say(judged.knowledge, "link-rule-" + rule)},
                                  {"shadowed", same_in_both(library.shadowed.value())},
                                  {"shadowed_package", same_in_both(text_of(library.shadowed_package))},
                                  {"shadowed_version", version(library.shadowed_version)}},
                                 judged.scope());
  finding.evidence.push_back(shadow_evidence(library, index));
  return finding;
}

/// One for each package; the other files of a package are evidence.
void add_shadowed(const JudgedCase& judged, std::vector<Finding>& findings) {
  const auto& libraries = judged.snapshot.linking.libraries;
  std::map<std::string, std::size_t> of_package;
  for (std::size_t i = 0; i < libraries.size(); ++i) {
    if (!is_doubtful(libraries[i])) continue;
    const auto [place, is_new] = of_package.emplace(text_of(libraries[i].shadowed_package), findings.size());
    if (is_new)
      findings.push_back(shadow_finding(judged, i));
    else
      findings[place->second].evidence.push_back(shadow_evidence(libraries[i], i));
  }
}

}  // namespace

bool is_told(const LinkDefectFacts& defect) {
  return defect.kind.is_known() && defect.name.is_known() &&
         (defect.kind.value() == "missing-library" || defect.library.is_known());
}

bool is_of_driver(const SharedLibrary& library) { return library.system == "nvidia-driver"; }

const SharedLibrary* shared_library(const Knowledge& knowledge, const std::string& name) {
  const auto found = std::find_if(knowledge.shared_libraries.begin(), knowledge.shared_libraries.end(),
                                  [&](const SharedLibrary& library) { return library.name == name; });
  return found == knowledge.shared_libraries.end() ? nullptr : &*found;
}

LinkExplanation explain(const LinkDefectFacts& defect, const std::string& package, const Snapshot& snapshot,
                        const Knowledge& knowledge) {
  LinkExplanation told;
  const std::string& kind = defect.kind.value();
  const Words words = {{"name", defect.name.value()},
                       {"library", text_of(defect.library)},
                       {"needed_by", text_of(defect.needed_by)},
                       {"package", package}};
  told.what = say(knowledge, "link-" + kind, words);
  if (kind == "missing-library") {
    explain_missing_library(defect.name.value(), package, snapshot, knowledge, told);
  } else {
    told.meaning = say(knowledge, "link-meaning-" + kind, words);
    told.remedy = say(knowledge, "link-remedy-" + kind, words);
  }
  return told;
}

std::vector<Finding> linking_findings(const JudgedCase& judged) {
  const LinkingFacts& linking = judged.snapshot.linking;
  std::vector<Finding> findings;
  if (!linking.torch_defects.empty() && is_told(linking.torch_defects.front()))
    findings.push_back(torch_finding(judged));
  add_shadowed(judged, findings);
  return findings;
}

}  // namespace diffcheck
