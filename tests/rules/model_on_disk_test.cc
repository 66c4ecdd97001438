#include "rules/model_on_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "rules/diagnose.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

using testing::HasSubstr;

CheckpointPart part(const std::string& path, std::int64_t params, const std::string& dtype, std::int64_t bytes_each) {
  CheckpointPart part;
  part.path = known(path, "/m");
  part.files = known<std::int64_t>(1, "/m");
  part.disk_bytes = part.tensor_bytes = known(Bytes{params * bytes_each}, "/m/" + path);
  part.params = known(params, "/m/" + path);
  part.dtype = known(dtype, "/m/" + path);
  return part;
}

CheckpointPart pickle(const std::string& path, std::int64_t bytes) {
  CheckpointPart part;
  part.path = known(path, "/m");
  part.disk_bytes = known(Bytes{bytes}, "/m/" + path);
  part.params = unknown<std::int64_t>(path, "a pickle");
  part.dtype = unknown<std::string>(path, "a pickle");
  part.tensor_bytes = unknown<Bytes>(path, "a pickle");
  return part;
}

CheckpointConfig config(const char* class_name, std::int64_t layers, std::int64_t heads, std::int64_t head_dim,
                        std::int64_t in_channels) {
  const std::string source = "/m/transformer/config.json";
  CheckpointConfig config;
  config.class_name = known(std::string(class_name), source);
  config.layers = known(layers, source);
  config.heads = known(heads, source);
  config.head_dim = known(head_dim, source);
  config.hidden = known(heads * head_dim, source);
  config.in_channels = known(in_channels, source);
  return config;
}

Checkpoint checkpoint(std::vector<CheckpointPart> parts, const std::string& folder = "/m") {
  Checkpoint checkpoint;
  checkpoint.folder = known(folder, folder);
  checkpoint.pipeline = checkpoint.name = absent<std::string>(folder);
  checkpoint.parts = std::move(parts);
  return checkpoint;
}

/// Wan 14B for text or image, as diffusers keeps it.
std::vector<CheckpointPart> wan_14b(std::int64_t params, std::int64_t in_channels, const char* dtype = "bf16") {
  std::vector<CheckpointPart> parts = {part("text_encoder", 5'680'910'336, "bf16", 2),
                                       part("transformer", params, dtype, 2), part("vae", 126'892'531, "fp32", 4)};
  parts[1].config = config("WanTransformer3DModel", 40, 40, 128, in_channels);
  return parts;
}
constexpr std::int64_t k_wan_t2v_params = 14'288'491'584;
constexpr std::int64_t k_wan_i2v_params = 16'394'878'784;

Fact<std::string> model(const char* id) { return known(std::string(id), "--model"); }

std::string refusal(Checkpoint checkpoint, const Fact<std::string>& model = {}) {
  const auto fitted = fit_checkpoint(std::move(checkpoint), model, knowledge());
  return fitted ? "" : to_string(fitted.error());
}

TEST(ModelOnDisk, PartsAreToldByTheirPaths) {
  const std::map<std::string, std::string> components = {{"transformer_2", "transformer"},
                                                         {"high_noise_model", "transformer"},
                                                         {"unet", "transformer"},
                                                         {"models_t5_umt5-xxl-enc-bf16.pth", "text_encoder"},
                                                         {"image_encoder", "text_encoder"},
                                                         {"Wan2.1_VAE.pth", "vae"},
                                                         {"ae.safetensors", "vae"},
                                                         {"audio_vae", "other"},
                                                         {"notes.bin", "other"}};
  for (const auto& [path, component] : components)
    EXPECT_EQ(component_of(pickle(path, 1), knowledge()), component) << path;
  CheckpointPart classed = pickle("model.safetensors", 1);
  classed.config.class_name = known(std::string("FluxTransformer2DModel"), "/m");
  EXPECT_EQ(component_of(classed, knowledge()), "transformer");
}

TEST(ModelOnDisk, WithoutANameTheModelIsToldByItsShape) {
  const auto fitted = fit_checkpoint(checkpoint(wan_14b(k_wan_t2v_params, 16)), {}, knowledge());
  ASSERT_TRUE(fitted) << to_string(fitted.error());
  EXPECT_EQ(fitted->card.id, "wan2.1-t2v-14b");
  EXPECT_TRUE(fitted->differences.empty());
  EXPECT_EQ(fitted->card.checkpoint_dtype, "bf16") << "the card says fp32";
  EXPECT_EQ(fitted->card.on_disk.at("transformer").params, k_wan_t2v_params);
  EXPECT_EQ(fitted->card.on_disk.at("vae").dtype, "fp32");
  EXPECT_EQ(fitted->card.on_disk.at("text_encoder").disk_bytes, 2 * 5'680'910'336);
  EXPECT_THAT(fitted->card.origin, HasSubstr("/m (data/models/wan.json"));
}

TEST(ModelOnDisk, TwoExpertsAreAnotherModelThanOne) {
  std::vector<CheckpointPart> parts = wan_14b(k_wan_t2v_params, 16);
  parts.push_back(parts[1]);
  parts.back().path = known(std::string("transformer_2"), "/m");
  const auto fitted = fit_checkpoint(checkpoint(parts), {}, knowledge());
  ASSERT_TRUE(fitted) << to_string(fitted.error());
  EXPECT_EQ(fitted->card.id, "wan2.2-t2v-a14b");
  EXPECT_EQ(fitted->card.params, k_wan_t2v_params) << "of one expert";
  EXPECT_EQ(fitted->card.on_disk.at("transformer").params, 2 * k_wan_t2v_params);
  EXPECT_EQ(fitted->card.on_disk.at("transformer").parts, 2);
  EXPECT_THAT(refusal(checkpoint(wan_14b(k_wan_t2v_params, 16)), model("wan2.2-t2v-a14b")),
              HasSubstr("holds 1 of the transformers of wan2.2-t2v-a14b; expected 2; it is what wan2.1-t2v-14b is"));
}

TEST(ModelOnDisk, WhatFitsSeveralModelsNeedsAName) {
  EXPECT_THAT(refusal(checkpoint(wan_14b(k_wan_i2v_params, 36))),
              HasSubstr("fits wan2.1-i2v-14b-480p and wan2.1-i2v-14b-720p alike; expected one of them with --model"));
  const auto cached = fit_checkpoint(
      checkpoint(wan_14b(k_wan_i2v_params, 36), "/hub/models--Wan-AI--Wan2.1-I2V-14B-720P-Diffusers/snapshots/1"), {},
      knowledge());
  ASSERT_TRUE(cached) << to_string(cached.error());
  EXPECT_EQ(cached->card.id, "wan2.1-i2v-14b-720p");
}

TEST(ModelOnDisk, ThePipelineTellsWhatOneTransformerIsUsedFor) {
  CheckpointPart transformer = part("transformer", 610'856'096, "fp16", 2);
  transformer.config = config("PixArtTransformer2DModel", 28, 16, 72, 4);
  Checkpoint folder = checkpoint({transformer});
  EXPECT_THAT(refusal(folder), HasSubstr("fits pixart-alpha-xl-2-1024 and pixart-sigma-xl-2-1024 alike"));
  folder.pipeline = known(std::string("PixArtSigmaPipeline"), "model_index.json");
  const auto fitted = fit_checkpoint(folder, {}, knowledge());
  ASSERT_TRUE(fitted) << to_string(fitted.error());
  EXPECT_EQ(fitted->card.id, "pixart-sigma-xl-2-1024");
}

TEST(ModelOnDisk, WhatContradictsTheNamedModelIsRefused) {
  EXPECT_THAT(refusal(checkpoint(wan_14b(k_wan_t2v_params, 16)), model("wan2.1-t2v-1.3b")),
              HasSubstr("transformer is WanTransformer3DModel with 40 layers, 40 heads of 128, 16 input channels, "
                        "14288491584 parameters; expected wan2.1-t2v-1.3b (30 layers, 12 heads of 128"));
  EXPECT_THAT(refusal(checkpoint(wan_14b(k_wan_t2v_params, 16)), model("flux.1-dev")),
              HasSubstr("it is what wan2.1-t2v-14b is"));
  EXPECT_THAT(refusal(checkpoint({part("model.safetensors", 100, "bf16", 2)}), model("flux.1-dev")),
              HasSubstr("holds 100 parameters, and no config.json says what it is"));
}

TEST(ModelOnDisk, WhatNoModelIsIsSaid) {
  std::vector<CheckpointPart> parts = wan_14b(1'000'000'000, 16);
  parts[1].config = config("WanTransformer3DModel", 20, 10, 128, 16);
  EXPECT_THAT(refusal(checkpoint(parts)), HasSubstr("which no known model is; the nearest is wan2.1-t2v-1.3b"));
  parts[1].config.class_name = known(std::string("MyModel"), "/m");
  EXPECT_THAT(refusal(checkpoint(parts)), HasSubstr("MyModel with 20 layers"));
  EXPECT_THAT(refusal(checkpoint({pickle("dit.pth", 9)})), HasSubstr("expected the model with --model"));
  EXPECT_THAT(refusal(checkpoint({pickle("a.pth", 9), pickle("b.pth", 9)})), HasSubstr("holds no transformer"));
  EXPECT_THAT(refusal(checkpoint({part("transformer_a", 5, "bf16", 2), part("transformer_b", 6, "bf16", 2)})),
              HasSubstr("holds several models: transformer_a, transformer_b"));
}

TEST(ModelOnDisk, APrunedModelKeepsItsNameAndIsReported) {
  std::vector<CheckpointPart> parts = wan_14b(10'000'000'000, 16, "fp8");
  parts[1].config.layers = known<std::int64_t>(28, "/m/transformer/config.json");
  Request request;
  request.model = model("wan2.1-t2v-14b");
  auto fitted = fit_checkpoint(checkpoint(parts), request.model, knowledge());
  ASSERT_TRUE(fitted) << to_string(fitted.error());
  EXPECT_EQ(fitted->card.layers, 28);
  EXPECT_EQ(fitted->card.params, 10'000'000'000);
  EXPECT_EQ(fitted->card.checkpoint_dtype, "fp8");
  ASSERT_EQ(fitted->differences.size(), 2U);
  request.on_disk = std::make_shared<const ModelOnDisk>(*std::move(fitted));
  const Diagnosis diagnosis = diagnose(Snapshot(), request, knowledge(), false);
  const auto found = std::find_if(diagnosis.findings.begin(), diagnosis.findings.end(),
                                  [](const Finding& finding) { return finding.id == "checkpoint-differs"; });
  ASSERT_NE(found, diagnosis.findings.end());
  EXPECT_THAT(found->why.english,
              HasSubstr("layers: 28 instead of 40; parameters: 10000000000 instead of 14288491584"));
  EXPECT_EQ(found->evidence.size(), 2U);
}

TEST(ModelOnDisk, AMixUpOfVariantsNamesTheOther) {
  const auto fitted =
      fit_checkpoint(checkpoint(wan_14b(k_wan_t2v_params, 16)), model("wan2.1-i2v-14b-480p"), knowledge());
  ASSERT_TRUE(fitted) << to_string(fitted.error());
  EXPECT_EQ(fitted->fits, "wan2.1-t2v-14b");
  EXPECT_FALSE(fitted->differences.empty());
}

TEST(ModelOnDisk, EveryCardFitsItself) {
  for (const ModelCard& card : knowledge().models) {
    if (card.classes.empty()) continue;
    std::vector<CheckpointPart> parts;
    for (std::int64_t expert = 0; expert < card.experts; ++expert) {
      parts.push_back(part(expert == 0 ? "transformer" : "transformer_2", card.params, "bf16", 2));
      parts.back().config.class_name = known(card.classes.front(), "/m");
      if (card.layers) parts.back().config.layers = known(*card.layers, "/m");
      if (card.heads) parts.back().config.heads = known(*card.heads, "/m");
      if (card.in_channels) parts.back().config.in_channels = known(*card.in_channels, "/m");
    }
    const auto fitted = fit_checkpoint(checkpoint(parts, "/models/" + card.name), {}, knowledge());
    ASSERT_TRUE(fitted) << card.id << ": " << to_string(fitted.error());
    EXPECT_EQ(fitted->card.id, card.id);
    EXPECT_TRUE(fitted->differences.empty()) << card.id;
  }
}

TEST(ModelOnDisk, TheCaseIsJudgedByWhatIsOnDisk) {
  Request request;
  auto fitted = fit_checkpoint(checkpoint(wan_14b(k_wan_t2v_params, 16)), {}, knowledge());
  ASSERT_TRUE(fitted);
  request.model = model("wan2.1-t2v-14b");
  request.on_disk = std::make_shared<const ModelOnDisk>(*std::move(fitted));
  const Snapshot machine;
  const JudgedCase judged = judge_case(knowledge(), machine, request, facts_of(machine));
  EXPECT_EQ(judged.model->checkpoint_dtype, "bf16");
  request.model = model("flux.1-dev");
  EXPECT_EQ(judge_case(knowledge(), machine, request, facts_of(machine)).model->id, "flux.1-dev")
      << "another model in the table of the catalogue";
}

}  // namespace
}  // namespace diffcheck
