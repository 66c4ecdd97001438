#include "probe/cache_folder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "tests/tree.h"

namespace diffcheck {
namespace {

namespace fs = std::filesystem;

TEST(CacheFolderPathTest, FollowsTheXdgSpecification) {
  EXPECT_EQ(cache_folder_of("/cache", "/home/me"), "/cache/diffcheck");
  EXPECT_EQ(cache_folder_of(std::nullopt, "/home/me"), "/home/me/.cache/diffcheck");
  EXPECT_EQ(cache_folder_of("", "/home/me"), "/home/me/.cache/diffcheck");
  EXPECT_EQ(cache_folder_of("relative", "/home/me"), "/home/me/.cache/diffcheck");
  EXPECT_EQ(cache_folder_of("relative", "home"), std::nullopt);
  EXPECT_EQ(cache_folder_of(std::nullopt, std::nullopt), std::nullopt);
}

class CacheFolderTest : public testing::Test {
 protected:
  fs::path path(const std::string& name = "") const {
    const fs::path folder = tree_.folder() / "home/.cache/diffcheck";
    return name.empty() ? folder : folder / name;
  }
  CacheFolder cache() const { return CacheFolder(path().string()); }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(path())) found.push_back(entry.path().filename());
    return found;
  }
  void SetUp() override { fs::create_directories(tree_.folder() / "home"); }

  TemporaryTree tree_;
};

TEST_F(CacheFolderTest, GivesBackWhatWasStored) {
  EXPECT_EQ(cache().load("x"), std::nullopt);
  const std::string bytes("a\0b", 3);
  cache().store("x", bytes);
  EXPECT_EQ(cache().load("x"), bytes);
  cache().store("x", "shorter");
  EXPECT_EQ(cache().load("x"), "shorter");
  EXPECT_EQ(names(), std::vector<std::string>{"x"});
  struct stat status {};
  ASSERT_EQ(::stat(path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(CacheFolderTest, MakesNoHome) {
  const CacheFolder homeless((tree_.folder() / "nobody/.cache/diffcheck").string());
  homeless.store("x", "bytes");
  EXPECT_EQ(homeless.load("x"), std::nullopt);
  EXPECT_FALSE(fs::exists(tree_.folder() / "nobody"));
}

TEST_F(CacheFolderTest, WhereOthersMayWriteItIsNotUsed) {
  cache().store("x", "bytes");
  fs::permissions(path(), fs::perms::group_write, fs::perm_options::add);
  EXPECT_EQ(cache().load("x"), std::nullopt);
  cache().store("y", "bytes");
  EXPECT_FALSE(fs::exists(path("y")));
  fs::permissions(path(), fs::perms::group_write, fs::perm_options::remove);
  EXPECT_EQ(cache().load("x"), "bytes");
  fs::permissions(path("x"), fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(cache().load("x"), std::nullopt);
}

TEST_F(CacheFolderTest, OfAnotherOwnerItIsNotUsed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  cache().store("x", "bytes");
  constexpr uid_t nobody = 65534;
  ASSERT_EQ(::chown(path("x").c_str(), nobody, nobody), 0);
  EXPECT_EQ(cache().load("x"), std::nullopt);
  cache().store("x", "mine");
  EXPECT_EQ(cache().load("x"), "mine") << "a rename needs the folder only";
  ASSERT_EQ(::chown(path().c_str(), nobody, nobody), 0);
  EXPECT_EQ(cache().load("x"), std::nullopt);
  cache().store("y", "bytes");
  EXPECT_FALSE(fs::exists(path("y")));
}

TEST_F(CacheFolderTest, RootMakesNothingInTheHomeOfOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  constexpr uid_t nobody = 65534;
  ASSERT_EQ(::chown((tree_.folder() / "home").c_str(), nobody, nobody), 0);
  cache().store("x", "bytes");
  EXPECT_FALSE(fs::exists(tree_.folder() / "home/.cache"));
}

TEST_F(CacheFolderTest, LinksAreNotFollowed) {
  fs::create_directories(path());
  fs::permissions(path(), fs::perms::owner_all);
  std::ofstream(tree_.folder() / "elsewhere") << "secret";
  fs::create_symlink(tree_.folder() / "elsewhere", path("x"));
  EXPECT_EQ(cache().load("x"), std::nullopt);
  cache().store("x", "bytes");
  EXPECT_EQ(cache().load("x"), "bytes");
  EXPECT_EQ(fs::file_size(tree_.folder() / "elsewhere"), 6U) << "the link was replaced, not written through";
  fs::create_directory_symlink(path(), tree_.folder() / "linked");
  const CacheFolder linked((tree_.folder() / "linked").string());
  EXPECT_EQ(linked.load("x"), std::nullopt);
  linked.store("y", "bytes");
  EXPECT_FALSE(fs::exists(path("y")));
}

TEST_F(CacheFolderTest, WhatIsNoRegularFileIsNotRead) {
  fs::create_directories(path("folder"));
  fs::permissions(path(), fs::perms::owner_all);
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(cache().load("pipe"), std::nullopt) << "and nothing waits for a writer";
  EXPECT_EQ(cache().load("folder"), std::nullopt);
  cache().store("folder", "bytes");
  EXPECT_EQ(names().size(), 2U) << "no temporary file is left";
  std::ofstream(path("huge")).put('x');
  fs::permissions(path("huge"), fs::perms::owner_read | fs::perms::owner_write);
  fs::resize_file(path("huge"), CacheFolder::largest_file_bytes + 1);
  EXPECT_EQ(cache().load("huge"), std::nullopt);
}

TEST_F(CacheFolderTest, AReadOnlyFolderIsNoError) {
  cache().store("x", "bytes");
  fs::permissions(path(), fs::perms::owner_read | fs::perms::owner_exec);
  cache().store("x", "new");
  EXPECT_EQ(cache().load("x"), ::geteuid() == 0 ? "new" : "bytes");
  fs::permissions(path(), fs::perms::owner_all);
  const CacheFolder nowhere("/proc/diffcheck");
  nowhere.store("x", "bytes");
  EXPECT_EQ(nowhere.load("x"), std::nullopt);
}

TEST_F(CacheFolderTest, AFullDiskIsNoError) {
  const CacheFolder full("/dev/full/diffcheck");
  full.store("x", "bytes");
  EXPECT_EQ(full.load("x"), std::nullopt);
  cache().store("x", "old");
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 2;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &low), 0);
  cache().store("x", "longer");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(cache().load("x"), "old");
  EXPECT_EQ(names(), std::vector<std::string>{"x"});
}

TEST_F(CacheFolderTest, AnAbandonedTemporaryFileDoesNotStayInTheWay) {
  cache().store("x", "old");
  std::ofstream(path("x.new")) << "half";
  cache().store("x", "new");
  EXPECT_EQ(cache().load("x"), "old") << "another run is writing";
  fs::last_write_time(path("x.new"), fs::file_time_type::clock::now() - std::chrono::minutes(5));
  cache().store("x", "new");
  cache().store("x", "new");
  EXPECT_EQ(cache().load("x"), "new");
  EXPECT_EQ(names(), std::vector<std::string>{"x"});
}

TEST_F(CacheFolderTest, ConcurrentRunsReadOneOfTheWholeTexts) {
  cache().store("x", std::string(100'000, '0'));
  std::vector<std::thread> writers;
  for (const char digit : {'1', '2', '3'}) {
    writers.emplace_back([this, digit] {
      for (int i = 0; i < 50; ++i) cache().store("x", std::string(100'000, digit));
    });
  }
  for (int i = 0; i < 200; ++i) {
    const auto bytes = cache().load("x");
    ASSERT_TRUE(bytes);
    EXPECT_EQ(*bytes, std::string(100'000, bytes->front()));
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(names(), std::vector<std::string>{"x"});
}

}  // namespace
}  // namespace diffcheck
