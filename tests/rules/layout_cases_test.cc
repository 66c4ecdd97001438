// Which layouts each engine accepts, and by which rule it refuses the others: layout_cases.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/rules/case_table.h"
#include "tests/rules/layout_case.h"

namespace diffcheck {
namespace {

using nlohmann::json;
using testing::IsEmpty;

const json& cases() {
  static const json document = read_cases(DIFFCHECK_LAYOUT_CASES);
  static const json list = document.is_object() ? document.value("cases", json::array()) : json::array();
  return list;
}

struct Seen {
  std::set<std::string> refused, held;
};

/// By variant, what the table shows of its rules.
const std::map<std::string, Seen>& seen() {
  static const std::map<std::string, Seen> all = [] {
    std::map<std::string, Seen> found;
    for (const json& one : cases()) {
      const LayoutCase prepared(one);
      if (prepared.variant() == nullptr) continue;
      Seen& of_variant = found[prepared.variant()->id];
      for (const json& row : one["layouts"]) {
        const JudgedLayout judged = prepared.judge(row["layout"]);
        of_variant.refused.insert(judged.refused.begin(), judged.refused.end());
        of_variant.held.insert(judged.held.begin(), judged.held.end());
      }
    }
    return found;
  }();
  return all;
}

bool has_models(const Engine& engine) {
  return std::any_of(knowledge().models.begin(), knowledge().models.end(), [&](const ModelCard& model) {
    return std::any_of(engine.models.begin(), engine.models.end(),
                       [&](const std::string& glob) { return matches_glob(glob, model.id); });
  });
}

TEST(LayoutCasesTest, EachLayoutIsJudgedAsTheTableSays) {
  ASSERT_GE(cases().size(), 20U);
  for (const json& one : cases()) {
    const LayoutCase prepared(one);
    ASSERT_NE(prepared.variant(), nullptr) << one;
    if (one.contains("variant")) {
      EXPECT_EQ(prepared.variant()->id, one["variant"].get<std::string>()) << one;
    }
    for (const json& row : one["layouts"]) {
      const JudgedLayout judged = prepared.judge(row["layout"]);
      const auto expected = row.value("refused", std::vector<std::string>());
      EXPECT_EQ(judged.refused, expected) << one["engine"] << one["model"] << one.value("version", "") << row;
      EXPECT_EQ(judged.truth, expected.empty() ? Truth::yes : Truth::no)
          << one["engine"] << one["model"] << row << testing::PrintToString(judged.unknown);
      EXPECT_THAT(judged.without_text, IsEmpty()) << row;
    }
  }
}

TEST(LayoutCasesTest, EveryRuleIsKeptInOneCaseAndBrokenInAnother) {
  for (const Engine& engine : knowledge().engines) {
    if (!has_models(engine)) continue;
    for (const EngineVariant& variant : engine.variants) {
      const auto found = seen().find(variant.id);
      for (const Requirement& rule : variant.layout_constraints) {
        const bool broken = found != seen().end() && found->second.refused.contains(rule.id);
        const bool kept = found != seen().end() && found->second.held.contains(rule.id);
        EXPECT_TRUE(broken) << variant.id << "/" << rule.id << " is broken in no case";
        EXPECT_TRUE(kept) << variant.id << "/" << rule.id << " is kept in no case";
      }
    }
  }
}

}  // namespace
}  // namespace diffcheck
