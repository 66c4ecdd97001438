#include "probe/gpu_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/fatbin.h"
#include "probe/little_endian.h"
#include "probe/offload_bundle.h"
#include "tests/elf_builder.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using Kind = Error::Kind;

Result<GpuTargets> read(const std::string& elf) {
  const ByteSource source = ByteSource::of("x.so", elf);
  const auto file = parse_elf(source);
  if (!file) return file.error();
  return read_gpu_targets(source, *file);
}

Result<GpuTargets> read_section(const std::string& bytes, const std::string& name = ".nv_fatbin") {
  return read(ElfBuilder().section(name, bytes).build());
}

std::vector<std::string> names(const Result<GpuTargets>& targets) {
  if (!targets) return {to_string(targets.error())};
  std::vector<std::string> list;
  for (const GpuTarget& target : all_targets(*targets)) list.push_back(to_string(target));
  for (const std::string& target : all_amd_targets(*targets)) list.push_back(target);
  return list;
}

TEST(FatbinTest, ReadsTargetsWithTheirSuffix) {
  EXPECT_THAT(names(read_section(fatbin_for({"compute_90a", "sm_120", "sm_100f", "sm_90a", "sm_75", "sm_90"}))),
              ElementsAre("sm_75", "sm_90", "sm_90a", "sm_100f", "sm_120", "compute_90a"));
}

TEST(FatbinTest, KeepsModulesApart) {
  const auto targets =
      read_section(fatbin_for({"sm_80", "sm_86"}) + fatbin_for({"sm_86"}) + fatbin_for({"sm_86", "sm_80"}));
  const std::set<GpuTarget> both{*GpuTarget::parse("sm_80"), *GpuTarget::parse("sm_86")};
  EXPECT_THAT(targets->modules, ElementsAre(Pair(both, 2), Pair(std::set{*GpuTarget::parse("sm_86")}, 1)));
}

TEST(FatbinTest, CodeThatWasLinkedOnTheDeviceIsKeptApart) {
  const auto targets = read(ElfBuilder()
                                .section("__nv_relfatbin", fatbin_for({"compute_90", "sm_80"}))
                                .section(".nv_fatbin", fatbin_for({"sm_80"}))
                                .build());
  EXPECT_THAT(names(targets), ElementsAre("sm_80"));
  EXPECT_THAT(targets->relinkable,
              ElementsAre(Pair(std::set{*GpuTarget::parse("sm_80"), *GpuTarget::parse("compute_90")}, 1)));
  EXPECT_EQ(targets->newest_ptx, (PtxVersion{8, 7}));
  EXPECT_THAT(names(read_section(fatbin_for({"compute_90"}), "__nv_relfatbin")), ElementsAre("compute_90"))
      << "an object file has nothing else";
}

TEST(FatbinTest, HopsOverLongHeadersAndGaps) {
  const std::string bytes = fatbin({{.target = "sm_120a", .header_bytes = 112, .payload_bytes = 40},
                                    {.target = "compute_120", .header_bytes = 80, .payload_bytes = 8}});
  EXPECT_THAT(names(read_section(bytes + std::string(24, '\0') + fatbin_for({"sm_75"}) + std::string(40, '\0'))),
              ElementsAre("sm_75", "sm_120a", "compute_120"));
  EXPECT_THAT(names(read_section(fatbin({{.target = "sm_80", .payload_bytes = 13}}) + std::string(3, '\0') +
                                 fatbin_for({"sm_90"}))),
              ElementsAre("sm_80", "sm_90"));
}

TEST(FatbinTest, KnowsTheNewestPtxVersion) {
  const auto targets = read_section(fatbin({{.target = "compute_80", .code_version = {7, 8}},
                                            {.target = "compute_90", .code_version = {8, 5}},
                                            {.target = "sm_90", .code_version = {9, 9}}}));
  EXPECT_EQ(targets->newest_ptx, (PtxVersion{8, 5}));
  EXPECT_EQ(read_section(fatbin_for({"sm_90"}))->newest_ptx, std::nullopt);
}

TEST(FatbinTest, CodeForLinkTimeOptimisationDoesNotLoad) {
  constexpr std::uint16_t lto = 8;
  EXPECT_THAT(names(read_section(fatbin({{.target = "sm_80", .kind = lto}}))), IsEmpty());
}

TEST(FatbinTest, ABrokenRowIsAnErrorNotAShorterList) {
  const std::string good = fatbin_for({"sm_80"});
  EXPECT_THAT(names(read_section(good + "\x01")), ElementsAre(HasSubstr("something else than a fatbin header")));
  EXPECT_THAT(names(read_section(good + std::string(8192, '\0') + good)), ElementsAre(HasSubstr("long gap")));
  EXPECT_THAT(names(read_section(good.substr(0, good.size() - 1))), ElementsAre(HasSubstr("does not lie")));
  std::string huge = good;
  huge.replace(8, 8, le64(~std::uint64_t{0}));
  EXPECT_THAT(names(read_section(huge)), ElementsAre(HasSubstr("does not lie in its section")));
  EXPECT_THAT(names(read_section(fatbin({{.target = "sm_80", .payload_bytes = ~std::uint64_t{0}}}))),
              ElementsAre(HasSubstr("does not lie in its fatbin")));
  EXPECT_THAT(names(read_section(fatbin({{.target = "sm_80", .header_bytes = 0}}))),
              ElementsAre(HasSubstr("does not lie in its fatbin")));
}

TEST(FatbinTest, ASectionThatLiesNowhereIsAnError) {
  const ByteSource source = ByteSource::of("x.so", "bytes");
  ElfSection section;
  section.name = ".nv_fatbin";
  section.offset = section.size_bytes = std::int64_t{1} << 62;
  EXPECT_THAT(read_fatbins(source, section).error().what, HasSubstr("does not lie in the file"));
  EXPECT_THAT(read_offload_bundles(source, section).error().what, HasSubstr("does not lie in the file"));
}

TEST(GpuCodeTest, AnUnusedSectionHeaderHoldsNothing) {
  std::string bytes = ElfBuilder().section(".nv_fatbin", "bytes", 0).build();
  const auto headers = static_cast<std::size_t>(little_endian<std::uint64_t>(bytes, 40));
  const std::size_t header = headers + 8 * std::size_t{64};  // after the seven of the builder, and the empty first
  bytes.replace(header + 24, 16, le64(std::uint64_t{1} << 62) + le64(std::uint64_t{1} << 62));
  EXPECT_EQ(parse_elf(ByteSource::of("x.so", bytes))->sections.at(8).name, ".nv_fatbin");
  EXPECT_TRUE(read(bytes)->empty());
}

TEST(FatbinTest, AnyCutAndAnyWrongByteIsSurvived) {
  const std::string bytes = fatbin_for({"sm_80", "compute_90"}) + fatbin_for({"sm_90a"});
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    (void)read_section(bytes.substr(0, i));
    for (const char wrong : {'\x00', '\x7f', '\xff'}) {
      std::string changed = bytes;
      changed[i] = wrong;
      (void)read_section(changed);
    }
  }
}

TEST(OffloadBundleTest, ReadsTargetsOfPlainBundles) {
  const auto targets = read_section(offload_bundle({"host-x86_64-unknown-linux-gnu-", "hipv4-amdgcn-amd-amdhsa--gfx90a",
                                                    "hipv4-amdgcn-amd-amdhsa--gfx942:sramecc+:xnack-"}) +
                                        offload_bundle({"hip-amdgcn-amd-amdhsa--gfx1100"}),
                                    ".hip_fatbin");
  EXPECT_THAT(names(targets), ElementsAre("gfx1100", "gfx90a", "gfx942:sramecc+:xnack-"));
  EXPECT_EQ(targets->amd_modules.size(), 2U);
}

TEST(OffloadBundleTest, CompressedBundlesHideTheirTargets) {
  EXPECT_THAT(names(read_section(compressed_bundle(5000) + compressed_bundle(40), ".hip_fatbin")),
              ElementsAre(HasSubstr("the targets of 2 compressed offload bundles")));
}

TEST(OffloadBundleTest, AnyCutAndAnyWrongByteIsSurvived) {
  const std::string bytes = offload_bundle({"hipv4-amdgcn-amd-amdhsa--gfx90a"}) + compressed_bundle(100);
  for (std::size_t i = 0; i < bytes.size(); i += i < 200 ? 1 : 97) {
    (void)read_section(bytes.substr(0, i), ".hip_fatbin");
    std::string changed = bytes;
    changed[i] = '\xff';
    (void)read_section(changed, ".hip_fatbin");
  }
  EXPECT_THAT(names(read_section("CCOB" + std::string(100, '\0'), ".hip_fatbin")),
              ElementsAre(HasSubstr("which says no size")));
}

TEST(GpuCodeTest, SaysWhyItCannotTell) {
  EXPECT_THAT(names(read(ElfBuilder().without_section_headers().build())),
              ElementsAre(HasSubstr("no section headers")));
  EXPECT_THAT(names(read(ElfBuilder().section(".nv_fatbin", "bytes", 8).build())),
              ElementsAre(HasSubstr("in another file")));
  EXPECT_TRUE(read(ElfBuilder().build())->empty());
}

TEST(GpuTargetTest, ReadsAndWritesItsName) {
  for (const char* name : {"sm_90a", "compute_120", "sm_100f", "sm_35"})
    EXPECT_EQ(to_string(*GpuTarget::parse(name)), name);
  for (const char* name : {"90", "8.9", "gfx942", "sm_", "compute_x", ""})
    EXPECT_EQ(GpuTarget::parse(name), std::nullopt) << name;
}

}  // namespace
}  // namespace diffcheck
