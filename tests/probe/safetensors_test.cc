#include "probe/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/safetensors_builder.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<SafetensorsHeader> read(std::string bytes) {
  return read_safetensors_header(ByteSource::of("model.safetensors", std::move(bytes)));
}

std::string refusal(std::string bytes) {
  const auto header = read(std::move(bytes));
  if (header) return "";
  EXPECT_EQ(header.error().kind, Error::Kind::invalid);
  EXPECT_EQ(header.error().where, "model.safetensors");
  return header.error().what;
}

TEST(Safetensors, TensorsAreToldWithTheirShapes) {
  const auto header = read(SafetensorsBuilder()
                               .tensor("blocks.0.weight", "BF16", 16, {4, 3})
                               .tensor("scale", "F32", 32, {})
                               .tensor("none", "F16", 16, {0, 5})
                               .tensor("packed", "F4", 4, {2, 3})
                               .build());
  ASSERT_TRUE(header) << header.error().what;
  ASSERT_EQ(header->tensors.size(), 4U);
  const auto& weight = header->tensors.front();
  EXPECT_EQ(weight.name, "blocks.0.weight");
  EXPECT_EQ(weight.dtype, "BF16");
  EXPECT_THAT(weight.shape, ElementsAre(4, 3));
  EXPECT_EQ(weight.elements, 12);
  EXPECT_EQ(weight.bytes, 24);
  EXPECT_EQ(header->tensors[1].elements + header->tensors[2].elements, 1);
}

TEST(Safetensors, ThePaddingOfAHeaderIsPartOfIt) {
  EXPECT_TRUE(read(safetensors_bytes("{}      ", 0)));
  EXPECT_TRUE(read(safetensors_bytes(R"({"__metadata__":{"a":"b"}})", 0)));
}

TEST(Safetensors, ALengthThatLiesIsRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("has 0 bytes"));
  EXPECT_THAT(refusal("1234567"), HasSubstr("has 7 bytes"));
  EXPECT_THAT(refusal(safetensors_bytes("{}", 0, 3)), HasSubstr("says that its header has 3 bytes, but only 2 follow"));
  EXPECT_THAT(refusal(safetensors_bytes("{}", 0, ~std::uint64_t{0})), HasSubstr("but only 2 follow"));
  EXPECT_THAT(refusal(safetensors_bytes("{}", 0, 1)), HasSubstr("is not valid JSON"));
}

TEST(Safetensors, AFileThatWasCutShortIsRefused) {
  std::string bytes = SafetensorsBuilder().tensor("w", "BF16", 16, {4, 3}).build();
  bytes.pop_back();
  EXPECT_THAT(refusal(bytes), HasSubstr("describes 24 bytes of tensors, but 23 follow it: the file was cut short"));
  bytes += "12";
  EXPECT_THAT(refusal(bytes), HasSubstr("but 25 follow it"));
}

/// One tensor "w", its description as it is, in front of `data_bytes` bytes.
std::string with_tensor(const std::string& description, std::size_t data_bytes = 8) {
  return safetensors_bytes(R"({"w":)" + description + "}", data_bytes);
}

TEST(Safetensors, ShapeTypeAndPlaceMustAgree) {
  const std::map<std::string, std::string> refused = {
      {R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", "needs 96 bits by its dtype and shape"},
      {R"({"dtype":"F4","shape":[17],"data_offsets":[0,8]})", "needs 68 bits"},
      {R"({"dtype":"F23","shape":[2],"data_offsets":[0,8]})", "unknown dtype 'F23'"},
      {R"({"shape":[2],"data_offsets":[0,8]})", "unknown dtype ''"},
      {R"({"dtype":"F32","data_offsets":[0,8]})", "has no shape"},
      {R"({"dtype":"F32","shape":[2]})", "has no data_offsets"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", "has no data_offsets"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[0]})", "has no data_offsets"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[0,8,16]})", "has no data_offsets"},
      {R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})", "more elements than there can be"},
      {R"({"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]})", "more elements than there can be"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})", "starts at byte 4 of the data; expected 0"},
      {R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1})", "has a member 'more'"},
      {R"({"dtype":7,"shape":[2],"data_offsets":[0,8]})", "as its dtype"},
      {R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})", "in shape or data_offsets"},
      {R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", "a negative number"},
      {R"({"dtype":"F32","shape":[2.5],"data_offsets":[0,8]})", "a fraction"},
      {R"({"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]})", "a fraction or too large"},
      {R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]})", "above 2^63"},
      {R"({"dtype":"F32","shape":[[2]],"data_offsets":[0,8]})", "a list"},
      {R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})", "more than 16 numbers"},
      {R"([1])", "holds a list"},
      {R"("text")", "holds text"},
      {R"(null)", "holds null"},
  };
  for (const auto& [description, expected] : refused)
    EXPECT_THAT(refusal(with_tensor(description)), HasSubstr(expected)) << description;
  EXPECT_TRUE(read(with_tensor(R"({"data_offsets":[0,8],"shape":[2],"dtype":"F32"})")));
}

TEST(Safetensors, TensorsMayNotOverlapOrLeaveHoles) {
  const auto two = [](const char* second) {
    return safetensors_bytes(std::string(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":)") + second + "}",
                             8);
  };
  EXPECT_TRUE(read(two(R"({"dtype":"U8","shape":[4],"data_offsets":[4,8]})")));
  EXPECT_THAT(refusal(two(R"({"dtype":"U8","shape":[4],"data_offsets":[2,6]})")), HasSubstr("starts at byte 2"));
  EXPECT_THAT(refusal(two(R"({"dtype":"U8","shape":[3],"data_offsets":[5,8]})")), HasSubstr("starts at byte 5"));
  EXPECT_THAT(refusal(safetensors_bytes(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},)"
                                        R"("a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})",
                                        0)),
              HasSubstr("names the tensor 'a' twice"));
}

TEST(Safetensors, WhatIsNoObjectOfTensorsIsRefused) {
  for (const char* header : {"", "[]", "7", "null", "{", "{}}", "{\"a\":}", "{\"a\xff\":{}}",
                             "{\"__metadata__\":{\"a\":1}}", "{\"__metadata__\":{\"a\":{}}}", "{\"__metadata__\":[]}"})
    EXPECT_NE(refusal(safetensors_bytes(header, 0)), "") << header;
}

TEST(Safetensors, DepthAndNumberAreBounded) {
  EXPECT_THAT(refusal(safetensors_bytes(std::string(1'000'000, '['), 0)), HasSubstr("holds a list"));
  EXPECT_THAT(refusal(safetensors_bytes(R"({"w":{"shape":)" + std::string(1'000'000, '['), 0)), HasSubstr("a list"));
  std::string many = "{";
  for (int i = 0; i < 1'000'000; ++i) many += '"' + std::to_string(i) + R"(":{},)";
  EXPECT_THAT(refusal(safetensors_bytes(many + R"("end":{}})", 0)), HasSubstr("more than 200000 tensors"));
}

}  // namespace
}  // namespace diffcheck
