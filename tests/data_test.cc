// The knowledge in data/: every file matches the schema of its kind, and the tables agree with each other and with the
// formulae that they state.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#include <vector>

#include "probe/compute_capability.h"
#include "probe/version.h"

namespace diffcheck {
namespace {

using nlohmann::json;
using JsonAdapter = valijson::adapters::NlohmannJsonAdapter;
namespace fs = std::filesystem;

struct DataFile {
  std::string name;  ///< Relative to data/.
  std::string text;
  json document;
};

std::string read_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::vector<DataFile> read_data_files() {
  const fs::path root = DIFFCHECK_DATA_DIR;
  std::vector<DataFile> files;
  for (const auto& item : fs::recursive_directory_iterator(root)) {
    const std::string name = fs::relative(item.path(), root).generic_string();
    if (item.path().extension() != ".json" || name.starts_with("schema/")) continue;
    std::string text = read_text(item.path());
    json document = json::parse(text, nullptr, false);
    files.push_back({name, std::move(text), std::move(document)});
  }
  std::sort(files.begin(), files.end(), [](const DataFile& a, const DataFile& b) { return a.name < b.name; });
  return files;
}

/// The entries of one kind, over all files.
std::vector<json> entries_of(std::string_view kind) {
  std::vector<json> entries;
  for (const DataFile& file : read_data_files()) {
    if (file.document.value("kind", "") != kind) continue;
    for (const json& entry : file.document["entries"]) entries.push_back(entry);
  }
  return entries;
}

std::map<std::string, json> entries_by_id(std::string_view kind) {
  std::map<std::string, json> found;
  for (const json& entry : entries_of(kind)) found.emplace(entry["id"].get<std::string>(), entry);
  return found;
}

/// What the schema of the document's kind objects to; empty where all is well.
std::string schema_complaints(const json& document) {
  const std::string kind = document.value("kind", "");
  const fs::path path = fs::path(DIFFCHECK_DATA_DIR) / "schema" / (kind + ".json");
  const json schema_document = json::parse(read_text(path), nullptr, false);
  if (schema_document.is_discarded()) return "no readable schema for the kind '" + kind + "'";

  valijson::Schema schema;
  valijson::SchemaParser(valijson::SchemaParser::kDraft7).populateSchema(JsonAdapter(schema_document), schema);
  valijson::ValidationResults results;
  if (valijson::Validator().validate(schema, JsonAdapter(document), &results)) return "";

  std::string complaints;
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    for (const std::string& step : error.context) complaints += step;
    complaints += ": " + error.description + "\n";
  }
  return complaints;
}

/// How people type a name: case, spaces, hyphens and underscores do not count.
std::string fold(std::string_view name) {
  std::string folded;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_') continue;
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return folded;
}

TEST(DataTest, EveryFileMatchesTheSchemaOfItsKind) {
  const std::vector<DataFile> files = read_data_files();
  ASSERT_FALSE(files.empty()) << "nothing below " << DIFFCHECK_DATA_DIR;
  for (const DataFile& file : files) {
    ASSERT_FALSE(file.document.is_discarded()) << file.name << " is no JSON";
    EXPECT_EQ(schema_complaints(file.document), "") << file.name;
  }
}

TEST(DataTest, EverySchemaRefusesAnEntryWithoutIdAndOneWithAFieldTooMany) {
  for (const DataFile& file : read_data_files()) {
    json without_id = file.document;
    without_id["entries"][0].erase("id");
    EXPECT_NE(schema_complaints(without_id), "") << file.name;
    json with_stranger = file.document;
    with_stranger["entries"][0]["no-such-field"] = 1;
    EXPECT_NE(schema_complaints(with_stranger), "") << file.name;
  }
}

TEST(DataTest, EveryFileIsCleanText) {
  for (const DataFile& file : read_data_files()) {
    EXPECT_TRUE(file.text.ends_with("}\n")) << file.name << " does not end in one newline";
    EXPECT_EQ(file.text.find_first_of("\r\t"), std::string::npos) << file.name << " holds a tab or carriage return";
    EXPECT_EQ(file.text.find(" \n"), std::string::npos) << file.name << " holds a space at the end of a line";
  }
}

TEST(DataTest, EveryEntrySaysWhyItIsThereAndWhereItComesFrom) {
  for (const DataFile& file : read_data_files()) {
    for (const json& entry : file.document["entries"]) {
      for (const char* field : {"reason", "source", "checked"}) {
        EXPECT_NE(entry.value(field, ""), "") << file.name << " " << entry.value("id", "") << " " << field;
      }
    }
  }
}

TEST(DataTest, AnIdNamesOneEntryOfItsKind) {
  std::map<std::string, std::string> owners;
  for (const DataFile& file : read_data_files()) {
    for (const json& entry : file.document["entries"]) {
      const std::string key = file.document["kind"].get<std::string>() + " " + entry.value("id", "");
      const auto [owner, added] = owners.emplace(key, file.name);
      EXPECT_TRUE(added) << key << " in " << file.name << " and " << owner->second;
    }
  }
}

TEST(DataTest, AnAliasNamesOneEntryOfItsKind) {
  std::map<std::string, std::string> owners;
  for (const DataFile& file : read_data_files()) {
    const std::string kind = file.document["kind"];
    for (const json& entry : file.document["entries"]) {
      const std::string id = entry.value("id", "");
      std::vector<std::string> names = entry.value("aliases", std::vector<std::string>{});
      names.push_back(id);
      for (const std::string& name : names) {
        const auto [owner, added] = owners.emplace(kind + " " + fold(name), id);
        EXPECT_EQ(owner->second, id) << kind << " alias '" << name << "'";
      }
    }
  }
}

TEST(DataTest, ModelsNameEncodersAndVaesThatExistAndShareTheirStrides) {
  const auto encoders = entries_by_id("text-encoders");
  const auto vaes = entries_by_id("vaes");
  const std::vector<json> models = entries_of("models");
  EXPECT_GE(models.size(), 39U);
  for (const json& model : models) {
    const std::string id = model["id"];
    for (const json& encoder : model["text_encoders"]) EXPECT_TRUE(encoders.contains(encoder["id"])) << id;
    const auto vae = vaes.find(model["vae"].get<std::string>());
    ASSERT_NE(vae, vaes.end()) << id;
    EXPECT_EQ(vae->second["spatial"], model["token_grid"]["spatial"]) << id;
    EXPECT_EQ(vae->second["temporal"], model["token_grid"]["temporal"]) << id;
  }
}

// Tensor rates follow from SM count, clock and width. Cards whose rate the vendor limits carry no width.
TEST(DataTest, TensorRatesFollowFromSmCountAndClock) {
  constexpr double k_tolerance = 0.02;
  int checked = 0;
  for (const json& gpu : entries_of("gpus")) {
    const json& rate = gpu["fp16_dense_tflops"];
    const json& width = gpu["tensor_flops_per_clock_per_sm"];
    if (rate.is_null() || width.is_null() || gpu["sm_count"].is_null() || gpu["boost_mhz"].is_null()) continue;
    const double formula = gpu["sm_count"].get<double>() * gpu["boost_mhz"].get<double>() * width.get<double>() / 1e6;
    EXPECT_NEAR(rate.get<double>() / formula, 1.0, k_tolerance) << gpu["id"];
    ++checked;
  }
  EXPECT_GE(checked, 63);
}

std::int64_t attention_tokens(const json& model) {
  const json& grid = model["token_grid"];
  const json& job = model["defaults"];
  const auto at = [](const json& object, const char* key) { return object[key].get<std::int64_t>(); };
  const auto patch = grid["patch"].get<std::vector<std::int64_t>>();
  const std::int64_t latent_frames = (at(job, "frames") - 1) / at(grid, "temporal") + 1;
  const std::int64_t frames = (latent_frames + patch[0] - 1) / patch[0];
  const std::int64_t rows = at(job, "height") / (at(grid, "spatial") * patch[1]);
  const std::int64_t columns = at(job, "width") / (at(grid, "spatial") * patch[2]);
  const bool per_frame = grid["frames_in_batch"].get<bool>();
  const std::int64_t visual = (per_frame ? 1 : frames) * rows * columns;
  return visual + (model["attention"]["joint"].get<bool>() ? at(model, "text_tokens") : 0);
}

struct TokenCount {
  const char* model;
  std::int64_t tokens;
};

// Attention lengths at each model's default job, as its authors' code or published rows give them.
constexpr TokenCount k_token_counts[] = {
    {"wan2.1-t2v-1.3b", 32760},
    {"wan2.1-i2v-14b-720p", 75600},
    {"wan2.2-ti2v-5b", 27280},
    {"wan2.2-s2v-14b", 59136},
    {"wan2.2-animate-14b", 72000},
    {"cogvideox-5b", 17776},
    {"cogvideox1.5-5b", 45106},
    {"hunyuanvideo", 119056},
    {"hunyuanvideo-1.5", 113585},
    {"ltx-video-2b", 7392},
    {"ltx-video-13b", 13376},
    {"ltx-2-19b", 6144},
    {"mochi-1", 44776},
    {"flux.1-dev", 4608},
    {"flux.1-schnell", 4352},
    {"sd3.5-large", 4429},
    {"pixart-alpha-xl-2-1024", 4096},
    {"qwen-image", 7913},
    {"z-image-turbo", 4608},
    {"sdxl-base", 4096},
    {"latentsync-1.5", 1024},
    {"latentsync-1.6", 4096},
};

TEST(DataTest, TokenGridsGiveThePublishedTokenCounts) {
  const auto models = entries_by_id("models");
  for (const TokenCount& expected : k_token_counts) {
    const auto model = models.find(expected.model);
    ASSERT_NE(model, models.end()) << expected.model;
    EXPECT_EQ(attention_tokens(model->second), expected.tokens) << expected.model;
  }
}

TEST(DataTest, DefaultJobsObeyTheModelsOwnRules) {
  for (const json& model : entries_of("models")) {
    const json& job = model["defaults"];
    const json& rule = model["frame_rule"];
    if (!rule.is_null()) {
      const auto rest = (job["frames"].get<int>() - rule["plus"].get<int>()) % rule["multiple"].get<int>();
      EXPECT_EQ(rest, 0) << model["id"];
    }
    const auto sizes = model["sizes"].get<std::set<std::string>>();
    const std::string size = std::to_string(job["width"].get<int>()) + "*" + std::to_string(job["height"].get<int>());
    EXPECT_TRUE(sizes.empty() || sizes.contains(size)) << model["id"] << " " << size;
  }
}

TEST(DataTest, RangesHoldTheirValue) {
  const auto expect_ordered = [](const json& object, const char* low, const char* middle, const char* high) {
    if (!object.contains(middle)) return;
    EXPECT_LE(object[low].get<double>(), object[middle].get<double>()) << object;
    EXPECT_LE(object[middle].get<double>(), object[high].get<double>()) << object;
  };
  const auto expect_around_one = [](const json& object) {
    EXPECT_LE(object["low_factor"].get<double>(), 1) << object;
    EXPECT_GE(object["high_factor"].get<double>(), 1) << object;
  };
  for (const json& entry : entries_of("activations")) {
    expect_around_one(entry);
  }
  for (const json& entry : entries_of("vaes")) {
    for (const json& workspace : entry["workspaces"]) expect_around_one(workspace);
  }
  for (const json& entry : entries_of("overheads")) {
    expect_ordered(entry, "low_bytes", "bytes", "high_bytes");
    expect_ordered(entry, "low_factor", "factor", "high_factor");
  }
}

TEST(DataTest, VersionsSpecifiersAndTargetsCanBeRead) {
  const Version any = *Version::parse("1.0");
  for (const json& pin : entries_of("wheel-pins")) {
    for (const char* field : {"version", "python"}) {
      if (pin[field].is_null()) continue;
      EXPECT_TRUE(satisfies(any, pin[field].get<std::string>())) << pin["id"] << " " << field;
    }
    for (const json& need : pin["needs"]) {
      const std::string specifier = need["specifier"];
      EXPECT_TRUE(specifier.empty() || satisfies(any, specifier)) << pin["id"] << " " << specifier;
    }
  }
  for (const json& wheel : entries_of("torch-wheels")) {
    EXPECT_NE(wheel["cuda"].is_null(), wheel["hip"].is_null()) << wheel["id"];
    if (wheel["cuda"].is_null() || wheel["arch_list"].is_null()) continue;
    for (const json& target : wheel["arch_list"]) {
      EXPECT_TRUE(ComputeCapability::parse(target.get<std::string>())) << wheel["id"] << " " << target;
    }
  }
  for (const json& toolkit : entries_of("cuda-toolkits")) {
    const auto oldest = ComputeCapability::parse(toolkit["sm_min"].get<std::string>());
    const auto newest = ComputeCapability::parse(toolkit["sm_max"].get<std::string>());
    ASSERT_TRUE(oldest && newest) << toolkit["id"];
    EXPECT_LT(*oldest, *newest) << toolkit["id"];
    EXPECT_TRUE(Version::parse(toolkit["driver_min_linux"].get<std::string>())) << toolkit["id"];
  }
  for (const json& older : entries_of("cuda-toolkits")) {
    for (const json& newer : entries_of("cuda-toolkits")) {
      const auto number = [](const json& entry, const char* key) {
        return *Version::parse(entry[key].get<std::string>());
      };
      if (number(newer, "version") <= number(older, "version")) continue;
      EXPECT_LE(number(older, "ptx"), number(newer, "ptx")) << older["id"] << " " << newer["id"];
    }
  }
}

}  // namespace
}  // namespace diffcheck
