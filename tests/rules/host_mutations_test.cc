// The checks against machines as files and answers: on a healthy tree nothing is found; with one fault in it, exactly
// the finding of that fault, and without its check nothing again. host_mutations.json lists the faults.
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "probe/snapshot.h"
#include "rules/diagnose.h"
#include "rules/gpu_products.h"
#include "rules/judged_case.h"
#include "rules/knowledge.h"
#include "rules/torch_support.h"
#include "tests/rules/case_table.h"
#include "tests/rules/tree_edit.h"

namespace diffcheck {
namespace {

using nlohmann::json;
using Ids = std::set<std::string>;

const json& table() {
  static const json document = read_cases(DIFFCHECK_HOST_MUTATIONS);
  return document;
}

struct Machine {
  std::string tree;
  std::vector<json> edits;
  Request request;
};

void ask(const json& entry, Request& request) {
  constexpr const char* k_source = "host_mutations.json";
  const json asked = entry.value("request", json::object());
  if (asked.contains("nodes")) request.nodes = known(asked["nodes"].get<std::int64_t>(), k_source);
  if (asked.contains("gpus")) request.gpus = known(asked["gpus"].get<std::int64_t>(), k_source);
}

/// A healthy machine of the table, which may be made from another one.
Machine machine_called(const std::string& name) {
  const json& entry = table()["machines"].at(name);
  Machine machine;
  if (entry.contains("like")) {
    machine = machine_called(entry["like"].get<std::string>());
  } else {
    machine.tree = entry["tree"].get<std::string>();
  }
  for (const json& edit : entry.value("edits", json::array())) machine.edits.push_back(edit);
  ask(entry, machine.request);
  return machine;
}

Machine with_fault(const json& mutation) {
  Machine machine = machine_called(mutation["machine"].get<std::string>());
  for (const json& edit : mutation["edits"]) machine.edits.push_back(edit);
  ask(mutation, machine.request);
  return machine;
}

Snapshot snapshot_of(const Machine& machine, const Knowledge& with) {
  EditedTree tree(DIFFCHECK_TREES, machine.tree);
  for (const json& edit : machine.edits) tree.edit(edit);
  return with_torch_facts(with_product_facts(take_snapshot(tree.system(), {}), with), with);
}

/// What `doctor` would say of the machine alone.
Ids findings_of(const Snapshot& snapshot, const Request& request, const Knowledge& with) {
  const JudgedCase judged = judge_case(with, snapshot, request, facts_of(snapshot));
  Ids ids;
  for (const Finding& finding : machine_findings(judged, false)) ids.insert(finding.id);
  return ids;
}

/// The knowledge without the checks that the table names.
Knowledge without_the_checks() {
  Ids named;
  for (const json& mutation : table()["mutations"]) named.insert(mutation["check"].get<std::string>());
  Knowledge less = knowledge();
  std::erase_if(less.checks, [&](const Check& check) { return named.contains(check.id); });
  return less;
}

TEST(HostMutationsTest, NothingIsFoundOnTheHealthyMachines) {
  ASSERT_TRUE(table().is_object()) << DIFFCHECK_HOST_MUTATIONS;
  for (const auto& [name, entry] : table()["machines"].items()) {
    SCOPED_TRACE(name);
    const Machine machine = machine_called(name);
    const Snapshot snapshot = snapshot_of(machine, knowledge());
    EXPECT_FALSE(snapshot.gpus.empty());
    EXPECT_TRUE(snapshot.packages.contains("torch"));
    EXPECT_EQ(findings_of(snapshot, machine.request, knowledge()), Ids());
  }
}

TEST(HostMutationsTest, OneFaultGivesItsFindingAndNoOther) {
  ASSERT_TRUE(table().is_object()) << DIFFCHECK_HOST_MUTATIONS;
  const Knowledge less = without_the_checks();
  std::size_t alone = 0;
  for (const json& mutation : table()["mutations"]) {
    const std::string check = mutation["check"].get<std::string>();
    SCOPED_TRACE(check);
    try {
      const Machine machine = with_fault(mutation);
      const Snapshot snapshot = snapshot_of(machine, knowledge());
      // Some faults are two: a card without its P2P, a card that is old by itself.
      Ids expected = mutation.value("also", Ids());
      if (expected.empty()) ++alone;
      expected.insert(check);
      EXPECT_EQ(findings_of(snapshot, machine.request, knowledge()), expected);
      EXPECT_FALSE(findings_of(snapshot, machine.request, less).contains(check));
    } catch (const std::exception& error) {
      ADD_FAILURE() << error.what();
    }
  }
  constexpr std::size_t k_least = 40;
  EXPECT_GE(alone, k_least);
}

TEST(HostMutationsTest, EveryCheckIsReachedOrSaysWhyNot) {
  ASSERT_TRUE(table().is_object()) << DIFFCHECK_HOST_MUTATIONS;
  Ids reached;
  for (const json& mutation : table()["mutations"]) reached.insert(mutation["check"].get<std::string>());
  Ids accounted = reached;
  for (const json& entry : table()["not_by_files"]) {
    EXPECT_FALSE(entry.value("reason", "").empty()) << entry;
    EXPECT_TRUE(accounted.insert(entry["check"].get<std::string>()).second) << entry << " is reached";
  }
  Ids checks;
  for (const Check& check : knowledge().checks) checks.insert(check.id);
  EXPECT_EQ(accounted, checks);
  std::cout << reached.size() << " of " << checks.size() << " checks are reached by a fault in a tree\n";
}

}  // namespace
}  // namespace diffcheck
