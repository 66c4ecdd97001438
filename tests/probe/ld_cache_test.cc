#include "probe/ld_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/elf.h"
#include "tests/elf_builder.h"
#include "tests/ld_cache_builder.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint16_t k_x86 = ElfFile::machine_x86_64;

std::vector<std::string> find(const std::string& bytes, const std::string& name, std::uint16_t machine = k_x86) {
  const auto cache = LdCache::parse("/etc/ld.so.cache", bytes);
  EXPECT_TRUE(cache) << (cache ? "" : cache.error().what);
  return cache ? cache->find(name, machine) : std::vector<std::string>();
}

TEST(LdCacheTest, GivesThePathsOfALibraryInTheirOrder) {
  const std::string bytes =
      ld_cache({{"libz.so.1", "/opt/libz.so.1"}, {"libz.so.1", "/lib/libz.so.1"}, {"liby.so", "/y"}});
  EXPECT_THAT(find(bytes, "libz.so.1"), ElementsAre("/opt/libz.so.1", "/lib/libz.so.1"));
  EXPECT_THAT(find(bytes, "libz.so"), IsEmpty());
  EXPECT_THAT(find(bytes, ""), IsEmpty());
}

TEST(LdCacheTest, LeavesOutOtherMachinesAndVariantsForNewerProcessors) {
  constexpr std::uint64_t variant = std::uint64_t{1} << 62U;
  const std::string bytes = ld_cache({{"libz.so.1", "/lib/glibc-hwcaps/x86-64-v3/libz.so.1", 0x0303, variant},
                                      {"libz.so.1", "/lib32/libz.so.1", 0x0003},
                                      {"libz.so.1", "/arm/libz.so.1", 0x0a03},
                                      {"libz.so.1", "/lib/libz.so.1"}});
  EXPECT_THAT(find(bytes, "libz.so.1"), ElementsAre("/lib/libz.so.1"));
  EXPECT_THAT(find(bytes, "libz.so.1", ElfFile::machine_aarch64), ElementsAre("/arm/libz.so.1"));
  constexpr std::uint16_t riscv = 243;
  EXPECT_THAT(find(bytes, "libz.so.1", riscv), IsEmpty());
}

TEST(LdCacheTest, TheOlderTableInFrontIsPassedOver) {
  const std::string old = "ld.so-1.7.0" + std::string(1, '\0') + le32(1) + std::string(12, '\0');
  const std::string padding(4, '\0');  // to a multiple of eight
  EXPECT_THAT(find(old + padding + ld_cache({{"libz.so.1", "/lib/libz.so.1"}}), "libz.so.1"),
              ElementsAre("/lib/libz.so.1"));
  EXPECT_FALSE(LdCache::parse("cache", old));
}

TEST(LdCacheTest, WhatIsNoCacheIsAnErrorWithItsPath) {
  for (const std::string& bytes : {std::string(), std::string("ELF"), std::string("glibc-ld.so.cache1.1"),
                                   ld_cache({{"liba.so", "/a"}}).substr(0, 60)}) {
    const auto cache = LdCache::parse("/etc/ld.so.cache", bytes);
    ASSERT_FALSE(cache);
    EXPECT_EQ(cache.error().where, "/etc/ld.so.cache");
    EXPECT_EQ(cache.error().kind, Error::Kind::unparsable);
  }
}

TEST(LdCacheTest, TextsOutsideOfTheFileAreNone) {
  std::string bytes = ld_cache({{"libz.so.1", "/lib/libz.so.1"}});
  const std::string unended = bytes.substr(0, bytes.size() - 1);
  EXPECT_THAT(find(unended, "libz.so.1"), IsEmpty());
  bytes.replace(48 + 8, 4, le32(0xffffffff));
  EXPECT_THAT(find(bytes, "libz.so.1"), IsEmpty());
  EXPECT_THAT(find(ld_cache({{"libz.so.1", "relative/libz.so.1"}}), "libz.so.1"), IsEmpty());
  std::string many = ld_cache({{"libz.so.1", "/lib/libz.so.1"}});
  many.replace(20, 4, le32(0xffffffff));
  EXPECT_FALSE(LdCache::parse("cache", many));
}

}  // namespace
}  // namespace diffcheck
