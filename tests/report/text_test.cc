#include "report/text.h"

#include <gtest/gtest.h>

#include "tests/report/example.h"
#include "tests/report/golden.h"

namespace diffcheck {
namespace {

Style style(Language language, bool unicode) {
  Style style;
  style.language = language;
  style.unicode = unicode;
  return style;
}

struct Look {
  const char* name;
  Language language;
  bool unicode;
};
constexpr Look k_looks[] = {
    {"en", Language::english, true}, {"en.ascii", Language::english, false}, {"zh", Language::chinese, true}};

TEST(TextTest, DoctorOfAPlannedRun) {
  for (const Look& look : k_looks) {
    const std::string text =
        doctor_text(planned_example(), ExitCode::findings, words_in(look.language), style(look.language, look.unicode));
    expect_golden(std::string("doctor.planned.") + look.name + ".txt", text);
  }
}

TEST(TextTest, DoctorWithoutARequest) {
  for (const Look& look : k_looks) {
    const std::string text =
        doctor_text(bare_example(), ExitCode::undecided, words_in(look.language), style(look.language, look.unicode));
    expect_golden(std::string("doctor.bare.") + look.name + ".txt", text);
  }
}

TEST(TextTest, Plan) {
  for (const Look& look : k_looks) {
    const std::string text =
        plan_text(planned_example(), ExitCode::clean, words_in(look.language), style(look.language, look.unicode));
    expect_golden(std::string("plan.planned.") + look.name + ".txt", text);
  }
  expect_golden("plan.bare.en.txt", plan_text(bare_example(), ExitCode::undecided, words_in(Language::english),
                                              style(Language::english, true)));
}

FrontPoint front_point(std::int64_t ulysses, double seconds, std::int64_t peak_bytes,
                       std::vector<std::string> gives_up) {
  FrontPoint point;
  point.layout.world_size = ulysses;
  point.layout.ulysses = ulysses;
  point.choice.mode = "none";
  point.concessions = std::move(gives_up);
  point.total_seconds = seconds;
  point.gpu_seconds_per_output = seconds * static_cast<double>(ulysses);
  point.peak_bytes = peak_bytes;
  return point;
}

TEST(TextTest, PlanWithAFront) {
  constexpr std::int64_t gib = std::int64_t{1} << 30;
  Diagnosis diagnosis = planned_example();
  diagnosis.plan->front = {front_point(2, 70, 9 * gib, {}), front_point(1, 100, 10 * gib, {}),
                           front_point(1, 100, 6 * gib, {"model-offload", "quantized-weights"})};
  diagnosis.plan->layout.chosen = diagnosis.plan->front.front().layout;
  diagnosis.plan->memory->choice = diagnosis.plan->front.front().choice;
  diagnosis.request.gpu_hour_price = known(1.5, "--gpu-hour-price");
  for (const Look& look : k_looks) {
    const std::string text =
        plan_text(diagnosis, ExitCode::clean, words_in(look.language), style(look.language, look.unicode));
    expect_golden(std::string("plan.front.") + look.name + ".txt", text);
  }
}

TEST(TextTest, AsciiMarksAreAsciiThroughout) {
  const std::string text =
      doctor_text(planned_example(), ExitCode::findings, words_in(Language::english), style(Language::english, false));
  for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
}

TEST(TextTest, WhatTheMachineSaysCannotSteerTheTerminal) {
  const std::string text =
      doctor_text(bare_example(), ExitCode::clean, words_in(Language::english), style(Language::english, true));
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_NE(text.find("NVIDIA ?[31mL4?"), std::string::npos);
}

TEST(TextTest, ColorOnlyAddsColor) {
  Style plain = style(Language::english, true);
  Style colored = plain;
  colored.color = true;
  std::string text = doctor_text(planned_example(), ExitCode::findings, words_in(Language::english), colored);
  for (std::size_t at = text.find('\033'); at != std::string::npos; at = text.find('\033'))
    text.erase(at, text.find('m', at) + 1 - at);
  EXPECT_EQ(text, doctor_text(planned_example(), ExitCode::findings, words_in(Language::english), plain));
}

}  // namespace
}  // namespace diffcheck
