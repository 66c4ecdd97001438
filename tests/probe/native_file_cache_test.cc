#include "probe/native_file_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>

#include "probe/record.h"
#include "tests/elf_builder.h"
#include "tests/tree.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

namespace fs = std::filesystem;
using Names = std::vector<std::string>;

constexpr std::int64_t k_second = 1'000'000'000;

class NativeFileCacheTest : public testing::Test {
 protected:
  /// A run of diffcheck, by default long after all files were written.
  System run(std::int64_t seconds_later = 60) const {
    return System::live_with_cache(cache_folder(), (std::time(nullptr) + seconds_later) * k_second);
  }
  std::string cache_folder() const { return (tree_.folder() / "cache").string(); }
  std::string path(const std::string& name) const { return (tree_.folder() / name).string(); }
  NativeFile file(const std::string& name, const std::string& bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return {path(name), "kernels"};
  }

  static BinaryFacts facts(const NativeFile& of, const std::string& machine = "x86_64") {
    BinaryFacts facts;
    facts.path = known(of.path, of.path);
    facts.package = known(of.package, of.path);
    facts.machine = known(machine, of.path);
    facts.needed = known(Names{"libc.so.6", ""}, of.path);
    facts.gpu_targets = absent<Names>(of.path);
    facts.glibc = known(*Version::parse("2.32"), of.path);
    facts.x86_level = known<std::int64_t>(-3, of.path);
    return facts;
  }
  /// What a run says of a file, and whether it had to read it.
  std::optional<BinaryFacts> ask(const System& system, const NativeFile& of, std::optional<BinaryFacts> answer) {
    NativeFileCache cache(system);
    was_read_ = false;
    auto found = cache.facts_of(of, [&] {
      was_read_ = true;
      return answer;
    });
    cache.keep();
    return found;
  }
  NamesFact ask_names(const System& system, const std::string& of, const Names& others, const NamesFact& answer) {
    NativeFileCache cache(system);
    was_read_ = false;
    auto found = cache.names_of(of, others, [&] {
      was_read_ = true;
      return answer;
    });
    cache.keep();
    return found;
  }

  TemporaryTree tree_;
  bool was_read_ = false;
};

TEST_F(NativeFileCacheTest, TheNextRunDoesNotReadAnUnchangedFile) {
  const NativeFile so = file("x.so", "bytes");
  EXPECT_EQ(ask(run(), so, facts(so)), facts(so));
  EXPECT_TRUE(was_read_);
  EXPECT_EQ(ask(run(), so, facts(so, "other")), facts(so));
  EXPECT_FALSE(was_read_);
}

TEST_F(NativeFileCacheTest, ThatAFileDoesNotMatterIsRememberedToo) {
  const NativeFile so = file("x.so", "bytes");
  EXPECT_EQ(ask(run(), so, std::nullopt), std::nullopt);
  EXPECT_EQ(ask(run(), so, facts(so)), std::nullopt);
  EXPECT_FALSE(was_read_);
}

TEST_F(NativeFileCacheTest, ThePackageIsThatOfTheQuestion) {
  NativeFile so = file("x.so", "bytes");
  ask(run(), so, facts(so));
  so.package = "renamed";
  EXPECT_EQ(ask(run(), so, std::nullopt), facts(so));
  EXPECT_FALSE(was_read_);
}

TEST_F(NativeFileCacheTest, AChangedFileIsReadAgain) {
  const NativeFile so = file("x.so", "bytes");
  ask(run(), so, facts(so));
  file("x.so", "longer bytes");
  EXPECT_EQ(ask(run(), so, facts(so, "size")), facts(so, "size"));
  // The same size and times again, as a copy that preserves them leaves it: another inode, or another change time.
  const auto time = fs::last_write_time(so.path);
  file("x.so", "LONGER BYTES");
  fs::last_write_time(so.path, time);
  EXPECT_EQ(ask(run(), so, facts(so, "change time")), facts(so, "change time"));
  file("y.so", "Longer Bytes");
  fs::last_write_time(path("y.so"), time);
  fs::rename(path("y.so"), so.path);
  EXPECT_EQ(ask(run(), so, facts(so, "inode")), facts(so, "inode"));
  fs::remove(so.path);
  EXPECT_EQ(ask(run(), so, std::nullopt), std::nullopt);
  EXPECT_TRUE(was_read_);
}

TEST_F(NativeFileCacheTest, AFileThatWasJustWrittenIsNotTrusted) {
  const NativeFile so = file("x.so", "bytes");
  constexpr int now = 0;
  ask(run(now), so, facts(so));
  EXPECT_EQ(ask(run(now), so, facts(so, "again")), facts(so, "again"));
  EXPECT_EQ(ask(run(-100), so, facts(so, "clock set back")), facts(so, "clock set back"));
  EXPECT_EQ(ask(run(), so, facts(so, "first kept")), facts(so, "first kept"));
}

TEST_F(NativeFileCacheTest, AFileThatChangesWhileItIsReadIsNotKept) {
  const NativeFile so = file("x.so", "bytes");
  {
    const System system = run();
    NativeFileCache cache(system);
    cache.facts_of(so, [&] {
      file("x.so", "other bytes");
      return facts(so, "mixed");
    });
    cache.keep();
  }
  EXPECT_EQ(ask(run(), so, facts(so)), facts(so));
  EXPECT_TRUE(was_read_);
}

TEST_F(NativeFileCacheTest, WhatIsUnknownIsAskedAgain) {
  const NativeFile so = file("x.so", "bytes");
  BinaryFacts denied = facts(so);
  denied.glibc = unknown<Version>(so.path, "permission denied");
  EXPECT_EQ(ask(run(), so, denied), denied);
  BinaryFacts elsewhere = facts(so);
  elsewhere.glibc = known(*Version::parse("2.40"), "/lib/libc.so.6");
  EXPECT_EQ(ask(run(), so, elsewhere), elsewhere) << "what follows from another file";
  EXPECT_EQ(ask(run(), so, facts(so)), facts(so));
  EXPECT_TRUE(was_read_);
}

TEST_F(NativeFileCacheTest, NamesFollowFromAllFiles) {
  const std::string so = file("x.so", "bytes").path;
  const std::string torch = file("libtorch.so", "torch").path;
  const std::string c10 = file("libc10.so", "c10").path;
  const NamesFact lacks = known(Names{"_ZN3c10"}, so);
  const NamesFact fits = known(Names{}, so);
  EXPECT_EQ(ask_names(run(), so, {torch, c10}, lacks), lacks);
  EXPECT_EQ(ask_names(run(), so, {torch, c10}, fits), lacks);
  EXPECT_FALSE(was_read_);
  EXPECT_EQ(ask_names(run(), so, {c10, torch}, fits), fits) << "another order";
  EXPECT_EQ(ask_names(run(), so, {torch}, fits), fits) << "one less";
  file("libc10.so", "other c10");
  EXPECT_EQ(ask_names(run(), so, {torch, c10}, fits), fits) << "another torch";
  EXPECT_EQ(ask_names(run(), so, {torch, c10}, lacks), fits);
  fs::remove(c10);
  EXPECT_EQ(ask_names(run(), so, {torch, c10}, lacks), lacks) << "one is gone";
  EXPECT_TRUE(was_read_);
}

TEST_F(NativeFileCacheTest, OnlyALiveMachineThatIsNotRecordedKeepsAnything) {
  const NativeFile so = file("x.so", "bytes");
  for (const System& system :
       {System::live(), System::recording(run(), std::make_shared<Recording>()), tree_.system()}) {
    EXPECT_FALSE(system.identity(so.path));
    EXPECT_EQ(ask(system, so, facts(so)), facts(so));
    EXPECT_EQ(ask(system, so, facts(so, "again")), facts(so, "again"));
  }
  EXPECT_FALSE(fs::exists(cache_folder()));
}

TEST_F(NativeFileCacheTest, NothingNewIsNotWritten) {
  const NativeFile so = file("x.so", "bytes");
  ask(run(), so, facts(so));
  struct stat before {};
  ASSERT_EQ(::stat((cache_folder() + "/native-files").c_str(), &before), 0);
  ask(run(), so, facts(so));
  struct stat after {};
  ASSERT_EQ(::stat((cache_folder() + "/native-files").c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
}

TEST_F(NativeFileCacheTest, ADamagedCacheIsReplaced) {
  const NativeFile so = file("x.so", "bytes");
  ask(run(), so, facts(so));
  const std::string kept = cache_folder() + "/native-files";
  for (const std::string& damage : {std::string(), std::string("junk"), std::string(100'000, '\0')}) {
    std::ofstream(kept, std::ios::binary | std::ios::trunc) << damage;
    EXPECT_EQ(ask(run(), so, facts(so)), facts(so));
    EXPECT_TRUE(was_read_);
    EXPECT_EQ(ask(run(), so, std::nullopt), facts(so));
    EXPECT_FALSE(was_read_);
  }
}

TEST_F(NativeFileCacheTest, ACacheOfWrongFactsIsReadAgain) {
  const std::string so = "/x.so";
  const auto bytes = to_bytes(facts({so, "p"}), so);
  ASSERT_TRUE(bytes);
  for (std::size_t size = 0; size < bytes->size(); ++size)
    EXPECT_EQ(binary_from_bytes(bytes->substr(0, size), so), std::nullopt) << size;
  EXPECT_EQ(binary_from_bytes(*bytes + "u", so), std::nullopt);
  std::string endless = *bytes;
  std::fill(endless.begin() + 1, endless.end(), '\xff');
  EXPECT_EQ(binary_from_bytes(endless, so), std::nullopt);
  EXPECT_EQ(names_from_bytes(std::string("k\xff\xff\xff\x7f", 5), so), std::nullopt);
  EXPECT_EQ(names_from_bytes("x", so), std::nullopt);
  EXPECT_EQ(binary_bytes_layout().find("path:text\n"), 0U);
}

/// The whole audit, of an environment on disk.
class CachedAuditTest : public NativeFileCacheTest {
 protected:
  void install(const std::string& name, const std::map<std::string, std::string>& files) {
    std::string record;
    for (const auto& [file, bytes] : files) {
      tree_.file("/site/" + file, bytes);
      record += file + ",,\n";
    }
    tree_.file("/site/" + name + "-1.0.dist-info/RECORD", record);
  }
  BinaryProbe audit(const System& system) const {
    PythonFacts python;
    python.sys_path = known(Names{path("root/site")}, "test");
    return probe_binaries(system, python, {});
  }
  static std::string extension() {
    return ElfBuilder()
        .section(".nv_fatbin", fatbin_for({"sm_80", "compute_90"}))
        .needed("libc10.so")
        .version_need("libc.so.6", "GLIBC_2.32")
        .symbol("_ZN3c105ErrorC2Ev", false)
        .build();
  }
  static std::string c10(const std::string& symbol) { return ElfBuilder().needed("x").symbol(symbol, true).build(); }
};

TEST_F(CachedAuditTest, SaysTheSameFromTheCache) {
  install("kernels", {{"kernels.so", extension()}, {"plain.so", ElfBuilder().needed("libm.so.6").build()}});
  install("torch",
          {{"torch/lib/libc10.so", c10("_ZN3c105ErrorC2Ev")}, {"torch/lib/cut.so", extension().substr(0, 99)}});
  const BinaryProbe without = audit(System::live());
  ASSERT_EQ(without.binaries.size(), 2U);
  const BinaryProbe first = audit(run());
  EXPECT_TRUE(fs::exists(cache_folder() + "/native-files"));
  const BinaryProbe second = audit(run());
  EXPECT_EQ(first.binaries, without.binaries);
  EXPECT_EQ(second.binaries, without.binaries);
  EXPECT_EQ(second.complete, without.complete);
}

TEST_F(CachedAuditTest, AnotherTorchIsNeverJudgedByTheOldOne) {
  install("kernels", {{"kernels.so", extension()}});
  install("torch", {{"torch/lib/libc10.so", c10("_ZN3c105ErrorC2Ev")}});
  audit(run());
  EXPECT_THAT(audit(run()).binaries.at(0).missing_torch_symbols.value(), IsEmpty());
  install("torch", {{"torch/lib/libc10.so", c10("_ZN3c105ErrorC2Ei")}});
  EXPECT_THAT(audit(run()).binaries.at(0).missing_torch_symbols.value(), ElementsAre("_ZN3c105ErrorC2Ev"));
  EXPECT_THAT(audit(run()).binaries.at(0).missing_torch_symbols.value(), ElementsAre("_ZN3c105ErrorC2Ev"));
}

}  // namespace
}  // namespace diffcheck
