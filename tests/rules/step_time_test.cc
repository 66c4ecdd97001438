// Predicted times: the arithmetic against published counts, and what any prediction has to keep.
#include "rules/step_time.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/collectives.h"
#include "tests/rules/case_table.h"
#include "tests/rules/timed_case.h"

namespace diffcheck {
namespace {

constexpr double k_tera = 1e12;

Layout with(std::initializer_list<std::pair<const char*, std::int64_t>> degrees) {
  Layout layout;
  for (const auto& [axis, degree] : degrees) {
    *layout.axis(axis) = degree;
    if (std::string_view(axis) != "fsdp" && std::string_view(axis) != "vae") layout.world_size *= degree;
  }
  return layout;
}

const std::vector<Layout>& eight_gpu_layouts() {
  static const std::vector<Layout> layouts = {with({{"ulysses", 8}}),
                                              with({{"ring", 8}}),
                                              with({{"ulysses", 2}, {"ring", 4}}),
                                              with({{"ulysses", 4}, {"ring", 2}}),
                                              with({{"tensor", 8}}),
                                              with({{"pipefusion", 8}}),
                                              with({{"cfg", 2}, {"ulysses", 4}}),
                                              with({{"ulysses", 4}, {"tensor", 2}}),
                                              with({{"ulysses", 2}}),
                                              Layout{}};
  return layouts;
}

TEST(Flops, AreWhatIsPublishedForFlux) {
  // cache-dit prints 3726.87 TF for 50 steps at 1024 x 1024; diffusers' benchmark, without attention, 59,523 GF.
  const auto work = forward_work(*find_entry(knowledge().models, "flux.1-dev"), 64 * 64);
  ASSERT_TRUE(work);
  EXPECT_EQ(work->tokens, 64 * 64 + 512);
  EXPECT_NEAR(work->linear_flops() + work->attention_flops(), 3726.87 / 50 * k_tera, 0.01 * 74.5 * k_tera);
  EXPECT_NEAR(work->linear_flops(), 59.523 * k_tera, 0.01 * 59.5 * k_tera);
}

TEST(Flops, AreWhatTheFormulaOfWanGives) {
  const auto work = forward_work(*find_entry(knowledge().models, "wan2.1-t2v-14b"), 75'600);
  ASSERT_TRUE(work);
  EXPECT_NEAR(work->linear_flops() + work->attention_flops(), 6523 * k_tera, 5 * k_tera);
  EXPECT_NEAR(work->attention_flops() / 6523e12, 0.72, 0.01);
}

TEST(Flops, CountAllMatricesOfGatedNetworks) {
  // 8 blocks of two streams and 48 of one hold most of the 32 billion weights; each is used once for each token of one
  // stream.
  const auto work = forward_work(*find_entry(knowledge().models, "flux.2-dev"), 64 * 64);
  ASSERT_TRUE(work);
  const double weights_used = work->linear_flops_per_token / 2 * static_cast<double>(work->blocks);
  EXPECT_NEAR(weights_used / 32.2e9, 0.85, 0.1);
}

TEST(Flops, AreUnknownForUnets) {
  EXPECT_FALSE(forward_work(*find_entry(knowledge().models, "sdxl-base"), 4096));
  const Timed unet("1xA100-SXM4-80GB", {}, Job{"diffusers", "sdxl-base"});
  EXPECT_FALSE(unet.time(Layout{}).step);
  EXPECT_NE(unet.time(Layout{}).unknown.english.find("sdxl-base"), std::string::npos);
}

struct Published {
  const char* machine;
  Job job;
  std::int64_t steps;
  double seconds;
};

class OneGpuTest : public testing::TestWithParam<Published> {};

TEST_P(OneGpuTest, IsWithinAQuarterOfThePublishedTime) {
  const Published& row = GetParam();
  Timed timed(row.machine, {}, row.job);
  timed.request().steps = known(row.steps, "test");
  const StepTime time = timed.time(Layout{});
  ASSERT_TRUE(time.total) << time.unknown.english;
  EXPECT_NEAR(time.total->seconds / row.seconds, 1, 0.25);
  EXPECT_LT(time.total->low, time.total->seconds);
  EXPECT_GT(time.total->high, time.total->seconds);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, OneGpuTest,
    testing::Values(Published{"1xA100-SXM4-80GB", {}, 28, 12.77}, Published{"1xL40", {}, 28, 18.36},
                    Published{"1xL20", {}, 28, 23.56}, Published{"1xH100-SXM", {}, 28, 6.71},
                    Published{"1xL40", {"xdit", "flux.1-dev", 4096, 4096, 1}, 28, 855.1},
                    Published{"1xA100-SXM4-80GB", {"wan2.1", "wan2.1-t2v-14b", 1280, 720, 81}, 50, 3342.6},
                    Published{"1xH20", {"wan2.1", "wan2.1-t2v-14b", 1280, 720, 81}, 50, 6935.5},
                    Published{"1xRTX4090", {"wan2.1", "wan2.1-t2v-1.3b", 832, 480, 81}, 50, 261.4},
                    Published{"1xL20", {"xdit", "hunyuanvideo", 1280, 720, 129}, 50, 6044},
                    Published{"1xL40", {"xdit", "cogvideox1.5-5b", 1360, 768, 161}, 50, 3624.12}));

TEST(StepTime, IsTheSameEachTime) {
  const Timed timed("8xL40", k_pcie4);
  for (const Layout& layout : eight_gpu_layouts()) EXPECT_EQ(timed.step(layout), timed.step(layout));
}

TEST(StepTime, LiesInItsRange) {
  const Timed timed("8xL40", k_pcie4);
  for (const Layout& layout : eight_gpu_layouts()) {
    const StepTime time = timed.time(layout);
    ASSERT_TRUE(time.step);
    EXPECT_LE(time.step->low, time.step->seconds);
    EXPECT_LE(time.step->seconds, time.step->high);
    double parts = 0;
    for (const TimePart& part : time.parts) parts += part.seconds;
    EXPECT_NEAR(parts, time.step->seconds, 1e-9 * parts);
  }
}

TEST(StepTime, DoesNotGrowWithTheLink) {
  const Timed pcie3("8xL40", {"pcie3", 2, std::nullopt});
  const Timed pcie4("8xL40", k_pcie4);
  const Timed pcie5("8xL40", {"pcie5", 2, std::nullopt});
  for (const Layout& layout : eight_gpu_layouts()) {
    EXPECT_LE(pcie4.step(layout), pcie3.step(layout));
    EXPECT_LE(pcie5.step(layout), pcie4.step(layout));
  }
}

TEST(StepTime, DoesNotGrowWithTheNetwork) {
  const Layout ring = with({{"ulysses", 8}, {"ring", 2}});
  double before = 1e9;
  for (const char* network : {"eth-1", "eth-10", "eth-100", "ib-100", "ib-400"}) {
    const Timed timed("2x8xA100-SXM4-80GB", {"nvlink", std::nullopt, network});
    EXPECT_LE(timed.step(ring), before) << network;
    before = timed.step(ring);
  }
}

TEST(StepTime, DoesNotGrowWithCompilation) {
  const Timed eager("8xA100-SXM4-80GB", k_nvlink);
  Timed compiled("8xA100-SXM4-80GB", k_nvlink);
  compiled.request().pins["compile"] = known<std::string>("on", "test");
  for (const Layout& layout : eight_gpu_layouts()) EXPECT_LE(compiled.step(layout), eager.step(layout));
}

TEST(StepTime, DoesNotDependOnTheOrderOfEqualGpus) {
  Timed timed("8xA100-SXM4-80GB", k_nvlink);
  const double before = timed.step(with({{"ulysses", 8}}));
  std::reverse(timed.snapshot().gpus.begin(), timed.snapshot().gpus.end());
  EXPECT_EQ(timed.step(with({{"ulysses", 8}})), before);
}

TEST(StepTime, IsThatOfTheSlowestGpu) {
  Timed mixed("2xA100-SXM4-80GB", k_nvlink);
  const double before = mixed.step(with({{"ulysses", 2}}));
  mixed.snapshot().gpus[1].name = known<std::string>("NVIDIA L40", "test");
  EXPECT_GT(mixed.step(with({{"ulysses", 2}})), before);
}

TEST(StepTime, GuidanceInParallelNearlyHalvesIt) {
  const Timed timed("2xL40", k_pcie4, Job{"xdit", "cogvideox-5b", 720, 480, 49});
  EXPECT_NEAR(timed.step(with({{"cfg", 2}})) / timed.step(Layout{}), 0.5, 0.03);
}

TEST(StepTime, UlyssesAcrossTwoProcessorsCanBeSlowerThanOneGpu) {
  // Published: 26.4 s on eight L40 against 18.4 s on one.
  const Timed timed("8xL40", k_pcie4);
  EXPECT_GT(timed.step(with({{"ulysses", 8}})), timed.step(Layout{}));
}

TEST(StepTime, IsUnknownWithoutANetworkOnlyAcrossNodes) {
  const Timed timed("2x8xL40", k_pcie4);
  EXPECT_FALSE(timed.time(with({{"ring", 16}})).step);
  EXPECT_NE(timed.time(with({{"ring", 16}})).unknown.english.find("--network"), std::string::npos);
  EXPECT_TRUE(timed.time(with({{"ring", 8}})).step);
}

TEST(StepTime, IsUnknownWhereARateIs) {
  EXPECT_FALSE(Timed("1xRTX5090-D", {}).time(Layout{}).step);
  EXPECT_FALSE(Timed("1xA100-SXM4-80GB", {}).time(Layout{}, "flash-attn-2", "fp32").step);
  EXPECT_FALSE(Timed("1xMI300X", {}).time(Layout{}).step);
  EXPECT_FALSE(Timed("2xMTT-S4000", {"nvlink", std::nullopt, std::nullopt}).time(with({{"ulysses", 2}})).step);
}

TEST(StepTime, IsScaledToAMeasuredStep) {
  Timed timed("8xL40", k_pcie4);
  const Layout ring = with({{"ring", 8}});
  const double alone = timed.step(Layout{});
  const double together = timed.step(ring);
  timed.request().measured_step_seconds = known(2 * alone, "test");
  EXPECT_NEAR(timed.step(Layout{}), 2 * alone, 1e-9);
  // What ranks exchange does not grow with it.
  EXPECT_GT(timed.step(ring), together);
  EXPECT_LT(timed.step(ring), 2 * together);
}

TEST(StepTime, SaysWhatItTookForGranted) {
  const Timed untold("8xH20", {});
  const StepTime time = untold.time(with({{"ulysses", 8}}));
  ASSERT_EQ(time.assumptions.size(), 1U);
  EXPECT_NE(time.assumptions.front().english.find("nvlink"), std::string::npos);
  EXPECT_TRUE(Timed("8xH20", k_nvlink).time(with({{"ulysses", 8}})).assumptions.empty());
}

TEST(Collectives, AreBytesOverTheRate) {
  Fabric fabric;
  fabric.gpus_per_node = 8;
  fabric.sockets.assign(8, 0);
  fabric.pair_bytes_per_second = {1e9, 2e9, 4e9};
  EXPECT_DOUBLE_EQ(*send_seconds(fabric, {8, 1}, 2e9, Bound::expected), 1);
  EXPECT_DOUBLE_EQ(*send_seconds(fabric, {8, 1}, 2e9, Bound::slow), 2);
  EXPECT_DOUBLE_EQ(*all_reduce_seconds(fabric, {4, 1}, 2e9, Bound::expected), 1.5);
  EXPECT_DOUBLE_EQ(*all_gather_seconds(fabric, {4, 1}, 2e9, Bound::expected), 0.75);
  EXPECT_DOUBLE_EQ(*all_to_all_seconds(fabric, {4, 1}, 2e9, Bound::expected), 1);
  EXPECT_DOUBLE_EQ(*all_to_all_seconds(fabric, {1, 1}, 2e9, Bound::expected), 0);
  fabric.all_to_all_exponent = 1;
  EXPECT_DOUBLE_EQ(*all_to_all_seconds(fabric, {4, 1}, 2e9, Bound::expected), 3);
}

TEST(Collectives, ShareWhatJoinsProcessorsAndNodes) {
  Fabric fabric;
  fabric.gpus_per_node = 8;
  fabric.nodes = 2;
  fabric.sockets = {0, 0, 0, 0, 1, 1, 1, 1};
  fabric.pair_bytes_per_second = {2e9, 2e9, 2e9};
  fabric.socket_bytes_per_second = Range{4e9, 4e9, 4e9};
  // Four interleaved groups of two cross the processors at once; two groups of four do not cross them.
  EXPECT_DOUBLE_EQ(*send_seconds(fabric, {2, 4}, 2e9, Bound::expected), 2);
  EXPECT_DOUBLE_EQ(*send_seconds(fabric, {4, 1}, 2e9, Bound::expected), 1);
  EXPECT_FALSE(send_seconds(fabric, {2, 8}, 2e9, Bound::expected));
  fabric.node_bytes_per_second = Range{1e9, 1e9, 1e9};
  EXPECT_DOUBLE_EQ(*send_seconds(fabric, {2, 8}, 2e9, Bound::expected), 16);
  // Each node's eight ranks send 8 / 15 of their bytes to the other node.
  EXPECT_DOUBLE_EQ(*all_to_all_seconds(fabric, {16, 1}, 15e9, Bound::expected), 64);
}

}  // namespace
}  // namespace diffcheck
