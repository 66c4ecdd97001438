// What installed packages need of each other: what they declare, and what data/libraries/wheel-pins.json knows beyond.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/finding.h"
#include "rules/judged_case.h"

namespace diffcheck {

struct UnmetNeed {
  std::string package;
  std::string version;           ///< "" where it is not known.
  std::string needed;            ///< The other package.
  std::string specifier;         ///< "" for any version.
  std::optional<Version> found;  ///< nullopt: it is not installed.
  /// Of the pin: built, checked, observed ...; "declared" for the package's own metadata, "tagged" for its label,
  /// "tagged-untold" for a label beside which the torch is not known.
  std::string basis;
  std::string reason;
  std::string source;
  /// A release of `package` that fits the `needed` that is installed: "xformers==0.0.28.post3", or "".
  std::string fitting;
};

/// In order of package. A need that is told by a pin and by the metadata is told once. What cannot be told (an unknown
/// version or marker) is not unmet, but for labels; without `lists_all`, no package is known to be missing.
std::vector<UnmetNeed> unmet_needs(const Snapshot& snapshot, const Knowledge& knowledge, bool lists_all);

/// One finding a need, where the packages that the knowledge speaks of are concerned. A simulated machine lists only
/// the packages that matter to a question.
std::vector<Finding> package_findings(const JudgedCase& judged, bool simulated);

}  // namespace diffcheck
