#include "probe/version.h"

#include <gtest/gtest.h>

#include "probe/compute_capability.h"

namespace diffcheck {
namespace {

TEST(VersionTest, OrdersAsPep440SaysFromOldToNew) {
  const char* ordered[] = {"1.0.dev1", "1.0a1.dev2", "1.0a1",       "1.0b2", "1.0rc1",         "1.0",
                           "1.0+abc",  "1.0+cu121",  "1.0+cu121.1", "1.0+5", "1.0.post1.dev0", "1.0.post1",
                           "1.1",      "2.9",        "2.10",        "1!0.1"};
  for (std::size_t i = 0; i + 1 < std::size(ordered); ++i) {
    const auto left = Version::parse(ordered[i]);
    const auto right = Version::parse(ordered[i + 1]);
    ASSERT_TRUE(left && right) << ordered[i] << " " << ordered[i + 1];
    EXPECT_TRUE(*left < *right) << ordered[i] << " should be older than " << ordered[i + 1];
  }
}

TEST(VersionTest, SpellingsOfOneVersionAreEqual) {
  for (const char* text : {"v1.0", "1.0.0", " 1.0 ", "1"})
    EXPECT_EQ(*Version::parse(text), *Version::parse("1.0")) << text;
  EXPECT_EQ(*Version::parse("1.0-RC_1"), *Version::parse("1.0rc1"));
  EXPECT_EQ(*Version::parse("1.0-3"), *Version::parse("1.0.post3"));
  EXPECT_EQ(*Version::parse("2.7.0a0+ecf3bae40a.nv25.02"), *Version::parse("2.7.0a0+ecf3bae40a.nv25.2"));
}

TEST(VersionTest, RefusesWhatIsNoVersion) {
  for (const char* text :
       {"", "abc", "1.0+", "1.0+a..b", "1..0", "-1", "1.0 beta x", "99999999999999999999.1", "1.0-"}) {
    EXPECT_FALSE(Version::parse(text)) << text;
  }
}

TEST(VersionTest, SpecifiersIgnoreALocalLabelTheyDoNotName) {
  const auto torch = *Version::parse("2.5.1+cu121");
  EXPECT_EQ(satisfies(torch, "==2.5.1"), true);
  EXPECT_EQ(satisfies(torch, "==2.5.1+cu124"), false);
  EXPECT_EQ(satisfies(torch, ">=2.5,<2.6"), true);
  EXPECT_EQ(satisfies(torch, "~=2.5.0"), true);
  EXPECT_EQ(satisfies(torch, "==2.5.*"), true);
  EXPECT_EQ(satisfies(torch, "!=2.5.*"), false);
  EXPECT_EQ(satisfies(torch, "nonsense"), std::nullopt);
}

TEST(VersionTest, ExclusiveComparisonsLeaveOutWhatBelongsToTheNamedRelease) {
  const auto inside = [](const char* version, const char* specifier) {
    return satisfies(*Version::parse(version), specifier);
  };
  for (const char* outside : {"2.9.dev1", "2.9rc1", "2.9+cu128", "2.9"}) EXPECT_EQ(inside(outside, "<2.9"), false);
  EXPECT_EQ(inside("2.9rc1", "<2.9rc2"), true);
  EXPECT_EQ(inside("2.9rc1", "<2.9.post1"), true);
  EXPECT_EQ(inside("2.9.post1.dev1", "<2.9.post1"), false);
  for (const char* outside : {"2.9", "2.9+cu128", "2.9.post1", "2.9.post1.dev2"})
    EXPECT_EQ(inside(outside, ">2.9"), false) << outside;
  EXPECT_EQ(inside("2.9.post2+cu128", ">2.9.post1"), true);
  EXPECT_EQ(inside("2.9.post1+cu128", ">2.9.post1"), false);
  EXPECT_EQ(inside("2.9+cu128", ">2.9rc1"), true);
  EXPECT_EQ(inside("2.9rc1.post1", ">2.9rc1"), false);
  EXPECT_EQ(inside("2.9.dev2+cu128", ">2.9.dev1"), true);
}

TEST(ComputeCapabilityTest, ReadsEverySpelling) {
  EXPECT_EQ(to_string(*ComputeCapability::parse("sm_90a")), "9.0a");
  EXPECT_EQ(to_string(*ComputeCapability::parse("compute_120")), "12.0");
  EXPECT_EQ(to_string(*ComputeCapability::parse("8.9")), "8.9");
  EXPECT_EQ(sm_name(*ComputeCapability::parse("10.3")), "sm_103");
  for (const char* text : {"", "8", "8.x", "x.8", "sm_", "-8.0"}) EXPECT_FALSE(ComputeCapability::parse(text)) << text;
}

TEST(ComputeCapabilityTest, SassLoadsOnTheSameMajorOnly) {
  const auto runs = [](const char* target, const char* device) {
    return sass_runs_on(*ComputeCapability::parse(target), *ComputeCapability::parse(device));
  };
  EXPECT_TRUE(runs("8.0", "8.9"));
  EXPECT_FALSE(runs("8.9", "8.6"));
  EXPECT_FALSE(runs("9.0", "10.0"));
  EXPECT_FALSE(runs("9.0a", "9.1"));
  EXPECT_TRUE(runs("12.0f", "12.1"));
}

}  // namespace
}  // namespace diffcheck
