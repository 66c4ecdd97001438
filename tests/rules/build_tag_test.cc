#include "rules/build_tag.h"

#include <gtest/gtest.h>

#include <string>

namespace diffcheck {
namespace {

struct Label {
  std::string text;
  std::string torch;
  std::string cuda;
};

class BuildTagTest : public testing::TestWithParam<Label> {};

TEST_P(BuildTagTest, ReadsWhatTheWheelWasCompiledAgainst) {
  const BuildTag tag = parse_build_tag(GetParam().text);
  EXPECT_EQ(tag.torch_specifier, GetParam().torch);
  EXPECT_EQ(tag.cuda ? tag.cuda->text() : "", GetParam().cuda);
}

INSTANTIATE_TEST_SUITE_P(Labels, BuildTagTest,
                         testing::Values(Label{"cu128torch2.9.0.post3", "==2.9.*", "12.8"},
                                         Label{"cu130torch2.10.0andhigher.post4", ">=2.10", "13.0"},
                                         Label{"cu12torch2.7cxx11abitrue", "==2.7.*", "12"},
                                         Label{"pt25cu124", "==2.5.*", "12.4"}, Label{"pt251cu121", "==2.5.*", "12.1"},
                                         Label{"torch2.6", "==2.6.*", ""}, Label{"cu121", "", "12.1"},
                                         // 2.1.0 or 2.10
                                         Label{"pt210cu121", "", "12.1"}, Label{"cpu", "", ""}, Label{"", "", ""},
                                         Label{"torch", "", ""}, Label{"torch.", "", ""}, Label{"cu", "", ""},
                                         Label{"g1a2b3c", "", ""}));

TEST(BuildTagTest, ReadsTheAbi) {
  EXPECT_EQ(parse_build_tag("cu12torch2.7cxx11abitrue").cxx11_abi, true);
  EXPECT_EQ(parse_build_tag("cu12torch2.3cxx11abifalse").cxx11_abi, false);
  EXPECT_EQ(parse_build_tag("cu12torch2.3").cxx11_abi, std::nullopt);
}

}  // namespace
}  // namespace diffcheck
