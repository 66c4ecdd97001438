#include "probe/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/checkpoint_files.h"
#include "tests/safetensors_builder.h"
#include "tests/tree.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* k_config =
    R"({"_class_name": "WanTransformer3DModel", "num_layers": 30, "num_attention_heads": 12,
  "attention_head_dim": 128, "ffn_dim": 8960, "in_channels": 16, "patch_size": [1, 2, 2], "image_dim": null})";

std::string weights(const char* dtype = "BF16", std::int64_t bits = 16, std::int64_t elements = 100) {
  return SafetensorsBuilder().tensor("w", dtype, bits, {elements}).build();
}

Checkpoint read(const TemporaryTree& tree, const std::string& path = "/m") {
  auto checkpoint = read_checkpoint(tree.system(), path);
  EXPECT_TRUE(checkpoint) << to_string(checkpoint.error());
  return checkpoint ? *std::move(checkpoint) : Checkpoint();
}

std::string refusal(const TemporaryTree& tree, const std::string& path = "/m") {
  const auto checkpoint = read_checkpoint(tree.system(), path);
  return checkpoint ? "" : to_string(checkpoint.error());
}

std::vector<std::string> paths(const Checkpoint& checkpoint) {
  std::vector<std::string> paths;
  for (const CheckpointPart& part : checkpoint.parts) paths.push_back(part.path.value());
  return paths;
}

TEST(Checkpoint, DiffusersLayoutIsReadByItsIndex) {
  TemporaryTree tree;
  tree.file("/m/model_index.json", R"({"_class_name": "WanPipeline", "_diffusers_version": "0.34", "boundary": 0.9,
      "transformer": ["diffusers", "WanTransformer3DModel"], "vae": ["diffusers", "AutoencoderKLWan"],
      "text_encoder": ["transformers", "UMT5EncoderModel"], "scheduler": ["diffusers", "UniPC"]})")
      .file("/m/transformer/config.json", k_config)
      .file("/m/transformer/diffusion_pytorch_model.safetensors.index.json",
            R"({"metadata": {"total_size": 4}, "weight_map": {
              "a": "diffusion_pytorch_model-00001-of-00002.safetensors",
              "b": "diffusion_pytorch_model-00002-of-00002.safetensors"}})")
      .file("/m/transformer/diffusion_pytorch_model-00001-of-00002.safetensors", weights())
      .file("/m/transformer/diffusion_pytorch_model-00002-of-00002.safetensors", weights("F32", 32, 10))
      .file("/m/transformer/left_over.safetensors.part", "x")
      .file("/m/text_encoder/model.safetensors", weights())
      .file("/m/text_encoder/pytorch_model.bin", "the same again")
      .file("/m/vae/diffusion_pytorch_model.safetensors", weights("F32", 32, 7))
      .file("/m/vae/diffusion_pytorch_model.fp16.safetensors", weights("F16", 16, 7))
      .file("/m/original/flux.safetensors", weights())
      .file("/m/root.safetensors", weights())
      .file("/m/scheduler/scheduler_config.json", "{}");
  const Checkpoint checkpoint = read(tree);
  EXPECT_EQ(checkpoint.pipeline.value(), "WanPipeline");
  ASSERT_THAT(paths(checkpoint), ElementsAre("text_encoder", "transformer", "vae"));
  const CheckpointPart& transformer = checkpoint.parts[1];
  EXPECT_EQ(transformer.files.value(), 2);
  EXPECT_EQ(transformer.params.value(), 110);
  EXPECT_EQ(transformer.tensor_bytes.value().count, 240);
  EXPECT_GT(transformer.disk_bytes.value().count, 240);
  EXPECT_EQ(transformer.dtype.value(), "bf16");
  EXPECT_EQ(transformer.dtypes.at("fp32").value(), 10);
  EXPECT_EQ(transformer.config.class_name.value(), "WanTransformer3DModel");
  EXPECT_EQ(transformer.config.layers.value(), 30);
  EXPECT_EQ(transformer.config.hidden.value(), 1536);
  EXPECT_EQ(transformer.config.patch.value(), "1x2x2");
  EXPECT_TRUE(transformer.config.quantization.is_absent());
  EXPECT_EQ(checkpoint.parts[2].dtype.value(), "fp32");
  EXPECT_TRUE(checkpoint.parts[2].config.layers.is_unset());
}

TEST(Checkpoint, OriginalRepositoriesKeepTheirPartsSideBySide) {
  TemporaryTree tree;
  tree.file(
          "/m/config.json",
          R"({"_class_name": "WanModel", "dim": 1536, "ffn_dim": 8960, "in_dim": 16, "num_heads": 12, "num_layers": 30})")
      .file("/m/diffusion_pytorch_model.safetensors", weights("F32", 32))
      .file("/m/models_t5_umt5-xxl-enc-bf16.pth", "pickle")
      .file("/m/Wan2.1_VAE.pth", "pickle")
      .file("/m/assets/picture.png", "x")
      .file("/m/google/umt5-xxl/tokenizer.json", "{}");
  const Checkpoint checkpoint = read(tree, "/m/");
  ASSERT_THAT(paths(checkpoint),
              ElementsAre("Wan2.1_VAE.pth", "diffusion_pytorch_model.safetensors", "models_t5_umt5-xxl-enc-bf16.pth"));
  EXPECT_TRUE(checkpoint.pipeline.is_absent());
  EXPECT_TRUE(checkpoint.parts[0].params.is_unknown());
  EXPECT_THAT(checkpoint.parts[0].params.why(), HasSubstr("never opened"));
  EXPECT_EQ(checkpoint.parts[0].disk_bytes.value().count, 6);
  EXPECT_EQ(checkpoint.parts[1].config.head_dim.value(), 128);
  EXPECT_EQ(checkpoint.parts[1].config.in_channels.value(), 16);
}

TEST(Checkpoint, ASingleFileAndTheCacheOfOneModelAreCheckpointsToo) {
  TemporaryTree tree;
  tree.file("/hub/models--a--b/blobs/1234", weights())
      .link("/hub/models--a--b/snapshots/abc/model.safetensors", "../../blobs/1234")
      .file("/one/flux.safetensors", weights())
      .file("/one/readme.md", "x");
  EXPECT_THAT(paths(read(tree, "/hub/models--a--b")), ElementsAre("model.safetensors"));
  EXPECT_EQ(read(tree, "/one/flux.safetensors").parts.front().params.value(), 100);
  EXPECT_THAT(refusal(tree, "/one/readme.md"), HasSubstr("no weight file"));
  tree.directory("/hub/models--a--b/snapshots/def");
  EXPECT_THAT(refusal(tree, "/hub/models--a--b"), HasSubstr("holds 2 versions"));
}

TEST(Checkpoint, PackedWeightsHaveNoCountOfParameters) {
  TemporaryTree tree;
  tree.file("/m/transformer/config.json",
            R"({"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": true}, "num_layers": 2})")
      .file("/m/transformer/model.safetensors",
            SafetensorsBuilder().tensor("w", "U8", 8, {50}).tensor("scale", "F32", 32, {2}).build())
      .file("/m/small/model.safetensors",
            SafetensorsBuilder().tensor("ids", "I64", 64, {1}).tensor("w", "F8_E4M3", 8, {2'000}).build());
  const Checkpoint checkpoint = read(tree);
  EXPECT_EQ(checkpoint.parts[0].params.value(), 2'000);
  EXPECT_EQ(checkpoint.parts[0].dtype.value(), "fp8");
  EXPECT_TRUE(checkpoint.parts[1].params.is_unknown());
  EXPECT_EQ(checkpoint.parts[1].dtype.value(), "u8");
  EXPECT_EQ(checkpoint.parts[1].config.quantization.value(), "bitsandbytes 4bit");
}

TEST(Checkpoint, AnIncompleteDownloadIsNamed) {
  TemporaryTree shards;
  shards.file("/m/a-00001-of-00003.safetensors", weights()).file("/m/a-00003-of-00003.safetensors", weights());
  EXPECT_EQ(refusal(shards), "/m: lacks shard 2 of 3 of 'a', which is not there; expected a complete download");
  TemporaryTree index;
  index.file("/m/a.safetensors.index.json", R"({"weight_map": {"w": "a-00001-of-00001.safetensors"}})");
  EXPECT_THAT(refusal(index), HasSubstr("names 'a-00001-of-00001.safetensors', which is not there"));
  TemporaryTree pointer;
  pointer.file("/m/a.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n");
  EXPECT_THAT(refusal(pointer), HasSubstr("/m/a.safetensors: is a git-lfs pointer"));
  TemporaryTree empty;
  empty.directory("/m/transformer");
  EXPECT_THAT(refusal(empty), HasSubstr("holds no weights"));
  EXPECT_THAT(refusal(empty, "/nowhere"), HasSubstr("/nowhere"));
}

TEST(Checkpoint, OneMessageNamesWhatIsWrongWithAFile) {
  const auto with = [](const std::string& name, const std::string& text) {
    TemporaryTree tree;
    tree.file("/m/transformer/model.safetensors", weights()).file("/m/transformer/" + name, text);
    return refusal(tree);
  };
  EXPECT_EQ(with("config.json", R"({"num_layers": "thirty"})"),
            "/m/transformer/config.json: num_layers: expected a whole number from 1 to 1000000, not '\"thirty\"'");
  for (const char* config :
       {"[]", "{", R"({"num_layers": 0})", R"({"num_layers": -1})", R"({"num_heads": 1.5})",
        R"({"dim": 18446744073709551615})", R"({"_class_name": 7})", R"({"patch_size": []})",
        R"({"patch_size": [1, "2"]})", R"({"num_layers": 1e999})", R"({"quantization_config": "nf4"})"})
    EXPECT_THAT(with("config.json", config), HasSubstr("/m/transformer/config.json: ")) << config;
  EXPECT_THAT(with("config.json", R"({"a":)" + std::string(100'000, '[')), HasSubstr("nested deeper"));
  for (const char* index : {"{}", R"({"weight_map": []})", R"({"weight_map": {"w": 1}})",
                            R"({"weight_map": {"w": "../model.safetensors"}})", R"({"weight_map": {"w": "x.txt"}})"})
    EXPECT_THAT(with("model.safetensors.index.json", index), HasSubstr("weight_map")) << index;
  EXPECT_THAT(with("model.safetensors", "12345678{"), HasSubstr("model.safetensors: says that its header"));
  EXPECT_THAT(with("../model_index.json", R"({"_class_name": 7})"), HasSubstr("_class_name: expected text"));
}

TEST(Checkpoint, WhatIsOddButHarmlessIsUnknown) {
  TemporaryTree tree;
  tree.file("/m/unet/config.json",
            R"({"_class_name": "UNet2DConditionModel", "attention_head_dim": [5, 10, 20], "num_heads": null})")
      .file("/m/unet/model.safetensors", weights())
      .file("/m/text/config.json", R"({"d_model": 512, "num_heads": 6, "architectures": ["MT5EncoderModel"]})")
      .file("/m/text/model.safetensors", weights());
  const Checkpoint checkpoint = read(tree);
  EXPECT_TRUE(checkpoint.parts[1].config.head_dim.is_unknown());
  EXPECT_TRUE(checkpoint.parts[0].config.head_dim.is_unknown());
  EXPECT_EQ(checkpoint.parts[0].config.class_name.value(), "MT5EncoderModel");
}

TEST(CheckpointConfig, LayersOfAllKindsAreCounted) {
  EXPECT_EQ(parse_checkpoint_config(R"({"num_layers": 19, "num_single_layers": 38})", "f")->layers.value(), 57);
  EXPECT_EQ(parse_checkpoint_config(R"({"n_layers": 30, "n_refiner_layers": 2})", "f")->layers.value(), 34);
}

TEST(Checkpoint, LoopsAndDeepFoldersEnd) {
  TemporaryTree tree;
  tree.file("/m/model.safetensors", weights()).link("/m/again", ".").file("/m/1/2/3/4/5/deep.safetensors", weights());
  EXPECT_GE(read(tree).parts.size(), 1U);
}

TEST(Checkpoint, AFolderOfEverythingIsNoCheckpoint) {
  TemporaryTree tree;
  for (int i = 0; i < 300; ++i) tree.directory("/m/" + std::to_string(i));
  EXPECT_EQ(refusal(tree), "/m: has more than 256 folders; expected the folder of one model");
}

TEST(WeightFiles, ShardsVariantsAndPicklesAreTakenTogether) {
  const auto stems = [](std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    std::vector<std::string> found;
    const auto groups = group_weight_files(names, {}, "/m");
    EXPECT_TRUE(groups);
    for (const WeightFiles& files : *groups) found.push_back(files.stem + ":" + std::to_string(files.names.size()));
    return found;
  };
  EXPECT_THAT(stems({"a-00001-of-00002.safetensors", "a-00002-of-00002.safetensors", "b.pth"}),
              ElementsAre("a:2", "b:1"));
  EXPECT_THAT(stems({"model.fp16-00001-of-00002.safetensors", "model.fp16-00002-of-00002.safetensors"}),
              ElementsAre("model.fp16:2"));
  EXPECT_THAT(stems({"model-00001-of-00001.fp16.safetensors", "model.safetensors"}), ElementsAre("model:1"));
  EXPECT_THAT(stems({"pytorch_model.bin", "model.safetensors"}), ElementsAre("model:1"));
  EXPECT_THAT(stems({"pytorch_model.bin", "model.fp16.safetensors"}), ElementsAre("model.fp16:1", "pytorch_model:1"));
  EXPECT_THAT(stems({"x-of-y.gguf", "-1-of-2.pt", ".hidden.pth", "a.txt"}), ElementsAre("-1-of-2:1", "x-of-y:1"));
}

}  // namespace
}  // namespace diffcheck
