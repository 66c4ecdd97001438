// The four reports that the program was made for: what failed there is named before launch, with the number and the
// fix; with the fix it passes, and the config holds the way out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/report/golden.h"
#include "tests/stories/story.h"

namespace diffcheck {
namespace {

using Json = nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const Arguments k_without_flash_attn = {"--set", "packages.flash-attn=absent"};

Story t4(const std::string& engine = "diffsynth") {
  return {"constructed-ubuntu22-t4-diffsynth",
          {"--engine", engine, "--model", "wan2.1-t2v-1.3b", "--size", "832x480", "--frames", "81"}};
}

Story tensor_parallel() {
  return {"constructed-ubuntu22-2xa100-diffsynth-tp",
          {"--engine", "diffsynth", "--model", "wan2.1-t2v-14b", "--size", "832x480", "--frames", "81", "--gpus", "2"}};
}

Story ring() {
  return {"constructed-ubuntu22-8xl40-xdit",
          {"--engine", "xdit", "--model", "cogvideox1.5-5b", "--size", "1360x768", "--frames", "17", "--gpus", "8",
           "--cfg-parallel", "2"}};
}

Story forced_flash() {
  return {"constructed-ubuntu20-2080ti-latentsync", {"--engine", "latentsync", "--model", "latentsync-1.5"}};
}

const Arguments k_tensor_2 = {"--tensor", "2"};
const Arguments k_ulysses_2_ring_2 = {"--ulysses", "2", "--ring", "2"};

TEST(WanOnT4, FlashAttnIsRefusedAndWithoutItTheScoresTake48GiB) {
  EXPECT_EQ(t4().run("doctor").code, 1);
  EXPECT_THAT(t4().complaints(),
              AllOf(HasSubstr("flash-attn 2 needs compute capability 8.0"), HasSubstr("this GPU is 7.5"),
                    HasSubstr("FlashAttention only supports Ampere GPUs or newer"), HasSubstr("47.98 GiB"),
                    HasSubstr("95.95 GiB"), HasSubstr("torch 2.5 and newer"), HasSubstr("compute in fp16"),
                    HasSubstr("use attention sdpa-efficient")));
}

TEST(WanOnT4, SaysWhatFewerFramesASmallerSizeOrANewerGpuWouldChange) {
  EXPECT_THAT(t4().complaints(),
              AllOf(HasSubstr("With 41 frames one score matrix is 13.16 GiB"), HasSubstr("At 416x240 it is 3.00 GiB"),
                    HasSubstr("On a GPU of compute capability 8.0 or newer")));
}

TEST(WanOnT4, RemovingFlashAttnAloneDoesNotHelp) {
  EXPECT_EQ(t4().run("doctor", k_without_flash_attn).code, 1);
  EXPECT_THAT(t4().complaints(k_without_flash_attn), AllOf(HasSubstr("math path"), HasSubstr("47.98 GiB")));
}

TEST(WanOnT4, PassesInFp16WithoutFlashAttn) {
  const Arguments fixed = {"--set", "packages.flash-attn=absent", "--dtype", "fp16"};
  EXPECT_EQ(t4().run("doctor", fixed).code, 0);
  EXPECT_EQ(t4().json("plan", fixed)["attention"]["engine_default"]["kernel"], "sdpa-efficient");
}

TEST(WanOnT4, TheConfigKeepsFlashAttnFromImportingOn1AndSetsTheVariableOn2) {
  Json first = t4().json("emit-config");
  EXPECT_EQ(first["attention"]["kernel"], "sdpa-efficient");
  EXPECT_EQ(first["attention"]["dtype"], "fp16");
  EXPECT_THAT(first["engine"]["block_import"].dump(), HasSubstr("\"flash_attn\""));
  Json second = t4("diffsynth@2.0.0").json("emit-config");
  EXPECT_EQ(second["launch"]["env"]["DIFFSYNTH_ATTENTION_IMPLEMENTATION"], "torch");
  EXPECT_EQ(second["attention"]["dtype"], "fp16");
}

TEST(TensorParallelScript, FlashAttnHasNoShardingStrategy) {
  EXPECT_EQ(tensor_parallel().run("doctor", k_tensor_2).code, 1);
  EXPECT_THAT(
      tensor_parallel().complaints(k_tensor_2),
      AllOf(HasSubstr("Operator flash_attn._flash_attn_forward.default does not have a sharding strategy registered"),
            HasSubstr("1, 2, 4, 5, 8, 10, 20, 40"), HasSubstr("use the layout ulysses 2"),
            HasSubstr("Every GPU holds the whole transformer then: 26.61 GiB")));
}

TEST(TensorParallelScript, PassesWithSequenceParallel) {
  const Arguments fixed = {"--ulysses", "2"};
  EXPECT_EQ(tensor_parallel().run("doctor", fixed).code, 0);
  Json config = tensor_parallel().json("emit-config");
  EXPECT_EQ(config["parallel"]["ulysses"], 2);
  EXPECT_EQ(config["parallel"]["tensor"], 1);
  EXPECT_EQ(config["memory"]["fits"], "yes");
}

TEST(RingWithoutFlashAttn, ThePaddedLogSumExpDoesNotMatch) {
  EXPECT_EQ(ring().run("doctor", k_ulysses_2_ring_2).code, 1);
  EXPECT_THAT(ring().complaints(k_ulysses_2_ring_2),
              AllOf(HasSubstr("6572 query tokens to 6592"), HasSubstr("pip install \"xfuser[diffusers,flash-attn]\""),
                    HasSubstr("cfg 2 x ulysses 3")));
}

TEST(RingWithoutFlashAttn, PassesWithUlyssesAloneOrWithFlashAttn) {
  EXPECT_EQ(ring().run("doctor", {"--ulysses", "4", "--ring", "1"}).code, 0);
  EXPECT_EQ(
      ring().run("doctor", {"--ulysses", "2", "--ring", "2", "--set", "packages.flash-attn.version=2.7.4.post1"}).code,
      0);
  Json config = ring().json("emit-config");
  // Published for this model on such a machine: 741 s with guidance 2 x Ulysses 3 on six of the GPUs, 761 s with
  // guidance 2 x Ulysses 4 on all eight.
  EXPECT_EQ(config["parallel"]["ulysses"], 3);
  EXPECT_EQ(config["parallel"]["ring"], 1);
  EXPECT_EQ(config["parallel"]["cfg"], 2);
}

TEST(RingWithoutFlashAttn, NoConfigIsWrittenForALayoutThatCannotRun) {
  Json config = ring().json("emit-config", k_ulysses_2_ring_2);
  EXPECT_EQ(config["exit"]["code"], 1);
  EXPECT_THAT(config["launch"].dump(), Not(HasSubstr("torchrun")));
}

TEST(ForcedFlash, TuringHasNoAvailableKernel) {
  EXPECT_EQ(forced_flash().run("doctor").code, 1);
  EXPECT_THAT(forced_flash().complaints(), AllOf(HasSubstr("RuntimeError: No available kernel. Aborting execution."),
                                                 HasSubstr("this GPU is 7.5"), HasSubstr("git checkout 02b975b")));
}

TEST(ForcedFlash, PassesAtTheFixedCommit) {
  const Arguments fixed = {"--set", "checkout.markers=plain-attention", "--set",
                           "checkout.commit=02b975b9ade6f55644d4629e64a56cd36fc07f1d"};
  EXPECT_EQ(forced_flash().run("doctor", fixed).code, 0);
  const ProgramRun config = forced_flash().run("emit-config", {"--format", "shell"});
  EXPECT_EQ(config.code, 0);
  EXPECT_THAT(config.output, HasSubstr("checkout 02b975b9ade6f55644d4629e64a56cd36fc07f1d"));
}

TEST(StoryReports, AreAsTheGoldenFilesSay) {
  t4().expect_goldens("t4-diffsynth", {});
  tensor_parallel().expect_goldens("2xa100-diffsynth-tp", k_tensor_2);
  ring().expect_goldens("8xl40-xdit", k_ulysses_2_ring_2);
  forced_flash().expect_goldens("2080ti-latentsync", {});
  expect_golden("t4-diffsynth.zh-CN.txt", without_hash(t4().run("doctor", {"--lang", "zh-CN"}).output));
}

TEST(StoryReports, AreTheSameFromASnapshot) {
  t4().expect_the_same_from_a_snapshot({});
  tensor_parallel().expect_the_same_from_a_snapshot(k_tensor_2);
  ring().expect_the_same_from_a_snapshot(k_ulysses_2_ring_2);
  forced_flash().expect_the_same_from_a_snapshot({});
}

}  // namespace
}  // namespace diffcheck
