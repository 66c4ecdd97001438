#include "rules/request_check.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

Snapshot machine(std::size_t gpus) {
  Snapshot snapshot;
  snapshot.gpus.resize(gpus);
  for (GpuFacts& gpu : snapshot.gpus) gpu.name = known(std::string("Tesla T4"), "test");
  snapshot.complete.gpus = known(true, "test");
  return snapshot;
}

std::string refusal(const Request& request, const Snapshot& snapshot = machine(2), bool simulated = false) {
  auto error = check_request(request, knowledge());
  if (!error) error = check_gpu_count(request, snapshot, simulated);
  return error ? to_string(*error) : "";
}

Fact<std::int64_t> number(std::int64_t value, const char* option) { return known(value, option); }
Fact<std::string> text(const char* value, const char* option) { return known(std::string(value), option); }

TEST(RequestCheckTest, AnEmptyRequestIsFine) {
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({}, Snapshot()), "");
}

TEST(RequestCheckTest, NumbersThatAreNoneAreRefusedByTheirOption) {
  for (const std::int64_t bad : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{10'000'000},
                                 std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    Request request;
    request.width = number(bad, "--size");
    EXPECT_TRUE(refusal(request).starts_with("--size: expected")) << refusal(request);
    request = {};
    request.frames = number(bad, "--frames");
    EXPECT_TRUE(refusal(request).starts_with("--frames: expected")) << refusal(request);
    request = {};
    request.pins["ulysses"] = known(std::to_string(bad), "--ulysses");
    EXPECT_TRUE(refusal(request).starts_with("--ulysses: expected")) << refusal(request);
  }
  Request request;
  request.guidance_scale = known(-1.0, "--guidance");
  EXPECT_NE(refusal(request), "");
  request.guidance_scale = known(std::numeric_limits<double>::quiet_NaN(), "--guidance");
  EXPECT_NE(refusal(request), "");
}

TEST(RequestCheckTest, UnknownNamesAreAnsweredWithTheNearest) {
  Request request;
  request.model = text("wan2.1-t2v-1.3", "--model");
  EXPECT_NE(refusal(request).find("wan2.1-t2v-1.3b"), std::string::npos) << refusal(request);
  request = {};
  request.engine = text("difsynth", "--engine");
  EXPECT_NE(refusal(request).find("diffsynth"), std::string::npos) << refusal(request);
  request = {};
  request.objective = text("speed", "--objective");
  EXPECT_NE(refusal(request), "");
  request = {};
  request.task = text("t3v", "--task");
  EXPECT_NE(refusal(request).find("t2v"), std::string::npos) << refusal(request);
}

TEST(RequestCheckTest, SizesThatTheModelCannotMakeNameTheNearest) {
  const auto sized = [](const char* model, std::int64_t width, std::int64_t height) {
    Request request;
    request.model = text(model, "--model");
    request.width = number(width, "--size");
    request.height = number(height, "--size");
    return refusal(request);
  };
  EXPECT_EQ(sized("wan2.1-t2v-1.3b", 832, 480), "");
  EXPECT_EQ(sized("wan2.1-t2v-1.3b", 833, 480),
            "--size: expected a width that is a multiple of 16 and a height that is one of 16 (VAE and patches of "
            "wan2.1-t2v-1.3b), not 833x480; nearest: 832x480 and 848x480");
  EXPECT_TRUE(sized("wan2.2-ti2v-5b", 1280, 720).ends_with("nearest: 1280x704 and 1280x736"));
  EXPECT_TRUE(sized("wan2.2-ti2v-5b", 1, 1).ends_with("nearest: 32x32"));
  EXPECT_TRUE(sized("flux.1-dev", 65'535, 65'536).ends_with("nearest: 65520x65536 and 65536x65536"));
}

TEST(RequestCheckTest, FramesThatTheModelCannotMakeNameTheNearest) {
  const auto long_as = [](const char* model, std::int64_t frames) {
    Request request;
    request.model = text(model, "--model");
    request.frames = number(frames, "--frames");
    return refusal(request);
  };
  EXPECT_EQ(long_as("wan2.1-t2v-1.3b", 1), "");
  EXPECT_EQ(long_as("wan2.1-t2v-1.3b", 81), "");
  EXPECT_EQ(long_as("wan2.1-t2v-1.3b", 80),
            "--frames: expected frames of the form 4 x n + 1 (VAE of wan2.1-t2v-1.3b), not 80; nearest: 77 and 81");
  EXPECT_TRUE(long_as("ltx-video-2b", 2).ends_with("nearest: 1 and 9"));
  EXPECT_EQ(long_as("latentsync-1.6", 17), "");
}

TEST(RequestCheckTest, PinsAreCheckedByTheirKind) {
  for (const auto& [pin, value] : std::map<std::string, std::string>{{"attention", "sdpa-eficient"},
                                                                     {"dtype", "int4"},
                                                                     {"quantization", "q9"},
                                                                     {"offload", "sideways"},
                                                                     {"vae_tiling", "maybe"},
                                                                     {"ring", "two"},
                                                                     {"rings", "2"},
                                                                     {"tensor", ""}}) {
    Request request;
    request.pins[pin] = known(value, "--pin " + pin);
    EXPECT_TRUE(refusal(request).starts_with("--pin " + pin)) << pin << ": " << refusal(request);
  }
  Request request;
  request.pins = {{"attention", text("sdpa-efficient", "--pin")},
                  {"dtype", text("fp16", "--pin")},
                  {"ring", text("2", "--pin")},
                  {"vae_tiling", text("on", "--pin")}};
  EXPECT_EQ(refusal(request), "");
}

TEST(RequestCheckTest, WhatChoosesBetweenKernelsIsNoKernel) {
  Request request;
  request.pins["attention"] = text("sdpa", "--attention");
  EXPECT_NE(refusal(request).find("sdpa-"), std::string::npos) << refusal(request);
}

TEST(RequestCheckTest, MoreGpusThanThereAreIsRefusedWithWhatThereIs) {
  Request request;
  request.gpus = number(3, "--gpus");
  EXPECT_EQ(refusal(request), "--gpus: asked for 3 GPUs, but this machine has 2 (Tesla T4)");
  EXPECT_EQ(refusal(request, machine(2), true), "--gpus: asked for 3 GPUs, but the simulated machine has 2 (Tesla T4)");
  EXPECT_EQ(refusal(request, machine(0)), "--gpus: asked for 3 GPUs, but this machine has none");
  EXPECT_EQ(refusal(request, machine(3)), "");
  Snapshot incomplete = machine(1);
  incomplete.complete.gpus = unknown<bool>("nvml", "timeout");
  EXPECT_EQ(refusal(request, incomplete),
            "--gpus: asked for 3 GPUs, but only 1 could be found on this machine (Tesla T4)");
  Snapshot hidden = machine(4);
  hidden.gpus[0].visible = hidden.gpus[1].visible = known(false, "CUDA_VISIBLE_DEVICES");
  EXPECT_EQ(refusal(request, hidden),
            "--gpus: asked for 3 GPUs, but this machine has 4, of which a process sees 2 (Tesla T4)");
}

}  // namespace
}  // namespace diffcheck
