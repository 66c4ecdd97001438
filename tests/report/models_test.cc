#include "report/models.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/model_name.h"
#include "report/model_summary.h"
#include "tests/report/example.h"
#include "tests/report/golden.h"

namespace diffcheck {
namespace {

/// The parsed form: report/json_parts.h has an ordered one of the same name.
using ParsedJson = nlohmann::json;

Style style(Language language) {
  Style style;
  style.language = language;
  return style;
}

const ModelCard& card(const char* id) { return *find_entry(built_in_knowledge().models, id); }

CheckpointPart part(const std::string& path, std::int64_t params, std::int64_t bytes) {
  CheckpointPart part;
  part.path = known(path, "/m");
  part.files = known<std::int64_t>(1, "/m");
  part.disk_bytes = part.tensor_bytes = known(Bytes{bytes}, "/m");
  part.tensors = known<std::int64_t>(2, "/m");
  part.params = known(params, "/m");
  part.dtype = known(std::string("bf16"), "/m");
  part.dtypes["bf16"] = part.params;
  part.dtypes["fp32"] = known<std::int64_t>(1, "/m");
  return part;
}

/// CogVideoX-5B with two blocks left out and its encoder as a pickle.
ModelOnDisk pruned_example() {
  Checkpoint checkpoint;
  checkpoint.folder = known(std::string("/models/pruned"), "/models/pruned");
  checkpoint.pipeline = known(std::string("CogVideoXPipeline"), "model_index.json");
  checkpoint.name = absent<std::string>("model_index.json");
  checkpoint.disk_bytes = known(Bytes{20'000'000'000}, "/models/pruned");
  CheckpointPart encoder = part("text_encoder", 0, 9'524'621'312);
  encoder.params =
      unknown<std::int64_t>("pytorch_model.bin", "a pickle, which is never opened: only its size is known");
  encoder.dtype = unknown<std::string>(encoder.params.source(), encoder.params.why());
  encoder.dtypes.clear();
  CheckpointPart transformer = part("transformer", 5'305'000'000, 10'610'000'000);
  transformer.config.class_name = known(std::string("CogVideoXTransformer3DModel"), "config.json");
  transformer.config.layers = known<std::int64_t>(40, "config.json");
  checkpoint.parts = {std::move(encoder), std::move(transformer), part("vae", 215'583'907, 431'200'000)};
  auto fitted =
      fit_checkpoint(std::move(checkpoint), known(std::string("cogvideox-5b"), "--model"), built_in_knowledge());
  EXPECT_TRUE(fitted) << to_string(fitted.error());
  return *std::move(fitted);
}

TEST(ModelsTest, OneModelIsExplained) {
  for (const auto& [name, language] : {std::pair("en", Language::english), std::pair("zh", Language::chinese)}) {
    const std::string text =
        model_text(card("wan2.2-i2v-a14b"), nullptr, built_in_knowledge(), words_in(language), style(language));
    expect_golden(std::string("models.two-experts.") + name + ".txt", text);
  }
  expect_golden("models.two-experts.json",
                model_json(card("wan2.2-i2v-a14b"), nullptr, built_in_knowledge(), Language::english));
}

TEST(ModelsTest, ACheckpointIsShownBesideItsCard) {
  const ModelOnDisk pruned = pruned_example();
  for (const auto& [name, language] : {std::pair("en", Language::english), std::pair("zh", Language::chinese)}) {
    const std::string text =
        model_text(pruned.card, &pruned, built_in_knowledge(), words_in(language), style(language));
    expect_golden(std::string("models.on-disk.") + name + ".txt", text);
  }
  expect_golden("models.on-disk.json", model_json(pruned.card, &pruned, built_in_knowledge(), Language::english));
}

TEST(ModelsTest, EveryModelIsListedAndExplainedInBothLanguages) {
  const Knowledge& knowledge = built_in_knowledge();
  const std::string table = models_text(knowledge, words_in(Language::english), style(Language::english));
  for (const ModelCard& each : knowledge.models) {
    EXPECT_NE(table.find(each.id), std::string::npos);
    for (const Language language : {Language::english, Language::chinese}) {
      const std::string text = model_text(each, nullptr, knowledge, words_in(language), style(language));
      EXPECT_EQ(text.find("models."), std::string::npos) << "a text is missing: " << text;
      EXPECT_EQ(text.find("column."), std::string::npos) << "a text is missing: " << text;
    }
  }
  EXPECT_EQ(ParsedJson::parse(models_json(knowledge))["models"].size(), knowledge.models.size());
}

TEST(ModelsTest, TokensAreThoseOfTheReference) {
  const auto tokens = [](const char* id) { return summary_of(card(id), built_in_knowledge()).tokens.total; };
  EXPECT_EQ(tokens("wan2.1-t2v-1.3b"), 32'760);
  EXPECT_EQ(tokens("cogvideox-5b"), 17'776);
  EXPECT_EQ(tokens("cogvideox1.5-5b"), 45'106);
  EXPECT_EQ(tokens("hunyuanvideo"), 119'056);
  EXPECT_EQ(tokens("ltx-video-13b"), 13'376);
  EXPECT_EQ(tokens("flux.1-dev"), 4'608);
  EXPECT_EQ(tokens("latentsync-1.6"), 4'096);
}

TEST(ModelsTest, PartsAreInTheTypeThatTheyAreStoredIn) {
  const ModelSummary wan = summary_of(card("wan2.2-t2v-a14b"), built_in_knowledge());
  EXPECT_EQ(wan.parts.front().stored_bytes, 2 * 4 * std::int64_t{14'288'491'584}) << "two experts in fp32";
  EXPECT_EQ(wan.parts.front().compute_bytes, 2 * 2 * std::int64_t{14'288'491'584});
  ASSERT_TRUE(wan.stored_bytes);
  EXPECT_NEAR(static_cast<double>(*wan.stored_bytes), 122e9, 4.5e9) << "published as 118 to 126 GB";
  Knowledge knowledge = built_in_knowledge();
  for (Vae& vae : knowledge.vaes) vae.params.reset();
  const ModelSummary mochi = summary_of(card("mochi-1"), knowledge);
  EXPECT_FALSE(mochi.stored_bytes) << "nobody tells the size of its VAE";
  EXPECT_GT(mochi.known_stored_bytes, 0);
}

TEST(ModelsTest, NamesAreFoundWhateverTheirCase) {
  EXPECT_EQ((*model_called("wan-ai/wan2.1-t2v-1.3b", built_in_knowledge()))->id, "wan2.1-t2v-1.3b");
  const auto unknown = model_called("wan2.1-t2v-1.4b", built_in_knowledge());
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().kind, Error::Kind::invalid);
  EXPECT_NE(unknown.error().what.find("wan2.1-t2v-1.3b"), std::string::npos);
}

}  // namespace
}  // namespace diffcheck
