// The exact wheel for what is installed.
#include "rules/published_wheel.h"

#include <gtest/gtest.h>

#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

std::optional<std::string> wheel_for(const std::string& torch, const std::vector<std::string>& more = {}) {
  const std::vector<std::string> linux = {"os.name=linux", "os.machine=x86_64", "python.version=3.12.3",
                                          "packages.torch.version=" + torch};
  const auto snapshot = machine_with("1xL40S", {linux, more});
  return published_wheel("flash-attn", *snapshot, knowledge());
}

TEST(PublishedWheelTest, NamesTorchCudaAbiPythonAndPlatform) {
  EXPECT_EQ(wheel_for("2.8.0+cu128"),
            "https://github.com/Dao-AILab/flash-attention/releases/download/v2.8.3.post1/"
            "flash_attn-2.8.3.post1+cu12torch2.8cxx11abiTRUE-cp312-cp312-linux_x86_64.whl");
}

TEST(PublishedWheelTest, TheAbiIsThatOfTheInstalledTorch) {
  const auto old_abi = wheel_for("2.4.1+cu124");
  ASSERT_TRUE(old_abi);
  EXPECT_NE(old_abi->find("torch2.4cxx11abiFALSE-cp312"), std::string::npos) << *old_abi;
}

TEST(PublishedWheelTest, OldReleasesNameTheToolkitInFull) {
  const auto wheel = wheel_for("2.0.1+cu118", {"python.version=3.10.4"});
  ASSERT_TRUE(wheel);
  EXPECT_NE(wheel->find("+cu118torch2.0"), std::string::npos) << *wheel;
}

TEST(PublishedWheelTest, NothingIsNamedWhereNothingWasPublished) {
  EXPECT_EQ(wheel_for("2.12.0+cu130"), std::nullopt) << "torch is newer than the last release";
  EXPECT_EQ(wheel_for("2.8.0+cu128", {"python.version=3.14.0"}), std::nullopt);
  EXPECT_EQ(wheel_for("2.8.0+cu128", {"os.name=windows"}), std::nullopt);
  EXPECT_EQ(wheel_for("2.8.0"), std::nullopt) << "which build of torch it is, and so its ABI, is not known";
}

}  // namespace
}  // namespace diffcheck
