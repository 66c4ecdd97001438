// Where ranks stand, and what of a mixed set of links a group of them gets.
#include "rules/mesh.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/collectives.h"
#include "rules/diagnose.h"
#include "rules/link_matrix.h"
#include "rules/machine_spec.h"
#include "rules/step_time.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

const EngineVariant& variant_of(const std::string& engine, const std::string& variant) {
  const Engine& found = *find_entry(knowledge().engines, engine);
  return *std::find_if(found.variants.begin(), found.variants.end(),
                       [&](const EngineVariant& one) { return one.id == variant; });
}

Layout layout_of(std::int64_t cfg, std::int64_t ulysses, std::int64_t ring) {
  Layout layout;
  layout.cfg = cfg;
  layout.ulysses = ulysses;
  layout.ring = ring;
  layout.world_size = cfg * ulysses * ring;
  return layout;
}

TEST(Mesh, UlyssesRanksOfXditAreNeighbours) {
  const MeshOrder order = mesh_order_of(variant_of("xdit", "xdit-main"));
  const Layout layout = layout_of(2, 2, 2);
  EXPECT_EQ(group_along(layout, order, &Layout::ulysses), (RankGroup{2, 1}));
  EXPECT_EQ(group_along(layout, order, &Layout::ring), (RankGroup{2, 2}));
  EXPECT_EQ(group_along(layout, order, &Layout::cfg), (RankGroup{2, 4}));
}

TEST(Mesh, AnOrderOfTheDataIsFollowed) {
  EngineVariant variant;
  variant.mesh = {"cfg", "ring", "ulysses"};
  const MeshOrder order = mesh_order_of(variant);
  const Layout layout = layout_of(2, 4, 3);
  EXPECT_EQ(group_along(layout, order, &Layout::cfg), (RankGroup{2, 1}));
  EXPECT_EQ(group_along(layout, order, &Layout::ring), (RankGroup{3, 2}));
  EXPECT_EQ(group_along(layout, order, &Layout::ulysses), (RankGroup{4, 6}));
  EXPECT_EQ(std::count(order.begin(), order.end(), &Layout::tensor), 1);
}

TEST(Mesh, EveryEngineWithSeveralAxesSaysItsOrder) {
  for (const Engine& engine : knowledge().engines) {
    for (const EngineVariant& variant : engine.variants) {
      if (variant.mesh.empty()) continue;
      EXPECT_FALSE(variant.mesh_source.empty()) << variant.id;
      const MeshOrder order = mesh_order_of(variant);
      for (std::size_t i = 0; i < variant.mesh.size(); ++i)
        EXPECT_EQ(axis_name(order[i]), variant.mesh[i]) << variant.id;
    }
  }
}

TEST(Mesh, AnOrderThatLeavesOutAnAxisIsRefused) {
  auto files = embedded_data_files();
  std::string text;
  for (const DataFile& file : files) {
    if (file.name == "data/engines/wan2.1.json") text = std::string(file.text);
  }
  const std::string order = "\"order\": [\"ulysses\", \"ring\"]";
  const std::size_t at = text.find(order);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, order.size(), "\"order\": [\"ulysses\", \"cfg\"]");
  files.push_back({"mine.json", text});
  const auto loaded = load_knowledge(files);
  ASSERT_FALSE(loaded);
  EXPECT_NE(to_string(loaded.error()).find("mesh.order"), std::string::npos) << to_string(loaded.error());
}

TEST(Placement, FillsAsFewNodesAsHoldEqualParts) {
  EXPECT_EQ(placement_of(1, 4, 8), (Placement{1, 1}));
  EXPECT_EQ(placement_of(8, 4, 8), (Placement{1, 8}));
  EXPECT_EQ(placement_of(12, 4, 8), (Placement{2, 6}));
  EXPECT_EQ(placement_of(15, 4, 8), (Placement{3, 5}));
  EXPECT_EQ(placement_of(11, 4, 8), (Placement{0, 0}));
  EXPECT_EQ(placement_of(33, 4, 8), (Placement{0, 0}));
}

TEST(Placement, GroupsThatDoNotDivideANodeCrossSomewhere) {
  const Placement two{2, 8};
  EXPECT_FALSE(crosses_nodes({8, 1}, two));
  EXPECT_FALSE(crosses_nodes({2, 4}, two));
  EXPECT_TRUE(crosses_nodes({2, 8}, two));
  EXPECT_TRUE(crosses_nodes({3, 1}, two));  // ranks 6, 7 and 8
  EXPECT_FALSE(crosses_nodes({3, 1}, Placement{1, 6}));
  EXPECT_FALSE(crosses_nodes({1, 1}, two));
}

/// Four GPUs on PCIe of which 0 and 1, and 2 and 3, are joined by a bridge.
Snapshot paired_machine(const std::string& gpu, const std::vector<std::pair<std::size_t, std::size_t>>& pairs) {
  Snapshot machine = machine_from_spec("4x" + gpu, {"pcie4", 1, std::nullopt}, knowledge())->snapshot;
  const auto join = [&](std::size_t from, std::size_t to) {
    for (GpuLinkFacts& link : machine.gpus[from].links) {
      if (link.peer_pci_bus_id == machine.gpus[to].pci_bus_id)
        link.nvlink_active_links = known<std::int64_t>(4, "test");
    }
  };
  for (const auto& [first, second] : pairs) {
    join(first, second);
    join(second, first);
  }
  return machine;
}

Request flux_on_xdit() {
  Request request;
  request.engine = known<std::string>("xdit", "test");
  request.model = known<std::string>("flux.1-dev", "test");
  return request;
}

double step_seconds(const Snapshot& machine, const Layout& layout) {
  const Request request = flux_on_xdit();
  const JudgedCase judged = judge_case(knowledge(), machine, request, facts_of(machine));
  const StepTime time = StepTimer(judged).time("flash-attn-2", "bf16", layout);
  EXPECT_TRUE(time.step) << time.unknown.english;
  return time.step ? time.step->seconds : 0;
}

TEST(Bridges, ServeGroupsThatStayInsideAPair) {
  const Snapshot plain = paired_machine("RTX-A6000", {});
  const Snapshot paired = paired_machine("RTX-A6000", {{0, 1}, {2, 3}});
  const Snapshot crossed = paired_machine("RTX-A6000", {{0, 2}, {1, 3}});
  const Layout inside = layout_of(1, 2, 1);
  EXPECT_LT(step_seconds(paired, inside), step_seconds(plain, inside));
  // Ulysses over all four, or over pairs that no bridge joins, has to go over PCIe.
  EXPECT_EQ(step_seconds(paired, layout_of(1, 4, 1)), step_seconds(plain, layout_of(1, 4, 1)));
  EXPECT_EQ(step_seconds(crossed, inside), step_seconds(plain, inside));
  // Ring ranks of xDiT are two apart.
  EXPECT_LT(step_seconds(crossed, layout_of(1, 2, 2)), step_seconds(plain, layout_of(1, 2, 2)));
  EXPECT_LT(step_seconds(paired, layout_of(1, 2, 2)), step_seconds(plain, layout_of(1, 2, 2)));
}

TEST(Bridges, OneMoreIsNeverSlower) {
  for (const auto& [cfg, ulysses, ring] : std::vector<std::tuple<int, int, int>>{
           {1, 2, 1}, {1, 1, 2}, {1, 4, 1}, {1, 2, 2}, {2, 2, 1}, {2, 1, 2}, {1, 1, 4}}) {
    const Layout layout = layout_of(cfg, ulysses, ring);
    const double none = step_seconds(paired_machine("RTX-A6000", {}), layout);
    const double one = step_seconds(paired_machine("RTX-A6000", {{0, 1}}), layout);
    const double two = step_seconds(paired_machine("RTX-A6000", {{0, 1}, {2, 3}}), layout);
    EXPECT_LE(one, none);
    EXPECT_LE(two, one);
  }
}

TEST(LinkMatrix, TellsWhatIsKnownOfEachPair) {
  const Snapshot machine = paired_machine("RTX-A6000", {{0, 1}});
  const LinkMatrix matrix = own_links(machine, {0, 1, 2, 3});
  EXPECT_EQ(matrix.at(0, 1), Truth::yes);
  EXPECT_EQ(matrix.at(1, 0), Truth::yes);
  EXPECT_EQ(matrix.at(0, 2), Truth::no);
  EXPECT_EQ(matrix.every_pair(), Truth::no);
  EXPECT_TRUE(matrix.some_pair());
  const Snapshot untold = machine_from_spec("2xRTX-A6000", {}, knowledge())->snapshot;
  EXPECT_EQ(own_links(untold, {0, 1}).every_pair(), Truth::unknown);
  EXPECT_FALSE(own_links(untold, {0, 1}).some_pair());
}

Plan plan_on(const std::string& spec, const MachineOptions& options, Request request) {
  const auto machine = machine_from_spec(spec, options, knowledge());
  if (machine->nodes > 1) request.nodes = known(machine->nodes, "test");
  return *diagnose(machine->snapshot, request, knowledge(), true).plan;
}

TEST(MeshPlan, TellsWhichAxisLeavesTheNode) {
  Request request = flux_on_xdit();
  request.pins["ulysses"] = known<std::string>("8", "test");
  request.pins["ring"] = known<std::string>("2", "test");
  const Plan plan = plan_on("2x8xH100-SXM", {"nvlink", std::nullopt, "ib-400"}, request);
  ASSERT_TRUE(plan.layout.mesh);
  EXPECT_EQ(plan.layout.mesh->nodes, 2);
  EXPECT_EQ(plan.layout.mesh->gpus_per_node, 8);
  ASSERT_EQ(plan.layout.mesh->axes.size(), 2U);
  EXPECT_EQ(plan.layout.mesh->axes[0].axis, "ulysses");
  EXPECT_EQ(plan.layout.mesh->axes[0].link, "nvlink");
  EXPECT_FALSE(plan.layout.mesh->axes[0].crosses_nodes);
  EXPECT_EQ(plan.layout.mesh->axes[1].axis, "ring");
  EXPECT_EQ(plan.layout.mesh->axes[1].stride, 8);
  EXPECT_EQ(plan.layout.mesh->axes[1].link, "infiniband");
  EXPECT_TRUE(plan.layout.mesh->axes[1].crosses_nodes);
}

TEST(Nodes, EnginesThatStartOnOneMachineGetNoLayoutBeyondIt) {
  for (const char* engine : {"sglang", "fastvideo", "vllm-omni", "lightx2v", "diffsynth", "raylight"}) {
    Request request;
    request.engine = known<std::string>(engine, "test");
    request.model = known<std::string>("wan2.1-t2v-14b", "test");
    const Plan plan = plan_on("2x8xH100-SXM", {"nvlink", std::nullopt, "ib-400"}, request);
    if (plan.layout.chosen) {
      EXPECT_LE(plan.layout.chosen->world_size, 8) << engine;
    }
    for (const LayoutCandidate& candidate : plan.layout.candidates) EXPECT_LE(candidate.layout.world_size, 8) << engine;
    EXPECT_TRUE(std::any_of(plan.layout.rejected.begin(), plan.layout.rejected.end(), [](const LayoutCandidate& one) {
      return one.layout.world_size > 8;
    })) << engine;
  }
}

TEST(Nodes, OneGpuOnEachIsTimedByTheNetwork) {
  Request request = flux_on_xdit();
  request.pins["ulysses"] = known<std::string>("2", "test");
  const Plan plan = plan_on("2x1xH100-SXM", {std::nullopt, std::nullopt, "ib-400"}, request);
  ASSERT_TRUE(plan.layout.chosen);
  ASSERT_FALSE(plan.layout.candidates.empty());
  ASSERT_TRUE(plan.layout.candidates.front().time.step);
  EXPECT_LT(plan.layout.candidates.front().time.step->seconds, 60);
}

TEST(Nodes, TheCommandCountsTheNodesThatAreFilled) {
  Request request;
  request.engine = known<std::string>("wan2.1", "test");
  request.model = known<std::string>("wan2.1-t2v-1.3b", "test");
  request.pins["ulysses"] = known<std::string>("12", "test");
  request.nodes = known<std::int64_t>(2, "test");
  const auto machine = machine_from_spec("2x8xH100-SXM", {"nvlink", std::nullopt, "ib-400"}, knowledge());
  const Diagnosis diagnosis = diagnose(machine->snapshot, request, knowledge(), true);
  ASSERT_TRUE(diagnosis.plan->layout.chosen);
  const auto& argv = diagnosis.launch_argv;
  EXPECT_EQ(std::count(argv.begin(), argv.end(), "--nnodes=2"), 1);
  EXPECT_EQ(std::count(argv.begin(), argv.end(), "--nproc_per_node=6"), 1);
  ASSERT_EQ(diagnosis.launchers.size(), 2U);
  EXPECT_EQ(diagnosis.launchers[0].argv,
            (std::vector<std::string>{"srun", "--nodes=2", "--ntasks-per-node=1", "{command}"}));
}

}  // namespace
}  // namespace diffcheck
