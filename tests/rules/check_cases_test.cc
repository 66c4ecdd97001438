// A check of data/checks speaks on the machine that check_cases.json constructs for it, alone, and none speaks on the
// healthy machine from which all of them are made. What a fault in files brings about stands in host_mutations.json.
#include <gtest/gtest.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "probe/snapshot.h"
#include "rules/checks.h"
#include "rules/diagnose.h"
#include "rules/gpu_products.h"
#include "rules/judged_case.h"
#include "rules/knowledge.h"
#include "rules/machine_spec.h"
#include "rules/request.h"
#include "rules/torch_support.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

using nlohmann::json;
using Ids = std::set<std::string>;

const json& cases_file() {
  static const json document = read_cases(DIFFCHECK_CHECK_CASES);
  return document;
}

std::vector<std::string> healthy_settings() { return cases_file()["healthy"]["set"].get<std::vector<std::string>>(); }
std::string healthy_machine() { return cases_file()["healthy"]["machine"].get<std::string>(); }

Request request_of(const json& asked) {
  constexpr const char* k_source = "check_cases.json";
  Request request;
  for (const auto& [name, value] : asked.items()) {
    if (name == "gpus") {
      request.gpus = known(value.get<std::int64_t>(), k_source);
    } else if (name == "nodes") {
      request.nodes = known(value.get<std::int64_t>(), k_source);
    } else if (name == "engine") {
      request.engine = known(value.get<std::string>(), k_source);
    } else if (name == "model") {
      request.model = known(value.get<std::string>(), k_source);
    } else {
      request.pins[name] = known(value.get<std::string>(), k_source);
    }
  }
  return request;
}

Ids ids_of(const std::vector<Finding>& findings) {
  Ids ids;
  for (const Finding& finding : findings) ids.insert(finding.id);
  return ids;
}

/// As diagnose() does for a machine that was only named, without its kernels, models and plan: they take longest.
Ids checks_that_fire(Snapshot snapshot, const Request& request) {
  std::vector<Message> assumptions;
  snapshot = with_assumptions(with_product_facts(std::move(snapshot), knowledge()), knowledge(), assumptions);
  snapshot = with_torch_facts(std::move(snapshot), knowledge());
  return ids_of(judge_checks(judge_case(knowledge(), snapshot, request, facts_of(snapshot))));
}

TEST(CheckCasesTest, NothingIsFoundOnTheHealthyMachine) {
  ASSERT_TRUE(cases_file().is_object()) << DIFFCHECK_CHECK_CASES;
  const auto machine = machine_with(healthy_machine(), {healthy_settings()});
  ASSERT_TRUE(machine);
  EXPECT_EQ(ids_of(diagnose(*machine, {}, knowledge(), true).findings), Ids());
}

TEST(CheckCasesTest, EachCheckSpeaksAloneOnItsMachine) {
  ASSERT_TRUE(cases_file().is_object()) << DIFFCHECK_CHECK_CASES;
  for (const json& entry : cases_file()["cases"]) {
    const std::string check = entry["check"].get<std::string>();
    SCOPED_TRACE(check);
    const auto machine = machine_with(entry.value("machine", healthy_machine()),
                                      {healthy_settings(), entry["set"].get<std::vector<std::string>>()});
    if (!machine) continue;
    Ids expected = entry.value("also", Ids());
    expected.insert(check);
    EXPECT_EQ(checks_that_fire(*machine, request_of(entry.value("request", json::object()))), expected);
  }
}

TEST(CheckCasesTest, AGivesWayNamesAnotherCheck) {
  Ids checks;
  for (const Check& check : knowledge().checks) checks.insert(check.id);
  for (const Check& check : knowledge().checks) {
    for (const std::string& other : check.gives_way_to) {
      EXPECT_TRUE(checks.contains(other) && other != check.id) << check.id << " gives way to " << other;
    }
  }
}

TEST(CheckCasesTest, EveryCheckHasACase) {
  ASSERT_TRUE(cases_file().is_object()) << DIFFCHECK_CHECK_CASES;
  Ids checks;
  for (const Check& check : knowledge().checks) checks.insert(check.id);
  Ids with_case;
  for (const json& entry : cases_file()["cases"]) with_case.insert(entry["check"].get<std::string>());
  const json mutations = read_cases(DIFFCHECK_HOST_MUTATIONS);
  ASSERT_TRUE(mutations.is_object()) << DIFFCHECK_HOST_MUTATIONS;
  for (const json& entry : mutations["mutations"]) with_case.insert(entry["check"].get<std::string>());
  Ids accounted = with_case;
  for (const json& entry : cases_file()["unreachable"]) {
    EXPECT_FALSE(entry.value("reason", "").empty()) << entry;
    EXPECT_TRUE(accounted.insert(entry["check"].get<std::string>()).second) << entry << " has a case";
  }
  EXPECT_EQ(accounted, checks);
  std::cout << with_case.size() << " of " << checks.size() << " checks have a case\n";
}

}  // namespace
}  // namespace diffcheck
