#include "rules/package_needs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/diagnose.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

class PackageNeedsTest : public testing::Test {
 protected:
  PackageNeedsTest() {
    snapshot_.python.version = known(*Version::parse("3.12.3"), "test");
    add("torch", "2.6.0+cu124");
    snapshot_.packages["torch"].cuda = known(*Version::parse("12.4"), "test");
  }

  void add(const std::string& name, const std::string& version, std::vector<std::string> requires_dist = {}) {
    PackageFacts facts;
    facts.version = known(*Version::parse(version), "test");
    facts.requires_dist = known(std::move(requires_dist), name + "/METADATA");
    snapshot_.packages[name] = facts;
  }

  /// "package: wanted, found (basis) -> fitting"
  std::vector<std::string> unmet(bool lists_all = true) const {
    std::vector<std::string> texts;
    for (const UnmetNeed& need : unmet_needs(snapshot_, knowledge(), lists_all)) {
      texts.push_back(need.package + ": " + need.needed + need.specifier + ", " +
                      (need.found ? need.found->text() : "none") + " (" + need.basis + ")" +
                      (need.fitting.empty() ? "" : " -> " + need.fitting));
    }
    return texts;
  }

  Snapshot snapshot_;
};

TEST_F(PackageNeedsTest, AnExtensionOfAnotherTorchIsNamedWithTheReleaseThatFits) {
  add("xformers", "0.0.28");
  EXPECT_THAT(unmet(),
              ElementsAre("xformers: torch==2.4.1, 2.6.0+cu124 (built) -> xformers>=0.0.29.post2,<=0.0.29.post3"));
}

TEST_F(PackageNeedsTest, AnotherPatchReleaseIsNoMoreThanDeclaredWhereNoSymbolIsMissing) {
  const char* const built = "xformers: torch==2.4.0, 2.4.1 (built) -> xformers>=0.0.28,<=0.0.28.post1";
  const char* const declared = "xformers: torch==2.4.0, 2.4.1 (declared) -> xformers>=0.0.28,<=0.0.28.post1";
  add("torch", "2.4.1");
  add("xformers", "0.0.27.post2");
  EXPECT_THAT(unmet(), ElementsAre(built));
  BinaryFacts file;
  file.package = known<std::string>("xformers", "test");
  file.missing_torch_symbols = known<std::vector<std::string>>({}, "test");
  snapshot_.binaries = {file};
  EXPECT_THAT(unmet(), ElementsAre(declared));
  file.missing_torch_symbols = known<std::vector<std::string>>({"_ZN3c105ErrorE"}, "test");
  snapshot_.binaries.push_back(file);
  EXPECT_THAT(unmet(), ElementsAre(built));
  snapshot_.binaries.back().missing_torch_symbols = unknown<std::vector<std::string>>("test", "not read");
  EXPECT_THAT(unmet(), ElementsAre(built));
  snapshot_.binaries.pop_back();
  add("torch", "2.5.0");
  EXPECT_THAT(unmet(), Not(Contains(declared)));
}

TEST_F(PackageNeedsTest, ATritonThatImportsSetuptoolsNeedsIt) {
  add("triton", "3.2.0");
  EXPECT_THAT(unmet(), ElementsAre("triton: setuptools, none (observed)"));
  EXPECT_THAT(unmet(false), IsEmpty());
  add("setuptools", "80.9.0");
  EXPECT_THAT(unmet(), IsEmpty());
}

TEST_F(PackageNeedsTest, ALabelBesideAnUnknownTorchIsUndecided) {
  snapshot_.packages.erase("torch");
  add("sageattention", "2.2.0.post3+cu130torch2.10.0");
  EXPECT_THAT(unmet(false), ElementsAre("sageattention: torch==2.10.*, none (tagged-untold)"));
  snapshot_.packages["torch"].version = unknown<Version>("test", "not told");
  EXPECT_THAT(unmet(false), ElementsAre("sageattention: torch==2.10.*, none (tagged-untold)"));
  snapshot_.packages["torch"].version = absent<Version>("test");
  EXPECT_THAT(unmet(false), IsEmpty());
}

TEST_F(PackageNeedsTest, WhatAPackageDeclaresCountsWithoutItsVersion) {
  add("xformers", "0.0.20", {"torch==2.0.1"});
  snapshot_.packages["xformers"].version = unknown<Version>("test", "not told");
  EXPECT_THAT(unmet(false), ElementsAre("xformers: torch==2.0.1, 2.6.0+cu124 (declared)"));
  snapshot_.packages["xformers"].version = absent<Version>("test");
  EXPECT_THAT(unmet(false), IsEmpty());
}

TEST_F(PackageNeedsTest, WhatFitsIsSilent) {
  add("flash-attn", "2.7.4.post1+cu12torch2.6cxx11abifalse", {"torch", "einops"});
  add("einops", "0.8.0");
  EXPECT_THAT(unmet(), IsEmpty());
}

TEST_F(PackageNeedsTest, TheMetadataIsJudgedWithItsMarkers) {
  add("numpy", "2.1.0");
  add("tool", "1.0",
      {"numpy<2; python_version >= '3.12'", "torch>=3; python_version < '3.9'", "torch>=3; extra == 'all'",
       "torch>=3; platform_machine == 'sparc'", "not a requirement", "absent>=1"});
  EXPECT_THAT(unmet(), ElementsAre("tool: numpy<2, 2.1.0 (declared)", "tool: absent>=1, none (declared)"));
  EXPECT_THAT(unmet(false), ElementsAre("tool: numpy<2, 2.1.0 (declared)"));
}

TEST_F(PackageNeedsTest, APinIsToldOnceAndComesBeforeTheMetadata) {
  add("xfuser", "0.4.4", {"diffusers>=0.30", "torch>=2.1.0"});
  add("diffusers", "0.36.0");
  add("transformers", "4.48.0");
  EXPECT_THAT(unmet(), ElementsAre("xfuser: diffusers<0.35, 0.36.0 (observed) -> xfuser==0.4.5"));
}

TEST_F(PackageNeedsTest, OnlyPackagesThatTheKnowledgeSpeaksOfBecomeFindings) {
  add("unrelated", "1.0", {"other-unrelated>=2"});
  add("other-unrelated", "1.0");
  add("diffusers", "0.36.0", {"huggingface-hub>=0.34"});
  add("huggingface-hub", "0.25.2");
  snapshot_.complete.packages = known(true, "test");
  std::vector<std::string> ids;
  for (const Finding& finding : diagnose(snapshot_, {}, knowledge(), false).findings) {
    if (finding.id.starts_with("package-")) ids.push_back(finding.id + " " + finding.title.english);
  }
  EXPECT_THAT(ids,
              ElementsAre("package-declared diffusers 0.36.0 asks for huggingface-hub>=0.34, and 0.25.2 is installed"));
}

}  // namespace
}  // namespace diffcheck
