#include "rules/checkpoint_findings.h"

#include <string>

#include "rules/judged_finding.h"
#include "rules/model_on_disk.h"

namespace diffcheck {

namespace {

/// "layers: 28 instead of 40", in both languages.
Message told_by(const CardDifference& difference, const JudgedCase& judged) {
  const auto text = judged.knowledge.texts.find("models.difference");
  if (text == judged.knowledge.texts.end()) return same_in_both(difference.disk);
  return with_words(text->second,
                    {{"what", say(judged.knowledge, difference.what)},
                     {"disk", same_in_both(difference.disk)},
                     {"card", same_in_both(difference.card)}},
                    judged.scope());
}

}  // namespace

std::vector<Finding> checkpoint_findings(const JudgedCase& judged) {
  if (judged.on_disk == nullptr || judged.on_disk->differences.empty()) return {};
  const ModelOnDisk& on_disk = *judged.on_disk;
  std::vector<Message> told;
  for (const CardDifference& difference : on_disk.differences) told.push_back(told_by(difference, judged));
  Finding finding = finding_about(judged, on_disk.fits.empty() ? "checkpoint-differs" : "checkpoint-of-another-model",
                                  {{"folder", same_in_both(on_disk.checkpoint.folder.value())},
                                   {"differences", joined(told)},
                                   {"fits", same_in_both(on_disk.fits)}});
  for (const CardDifference& difference : on_disk.differences)
    finding.evidence.push_back({"request.model_dir", difference.card, difference.disk, difference.source, Truth::no});
  return {std::move(finding)};
}

}  // namespace diffcheck
