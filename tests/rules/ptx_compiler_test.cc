#include "rules/ptx_compiler.h"

#include <gtest/gtest.h>

#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

std::string needed(PtxVersion version) {
  GpuTargets targets;
  targets.newest_ptx = version;
  const auto cuda = ptx_compiler_for(targets, {}, knowledge()).needed_cuda;
  return cuda ? cuda->text() : "unknown";
}

TEST(PtxCompilerTest, TheFirstToolkitThatWritesAVersionTellsTheDriver) {
  EXPECT_EQ(needed({7, 0}), "11.0");
  EXPECT_EQ(needed({7, 8}), "11.8");
  EXPECT_EQ(needed({8, 4}), "12.4");
  EXPECT_EQ(needed({8, 5}), "12.5") << "CUDA 12.6 writes it too";
  EXPECT_EQ(needed({8, 7}), "12.8");
  EXPECT_EQ(needed({9, 0}), "13.0");
}

TEST(PtxCompilerTest, AVersionThatNoToolkitWritesIsUnknown) {
  EXPECT_EQ(needed({8, 6}), "unknown") << "came with a driver only";
  EXPECT_EQ(needed({6, 5}), "unknown");
  EXPECT_EQ(needed({99, 0}), "unknown");
}

TEST(PtxCompilerTest, TheDriverIsThatOfTheMachine) {
  Snapshot snapshot;
  EXPECT_FALSE(ptx_compiler_for({}, snapshot, knowledge()).driver_cuda);
  snapshot.drivers.nvidia.cuda_version = known(*Version::parse("12.4"), "test");
  EXPECT_EQ(ptx_compiler_for({}, snapshot, knowledge()).driver_cuda->text(), "12.4");
}

}  // namespace
}  // namespace diffcheck
