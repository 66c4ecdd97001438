#include "report/request_options.h"

#include <gtest/gtest.h>

#include "tests/report/example.h"

namespace diffcheck {
namespace {

Result<Request> read(std::vector<std::pair<std::string, std::string>> options) {
  std::vector<RequestOption> list;
  for (auto& [name, value] : options) list.push_back({name, value, "--" + name});
  return request_from(list, built_in_knowledge());
}

TEST(RequestOptionsTest, EveryOptionFindsItsPlace) {
  const auto request = read({{"engine", "xDiT@0.4.5"},
                             {"model", "CogVideoX1.5-5B"},
                             {"task", "T2V"},
                             {"size", "720*480"},
                             {"frames", "81"},
                             {"steps", "30"},
                             {"batch", "2"},
                             {"gpus", "4"},
                             {"nodes", "2"},
                             {"guidance", "6.5"},
                             {"objective", "cost"},
                             {"gpu-hour-price", "1.99"},
                             {"attention", "SDPA-efficient"},
                             {"dtype", "bfloat16"},
                             {"cfg-parallel", "2"},
                             {"ulysses", "2"},
                             {"pin", "ring=1"},
                             {"vae-tiling", "on"},
                             {"quant", "fp8"}});
  ASSERT_TRUE(request) << to_string(request.error());
  EXPECT_EQ(request->engine.value(), "xdit");
  EXPECT_EQ(request->engine_version.value(), "0.4.5");
  EXPECT_EQ(request->model.value(), "cogvideox1.5-5b");
  EXPECT_EQ(request->task.value(), "t2v");
  EXPECT_EQ(request->objective.value(), "cost");
  EXPECT_EQ(request->gpu_hour_price.value(), 1.99);
  EXPECT_EQ(request->width.value(), 720);
  EXPECT_EQ(request->height.value(), 480);
  EXPECT_EQ(request->frames.value(), 81);
  EXPECT_EQ(request->nodes.value(), 2);
  EXPECT_DOUBLE_EQ(request->guidance_scale.value(), 6.5);
  EXPECT_EQ(request->pin("attention"), "sdpa-efficient");
  EXPECT_EQ(request->pin("dtype"), "bf16");
  EXPECT_EQ(request->pin("cfg"), "2");
  EXPECT_EQ(request->pin("ring"), "1");
  EXPECT_EQ(request->pin("vae_tiling"), "on");
  EXPECT_EQ(request->pin("quantization"), "fp8");
}

TEST(RequestOptionsTest, WhatCannotBeReadNamesItsOption) {
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{{"size", "832by480"},
                                                                                    {"size", "832"},
                                                                                    {"size", "832x"},
                                                                                    {"size", "x480"},
                                                                                    {"size", "99999999999999999999x1"},
                                                                                    {"frames", "many"},
                                                                                    {"frames", "1e3"},
                                                                                    {"frames", ""},
                                                                                    {"gpus", "2 "},
                                                                                    {"guidance", "nan"},
                                                                                    {"guidance", "inf"},
                                                                                    {"guidance", "5,0"},
                                                                                    {"gpu-hour-price", "0"},
                                                                                    {"gpu-hour-price", "-1"},
                                                                                    {"pin", "ring"},
                                                                                    {"pin", "=2"},
                                                                                    {"pin", "ring="},
                                                                                    {"engine", "@1"},
                                                                                    {"engine", "xdit@"},
                                                                                    {"model", ""}}) {
    const auto request = read({{name, value}});
    ASSERT_FALSE(request) << name << " " << value;
    EXPECT_EQ(request.error().where, "--" + name);
  }
}

TEST(RequestOptionsTest, LaterWinsButTheCommandLineSaysAPinOnce) {
  EXPECT_EQ(read({{"frames", "1"}, {"frames", "2"}})->frames.value(), 2);
  EXPECT_FALSE(read({{"ulysses", "2"}, {"pin", "ulysses=4"}}));
  EXPECT_TRUE(read({{"ulysses", "2"}, {"pin", "ulysses=2"}}));
  const auto request =
      request_from({{"ulysses", "2", "diffcheck.json: ulysses"}, {"ulysses", "4", "--ulysses"}}, built_in_knowledge());
  EXPECT_EQ(request->pin("ulysses"), "4");
}

TEST(RequestOptionsTest, AFileSaysTheSame) {
  const auto options =
      request_options_from_json(R"({"model": "wan2.1-t2v-1.3b", "frames": 81, "guidance": 5.0, "vae-tiling": true,
                                                     "pin": {"ring": 2, "attention": "sdpa-efficient"}})",
                                "r.json");
  ASSERT_TRUE(options) << to_string(options.error());
  const auto request = request_from(*options, built_in_knowledge());
  ASSERT_TRUE(request) << to_string(request.error());
  EXPECT_EQ(request->frames.value(), 81);
  EXPECT_EQ(request->frames.source(), "r.json: frames");
  EXPECT_EQ(request->pin("ring"), "2");
  EXPECT_EQ(request->pin("vae_tiling"), "on");
  EXPECT_TRUE(request_options_from_json(R"({"pin": ["ring=2"]})", "r.json"));
}

TEST(RequestOptionsTest, ABadFileSaysWhere) {
  for (const char* text : {"", "{", "[]", "null", "{\"size\": {}}", "{\"frames\": [81]}", "{\"pin\": 3}",
                           "{\"pin\": [3]}", "{\"model\": null}", "{\"vae-tiling\": {}}", "\xff"}) {
    const auto options = request_options_from_json(text, "r.json");
    ASSERT_FALSE(options) << text;
    EXPECT_TRUE(options.error().where.starts_with("r.json")) << options.error().where;
  }
  const auto misspelt = request_options_from_json(R"({"frame": 81})", "r.json");
  ASSERT_FALSE(misspelt);
  EXPECT_NE(misspelt.error().what.find("frames"), std::string::npos);
}

}  // namespace
}  // namespace diffcheck
