// Several recorded machines as one run: the weakest stands for all, what differs is named.
#include "rules/node_set.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/diagnose.h"
#include "rules/machine_spec.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

constexpr std::int64_t k_gib = 1LL << 30;

Snapshot machine(const std::string& spec, const std::vector<std::string>& set = {},
                 const std::string& network = "ib-400") {
  std::vector<Message> assumptions;
  Snapshot snapshot = with_assumptions(machine_from_spec(spec, {"nvlink", 2, network}, knowledge())->snapshot,
                                       knowledge(), assumptions);
  for (const std::string& one : set) {
    const std::size_t equals = one.find('=');
    const auto changed = with_override(snapshot, one.substr(0, equals), one.substr(equals + 1));
    EXPECT_TRUE(changed) << one;
    snapshot = *changed;
  }
  return snapshot;
}

Request request_for(std::vector<NamedSnapshot> nodes, const std::string& engine = "xdit",
                    const std::string& model = "flux.1-dev") {
  Request request;
  if (!engine.empty()) request.engine = known(engine, "test");
  if (!model.empty()) request.model = known(model, "test");
  request.nodes = known(static_cast<std::int64_t>(nodes.size()), "test");
  request.node_set = node_set_of(std::move(nodes), knowledge());
  return request;
}

Diagnosis diagnosed(const Request& request) {
  return diagnose(request.node_set->standing_for_all, request, knowledge(), false);
}

const Finding* finding(const Diagnosis& diagnosis, const std::string& id) {
  const auto found = std::find_if(diagnosis.findings.begin(), diagnosis.findings.end(),
                                  [&](const Finding& one) { return one.id == id; });
  return found == diagnosis.findings.end() ? nullptr : &*found;
}

bool says(const Finding* finding, const std::string& text) {
  return finding != nullptr && finding->why.english.find(text) != std::string::npos;
}

TEST(NodeSet, EqualNodesAreOneKindAndDifferInNothing) {
  const Request request = request_for({{"a", machine("8xA100-SXM4-80GB")}, {"b", machine("8xA100-SXM4-80GB")}});
  EXPECT_EQ(request.node_set->kinds.size(), 1U);
  const Diagnosis diagnosis = diagnosed(request);
  for (const Finding& one : diagnosis.findings) EXPECT_FALSE(one.id.starts_with("node")) << one.id;
}

TEST(NodeSet, EqualNodesArePlannedAsANumberOfThem) {
  const Request named = request_for({{"a", machine("8xA100-SXM4-80GB")}, {"b", machine("8xA100-SXM4-80GB")}});
  Request counted = named;
  counted.node_set = nullptr;
  const Plan of_named = *diagnosed(named).plan;
  const Plan of_counted = *diagnose(machine("8xA100-SXM4-80GB"), counted, knowledge(), false).plan;
  ASSERT_TRUE(of_named.layout.chosen && of_counted.layout.chosen);
  EXPECT_EQ(*of_named.layout.chosen, *of_counted.layout.chosen);
  EXPECT_EQ(of_named.memory->peak, of_counted.memory->peak);
  EXPECT_EQ(of_named.layout.candidates.front().time.step->seconds,
            of_counted.layout.candidates.front().time.step->seconds);
}

TEST(NodeSet, IdentitiesAndWhatMovesMakeNoKind) {
  const Request request =
      request_for({{"a", machine("2xA100-SXM4-80GB", {"gpus.0.uuid=GPU-1", "gpus.0.memory.free_bytes=70GiB"})},
                   {"b", machine("2xA100-SXM4-80GB", {"gpus.0.uuid=GPU-2", "gpus.0.memory.free_bytes=60GiB"})}});
  EXPECT_EQ(request.node_set->kinds.size(), 1U);
  EXPECT_EQ(request.node_set->standing_for_all.gpus[0].memory.free_bytes.value().count, 60 * k_gib);
}

TEST(NodeSet, TheFewestGpusAndTheLeastMemoryDecide) {
  const Request request = request_for({{"a", machine("8xA100-SXM4-80GB")}, {"b", machine("4xA100-SXM4-40GB")}});
  const Diagnosis diagnosis = diagnosed(request);
  EXPECT_EQ(diagnosis.chosen_gpus.size(), 4U);
  EXPECT_TRUE(says(finding(diagnosis, "nodes-differ-count"), "8 (a), 4 (b)"))
      << finding(diagnosis, "nodes-differ-count");
  EXPECT_TRUE(says(finding(diagnosis, "nodes-differ-count"), "as many as the smallest has: 4. Idle: 4."));
  EXPECT_TRUE(says(finding(diagnosis, "nodes-differ-gpus"), "A100-SXM4-40GB (b)"));
  ASSERT_TRUE(diagnosis.plan->memory && diagnosis.plan->memory->limit_bytes);
  EXPECT_LT(*diagnosis.plan->memory->limit_bytes, 40 * k_gib);
}

TEST(NodeSet, TheOrderOfTheNodesDoesNotMatter) {
  const Snapshot large = machine("8xA100-SXM4-80GB");
  const Snapshot small = machine("4xA100-SXM4-40GB");
  const Plan one = *diagnosed(request_for({{"a", large}, {"b", small}})).plan;
  const Plan other = *diagnosed(request_for({{"b", small}, {"a", large}})).plan;
  ASSERT_TRUE(one.layout.chosen && other.layout.chosen);
  EXPECT_EQ(*one.layout.chosen, *other.layout.chosen);
  EXPECT_EQ(one.memory->limit_bytes, other.memory->limit_bytes);
  EXPECT_EQ(one.layout.candidates.front().time.step->seconds, other.layout.candidates.front().time.step->seconds);
}

TEST(NodeSet, AKernelHasToRunOnEveryNode) {
  // The T4 is the weaker node; the A100 alone would take flash attention.
  const Request request =
      request_for({{"new", machine("2xA100-SXM4-80GB")}, {"old", machine("2xT4")}}, "diffusers", "wan2.1-t2v-1.3b");
  const Diagnosis diagnosis = diagnosed(request);
  for (const KernelCandidate& candidate : diagnosis.plan->attention.candidates) {
    if (candidate.kernel == "flash-attn-2") {
      EXPECT_NE(candidate.verdict, Truth::yes);
    }
  }
  // And where the weaker one has the newer GPU, the other still refuses.
  const Request reversed = request_for({{"new", machine("1xA100-SXM4-40GB")}, {"old", machine("2xV100-SXM2-32GB")}},
                                       "diffusers", "wan2.1-t2v-1.3b");
  const Diagnosis judged = diagnosed(reversed);
  EXPECT_EQ(reversed.node_set->weakest, 0U);
  bool refused = false;
  for (const KernelCandidate& candidate : judged.plan->attention.candidates) {
    if (candidate.kernel != "flash-attn-2") continue;
    EXPECT_NE(candidate.verdict, Truth::yes);
    refused = refused || (!candidate.reasons.empty() && candidate.reasons.front().text.english.starts_with("old: "));
  }
  EXPECT_TRUE(refused);
}

TEST(NodeSet, MixedTorchAndNcclAreErrors) {
  const Request request = request_for(
      {{"a", machine("2xA100-SXM4-80GB", {"packages.torch.version=2.6.0+cu124", "cuda.nccl_version=2.21.5"})},
       {"b", machine("2xA100-SXM4-80GB", {"packages.torch.version=2.7.1+cu126", "cuda.nccl_version=2.26.2"})},
       {"c", machine("2xA100-SXM4-80GB", {"packages.torch.version=2.6.0+cu124", "cuda.nccl_version=2.21.5"})}});
  const Diagnosis diagnosis = diagnosed(request);
  const Finding* torch = finding(diagnosis, "nodes-differ-torch");
  ASSERT_NE(torch, nullptr);
  EXPECT_EQ(torch->severity, Severity::error);
  EXPECT_TRUE(says(torch, "2.6.0+cu124 (a, c), 2.7.1+cu126 (b)")) << torch->why.english;
  const Finding* nccl = finding(diagnosis, "nodes-differ-nccl");
  ASSERT_NE(nccl, nullptr);
  EXPECT_EQ(nccl->severity, Severity::error);
  EXPECT_TRUE(says(nccl, "Mismatched NCCL version detected"));
}

TEST(NodeSet, AFactThatOneNodeDoesNotTellIsUnknownForAll) {
  const Request request = request_for(
      {{"a", machine("2xA100-SXM4-80GB")}, {"b", machine("2xA100-SXM4-80GB", {"gpus.1.memory.total_bytes=unknown"})}});
  EXPECT_TRUE(request.node_set->standing_for_all.gpus[1].memory.total_bytes.is_known());  // told by the product
  const Request driver = request_for({{"a", machine("2xA100-SXM4-80GB", {"drivers.nvidia.version=550.54.15"})},
                                      {"b", machine("2xA100-SXM4-80GB", {"drivers.nvidia.version=unknown"})}});
  EXPECT_TRUE(says(finding(diagnosed(driver), "nodes-fact-unknown"), "550.54.15 (a), unknown (b)"));
  EXPECT_EQ(finding(diagnosed(driver), "nodes-differ-driver"), nullptr);
}

TEST(NodeSet, WhatOneNodeDoesNotTellTakesNoBoundAway) {
  const Snapshot busy = machine("2xL40", {"gpus.0.memory.free_bytes=8GiB", "gpus.1.memory.free_bytes=8GiB"});
  const Snapshot untold = machine("2xL40");
  for (const auto& nodes : {std::vector<NamedSnapshot>{{"busy", busy}, {"untold", untold}},
                            std::vector<NamedSnapshot>{{"untold", untold}, {"busy", busy}}}) {
    const auto set = node_set_of(nodes, knowledge());
    for (const GpuFacts& gpu : set->standing_for_all.gpus) {
      ASSERT_TRUE(gpu.memory.free_bytes.is_known());
      EXPECT_EQ(gpu.memory.free_bytes.value().count, 8 * k_gib);
    }
  }
}

TEST(NodeSet, MemoryThatOneNodeDoesNotTellAtAllNeverFits) {
  const Snapshot told = machine("2xL40", {"gpus.0.memory.free_bytes=40GiB", "gpus.1.memory.free_bytes=40GiB"});
  Snapshot untold = machine("2xL40");
  for (GpuFacts& gpu : untold.gpus) gpu = GpuFacts{};
  for (const auto& nodes : {std::vector<NamedSnapshot>{{"told", told}, {"untold", untold}},
                            std::vector<NamedSnapshot>{{"untold", untold}, {"told", told}}}) {
    const auto set = node_set_of(nodes, knowledge());
    const Snapshot& all = set->standing_for_all;
    ASSERT_EQ(all.gpus.size(), 2U);
    for (const GpuFacts& gpu : all.gpus) {
      EXPECT_FALSE(gpu.memory.free_bytes.is_known());
      EXPECT_FALSE(gpu.memory.total_bytes.is_known());
    }
  }
}

TEST(NodeSet, TheSizeOfAnotherNodesCardIsAsNominalAsItsOwn) {
  const Plan alone = *diagnosed(request_for({{"l40", machine("4xL40")}})).plan;
  const Plan mixed = *diagnosed(request_for({{"h100", machine("4xH100-SXM")}, {"l40", machine("8xL40")}})).plan;
  ASSERT_TRUE(alone.memory && mixed.memory);
  EXPECT_EQ(alone.memory->limit_bytes, mixed.memory->limit_bytes);
}

TEST(NodeSet, TheSlowestNetworkAndGpuCount) {
  const auto step = [](const std::vector<NamedSnapshot>& nodes) {
    Request request = request_for(nodes);
    request.pins["ulysses"] = known<std::string>("8", "test");
    request.pins["ring"] = known<std::string>("2", "test");
    const Diagnosis diagnosis = diagnosed(request);
    const auto& candidates = diagnosis.plan->layout.candidates;
    const bool timed = !candidates.empty() && candidates.front().time.step;
    EXPECT_TRUE(timed);
    return timed ? candidates.front().time.step->seconds : 0;
  };
  const Snapshot fast = machine("8xH100-SXM");
  const Snapshot slow_network = machine("8xH100-SXM", {}, "eth-10");
  const Snapshot slow_gpu = machine("8xA100-SXM4-80GB");
  const double best = step({{"a", fast}, {"b", fast}});
  EXPECT_LT(best, step({{"a", fast}, {"b", slow_network}}));
  EXPECT_EQ(step({{"a", fast}, {"b", slow_network}}), step({{"a", slow_network}, {"b", slow_network}}));
  EXPECT_EQ(step({{"a", fast}, {"b", slow_gpu}}), step({{"a", slow_gpu}, {"b", slow_gpu}}));
  EXPECT_LT(best, step({{"a", fast}, {"b", slow_gpu}}));
  EXPECT_TRUE(says(finding(diagnosed(request_for({{"a", fast}, {"b", slow_network}})), "nodes-differ-network"),
                   "infiniband 400 Gbit/s (a), ethernet 10 Gbit/s (b)"));
}

TEST(NodeSet, AFindingOfOneNodeNamesIt) {
  const Request request = request_for({{"a", machine("2xA100-SXM4-80GB")},
                                       {"b", machine("2xA100-SXM4-80GB", {"gpus.1.health.nvml_status=GPU_IS_LOST"})}});
  const Diagnosis diagnosis = diagnosed(request);
  EXPECT_TRUE(std::any_of(diagnosis.findings.begin(), diagnosis.findings.end(), [](const Finding& one) {
    return one.severity == Severity::error && one.why.english.starts_with("b: ");
  }));
}

TEST(NodeSet, WithoutARequestTheKernelsAreThoseOfAllNodes) {
  const Diagnosis diagnosis =
      diagnosed(request_for({{"new", machine("2xA100-SXM4-80GB")}, {"old", machine("4xT4")}}, "", ""));
  for (const KernelOnMachine& kernel : diagnosis.kernels) {
    if (kernel.kernel == "sdpa-flash" && kernel.dtype == "bf16") {
      EXPECT_NE(kernel.verdict, Truth::yes);
    }
  }
}

}  // namespace
}  // namespace diffcheck
