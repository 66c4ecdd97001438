#include "rules/engine_variant.h"

#include <algorithm>
#include <cctype>

#include "rules/words.h"

namespace diffcheck {
namespace {

bool is_commit(const std::string& text) {
  constexpr std::size_t shortest = 7;
  constexpr std::size_t longest = 40;
  return text.size() >= shortest && text.size() <= longest &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool is_variant(const Engine& engine, const std::string& text) {
  return std::any_of(engine.variants.begin(), engine.variants.end(),
                     [&](const EngineVariant& variant) { return variant.id == text; });
}

}  // namespace

EngineFacts find_engine(const Engine& engine, const Snapshot& snapshot, const Request& request) {
  EngineFacts facts;
  facts.commit = snapshot.checkout.commit;
  facts.markers = snapshot.checkout.markers;
  if (const auto package = snapshot.packages.find(engine.package); package != snapshot.packages.end()) {
    facts.version = package->second.version;
  } else if (!engine.package.empty() && snapshot.complete.packages.is_known() && snapshot.complete.packages.value()) {
    facts.version = absent<Version>(snapshot.complete.packages.source());
  }
  if (!request.engine_version.is_known()) return facts;

  const std::string& asked = request.engine_version.value();
  const std::string source = "--engine " + engine.id + "@" + asked;
  // Whoever names a version speaks of that version, whatever lies on disk.
  facts.markers = {};
  facts.commit = {};
  facts.version = {};
  if (is_variant(engine, asked)) {
    facts.variant = known(asked, source);
  } else if (const auto version = Version::parse(asked); version && !is_commit(asked)) {
    facts.version = known(*version, source);
  } else {
    facts.commit = known(asked, source);
  }
  return facts;
}

const EngineVariant* choose_variant(const Knowledge& knowledge, const Engine& engine, const EngineFacts& facts,
                                    const Scope& scope, std::vector<Message>& assumptions) {
  if (facts.variant.is_known()) {
    for (const EngineVariant& variant : engine.variants) {
      if (variant.id == facts.variant.value()) return &variant;
    }
  }
  for (const EngineVariant& variant : engine.variants) {
    const Truth holds = variant.when ? decide(*variant.when, scope) : Truth::yes;
    if (holds == Truth::yes) return &variant;
  }
  for (const EngineVariant& variant : engine.variants) {
    // What is known to be another release is not taken for this one.
    const bool excluded = facts.version.is_known() && variant.when && decide(*variant.when, scope) == Truth::no;
    if (!variant.assumed || excluded) continue;
    if (engine.variants.size() == 1) return &variant;  // nothing to assume
    assumptions.push_back(
        say(knowledge, "assumed-variant",
            {{"engine", engine.title.english}, {"variant", variant.title.english}, {"id", engine.id}}));
    return &variant;
  }
  return nullptr;
}

bool matches_any(const std::vector<std::string>& globs, std::string_view text) {
  return globs.empty() ||
         std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return matches_glob(glob, text); });
}

}  // namespace diffcheck
