#include "probe/linked_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/elf_builder.h"
#include "tests/ld_cache_builder.h"
#include "tests/tree.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string k_interpreter = "/lib64/ld-linux-x86-64.so.2";
const std::string k_program = "/opt/python/bin/python3";
const std::string k_module = "/site/x.so";

std::string library(const std::string& soname) { return ElfBuilder().soname(soname).build(); }

/// A machine on which a program loads one module.
class LinkedProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    tree_.file(k_interpreter, library("ld-linux-x86-64.so.2"));
    put(k_program, ElfBuilder().interpreter(k_interpreter));
  }

  void put(const std::string& path, const ElfBuilder& file) { tree_.file(path, file.build()); }
  /// A module that needs liba.so.1 and has what `more` adds.
  static ElfBuilder module() { return ElfBuilder().needed("liba.so.1"); }
  void put_library(const std::string& folder) { tree_.file(folder + "/liba.so.1", library("liba.so.1")); }

  LoadOutcome load(const std::vector<std::string>& paths = {k_module}) {
    system_.emplace(tree_.system());
    objects_.emplace(*system_);
    process_.emplace(*system_, *objects_, search_settings(*system_, interpreter_, 62));
    LoadOutcome outcome = process_->start(k_program, interpreter_, preload_);
    EXPECT_TRUE(outcome.loads());
    for (const std::string& path : paths) outcome = process_->load(path);
    return outcome;
  }

  /// Which file of liba.so.1 is taken, and by which rule.
  std::string taken(const std::vector<std::string>& paths = {k_module}) {
    const LoadOutcome outcome = load(paths);
    if (outcome.unknown) return "unknown: " + outcome.unknown->where;
    if (!outcome.defects.empty()) return "missing";
    const LoadedObject* object = process_->find("liba.so.1");
    return object == nullptr ? "not needed" : object->path + " by " + std::string(name_of(object->found_by));
  }

  TemporaryTree tree_;
  std::string interpreter_ = k_interpreter;
  std::string preload_;
  std::optional<System> system_;
  std::optional<LinkObjects> objects_;
  std::optional<LinkedProcess> process_;
};

TEST_F(LinkedProcessTest, WhatIsNowhereIsMissingWithWhoNeedsIt) {
  put(k_module, module());
  const LoadOutcome outcome = load();
  EXPECT_THAT(outcome.defects, ElementsAre(LinkDefect{LinkDefect::Kind::missing_library, "liba.so.1", "", k_module}));
  EXPECT_EQ(process_->find(k_module), nullptr) << "what does not load leaves nothing behind";
}

TEST_F(LinkedProcessTest, SearchesTheFoldersInTheOrderOfTheLinker) {
  tree_.env("LD_LIBRARY_PATH", "/env");
  tree_.file("/etc/ld.so.cache", ld_cache({{"liba.so.1", "/cached/liba.so.1"}}));
  put_library("/usr/lib");
  put(k_module, module().rpath("/rpath"));
  EXPECT_EQ(taken(), "/usr/lib/liba.so.1 by system-folder");
  put_library("/lib/x86_64-linux-gnu");
  EXPECT_EQ(taken(), "/lib/x86_64-linux-gnu/liba.so.1 by system-folder");
  put_library("/cached");
  EXPECT_EQ(taken(), "/cached/liba.so.1 by ld-cache");
  put_library("/env");
  EXPECT_EQ(taken(), "/env/liba.so.1 by ld-library-path");
  put_library("/rpath");
  EXPECT_EQ(taken(), "/rpath/liba.so.1 by rpath");
}

TEST_F(LinkedProcessTest, RunpathComesAfterTheVariableAndBeforeTheCache) {
  tree_.env("LD_LIBRARY_PATH", "/env");
  tree_.file("/etc/ld.so.cache", ld_cache({{"liba.so.1", "/cached/liba.so.1"}}));
  put_library("/cached");
  put_library("/runpath");
  put(k_module, module().runpath("/runpath"));
  EXPECT_EQ(taken(), "/runpath/liba.so.1 by runpath");
  put_library("/env");
  EXPECT_EQ(taken(), "/env/liba.so.1 by ld-library-path");
}

TEST_F(LinkedProcessTest, RunpathHidesRpath) {
  put_library("/rpath");
  put_library("/usr/lib");
  put(k_module, module().rpath("/rpath").runpath("/nothing"));
  EXPECT_EQ(taken(), "/usr/lib/liba.so.1 by system-folder");
}

TEST_F(LinkedProcessTest, RpathOfThoseThatLoadedAnObjectCountsForIt) {
  put_library("/rpath");
  put("/site/libmiddle.so", module());
  put(k_module, ElfBuilder().needed("libmiddle.so").rpath("$ORIGIN:/rpath"));
  EXPECT_EQ(taken(), "/rpath/liba.so.1 by rpath");
  put("/site/libmiddle.so", module().runpath("/nothing"));
  EXPECT_EQ(taken(), "missing") << "an own RUNPATH shuts out the RPATH of others";
}

TEST_F(LinkedProcessTest, RunpathCountsForItsOwnObjectOnly) {
  put_library("/runpath");
  put("/runpath/libmiddle.so", module());
  put(k_module, ElfBuilder().needed("libmiddle.so").runpath("/runpath"));
  EXPECT_EQ(taken(), "missing");
}

TEST_F(LinkedProcessTest, RpathOfTheProgramCountsForEveryModule) {
  put_library("/opt/python/lib");
  put(k_program, ElfBuilder().interpreter(k_interpreter).rpath("$ORIGIN/../lib"));
  put(k_module, module());
  EXPECT_EQ(taken(), "/opt/python/bin/../lib/liba.so.1 by rpath");
}

TEST_F(LinkedProcessTest, TokensAreReplaced) {
  put_library("/site/libs");
  put(k_module, module().runpath("${ORIGIN}/libs"));
  EXPECT_EQ(taken(), "/site/libs/liba.so.1 by runpath");
  put_library("/x/lib64/x86_64");
  put(k_module, module().runpath("/x/$LIB/$PLATFORM"));
  EXPECT_EQ(taken(), "/x/lib64/x86_64/liba.so.1 by runpath");
  tree_.directory("/usr/lib/x86_64-linux-gnu");
  EXPECT_EQ(taken(), "missing") << "there, $LIB is lib/x86_64-linux-gnu";
}

TEST_F(LinkedProcessTest, WhatIsAlreadyThereByItsSonameIsTaken) {
  put_library("/first");
  put_library("/rpath");
  put(k_module, module().rpath("/rpath"));
  EXPECT_EQ(taken({"/first/liba.so.1", k_module}), "/first/liba.so.1 by path");
}

TEST_F(LinkedProcessTest, PreloadedLibrariesAreThereFirst) {
  put_library("/first");
  put_library("/rpath");
  put(k_module, module().rpath("/rpath"));
  preload_ = "/absent.so /first/liba.so.1";
  EXPECT_EQ(taken(), "/first/liba.so.1 by path");
}

TEST_F(LinkedProcessTest, AFileForAnotherMachineOrClassIsPassedOver) {
  tree_.env("LD_LIBRARY_PATH", "/arm:/small;/env");
  put("/arm/liba.so.1", ElfBuilder().soname("liba.so.1").machine(183));
  std::string small = library("liba.so.1");
  small[4] = 1;
  tree_.file("/small/liba.so.1", small);
  put_library("/env");
  put(k_module, module());
  EXPECT_EQ(taken(), "/env/liba.so.1 by ld-library-path");
}

TEST_F(LinkedProcessTest, WhatCannotBeReadIsUnknownNotMissing) {
  put(k_module, module());
  tree_.env("LD_LIBRARY_PATH", "/env");
  tree_.file("/env/liba.so.1", "GROUP ( liba.so )");
  EXPECT_EQ(taken(), "unknown: /env/liba.so.1");
  tree_.error("open", "/env/liba.so.1", {Error::Kind::denied, "/env/liba.so.1", "permission denied"});
  EXPECT_EQ(taken(), "unknown: /env/liba.so.1");
  put_library("/usr/lib");
  EXPECT_EQ(taken(), "/usr/lib/liba.so.1 by system-folder");
}

TEST_F(LinkedProcessTest, WithABrokenCacheNothingIsMissing) {
  put(k_module, module());
  tree_.file("/etc/ld.so.cache", "junk");
  EXPECT_EQ(taken(), "unknown: /etc/ld.so.cache");
  put_library("/usr/lib");
  EXPECT_EQ(taken(), "/usr/lib/liba.so.1 by system-folder");
}

TEST_F(LinkedProcessTest, FoldersOfAnUnusualLinkerAreNotKnown) {
  interpreter_ = "/nix/store/x-glibc/lib/ld-linux-x86-64.so.2";
  put_library("/usr/lib");
  put(k_module, module());
  EXPECT_EQ(taken(), "unknown: " + interpreter_);
  put_library("/site");
  put(k_module, module().runpath("$ORIGIN"));
  EXPECT_EQ(taken(), "/site/liba.so.1 by runpath");
}

TEST_F(LinkedProcessTest, AnEmptyEntryOfTheVariableIsTheWorkingFolder) {
  tree_.env("LD_LIBRARY_PATH", "/nothing:").link("/proc/self/cwd", "/work");
  put_library("/work");
  put(k_module, module());
  EXPECT_EQ(taken(), "./liba.so.1 by ld-library-path");
}

TEST_F(LinkedProcessTest, VersionsMustBeInTheLibraryThatIsTaken) {
  put("/usr/lib/libstdc++.so.6", ElfBuilder().soname("libstdc++.so.6").version_definition("GLIBCXX_3.4.28"));
  put(k_module, ElfBuilder().needed("libstdc++.so.6").version_need("libstdc++.so.6", "GLIBCXX_3.4.30"));
  EXPECT_THAT(load().defects, ElementsAre(LinkDefect{LinkDefect::Kind::missing_version, "GLIBCXX_3.4.30",
                                                     "/usr/lib/libstdc++.so.6", k_module}));
  tree_.env("LD_LIBRARY_PATH", "/conda");
  put("/conda/libstdc++.so.6", ElfBuilder().soname("libstdc++.so.6").version_definition("GLIBCXX_3.4.30"));
  EXPECT_TRUE(load().loads());
  put("/conda/libstdc++.so.6", ElfBuilder().soname("libstdc++.so.6"));
  EXPECT_TRUE(load().loads()) << "a library without versions draws a warning only";
  put(k_module, ElfBuilder().needed("libstdc++.so.6").version_need("libstdc++.so.6", "GLIBCXX_3.4.99", true));
  put("/conda/libstdc++.so.6", ElfBuilder().soname("libstdc++.so.6").version_definition("GLIBCXX_3.4.30"));
  EXPECT_TRUE(load().loads()) << "so does the lack of a weak one";
}

/// nvJitLink has one version for all releases of a CUDA major; each release adds symbols.
ElfBuilder nvjitlink(const std::string& symbol) {
  return ElfBuilder()
      .soname("libnvJitLink.so.12")
      .version_definition("libnvJitLink.so.12")
      .symbol(symbol, true, "libnvJitLink.so.12");
}

TEST_F(LinkedProcessTest, AnOlderNvJitLinkOnTheVariableLacksSymbols) {
  put(k_module, ElfBuilder()
                    .needed("libnvJitLink.so.12")
                    .runpath("$ORIGIN/nvjitlink")
                    .version_need("libnvJitLink.so.12", "libnvJitLink.so.12")
                    .symbol("__nvJitLinkCreate_12_8", false, "libnvJitLink.so.12"));
  put("/site/nvjitlink/libnvJitLink.so.12", nvjitlink("__nvJitLinkCreate_12_8"));
  EXPECT_TRUE(load().loads());
  tree_.env("LD_LIBRARY_PATH", "/usr/local/cuda/lib64");
  put("/usr/local/cuda/lib64/libnvJitLink.so.12", nvjitlink("__nvJitLinkCreate_12_1"));
  EXPECT_THAT(load().defects, ElementsAre(LinkDefect{LinkDefect::Kind::missing_symbol, "__nvJitLinkCreate_12_8",
                                                     "/usr/local/cuda/lib64/libnvJitLink.so.12", k_module}));
  put("/usr/local/cuda/lib64/libnvJitLink.so.12", nvjitlink("__nvJitLinkCreate_12_8"));
  EXPECT_TRUE(load().loads());
  put("/usr/local/cuda/lib64/libnvJitLink.so.12", nvjitlink("__nvJitLinkCreate_12_1").without_gnu_hash());
  EXPECT_THAT(load().defects, SizeIs(1)) << "as the library of CUDA 12.1 is";
}

TEST_F(LinkedProcessTest, OfALibraryWithoutVersionsTheNamesOfSymbolsTell) {
  put(k_module, ElfBuilder().needed("libnccl.so.2").symbol("ncclCommWindowRegister", false).symbol("free", false));
  put("/usr/lib/libnccl.so.2", ElfBuilder().soname("libnccl.so.2").symbol("ncclCommInitRank", true));
  EXPECT_THAT(load().defects, ElementsAre(LinkDefect{LinkDefect::Kind::missing_symbol, "ncclCommWindowRegister",
                                                     "/usr/lib/libnccl.so.2", k_module}));
}

TEST_F(LinkedProcessTest, ASymbolThatBeginsLikeOneLibraryMayBeInAnother) {
  put(k_module, ElfBuilder().needed("libcusparse.so.12").needed("libcusparseLt.so.0").symbol("cusparseLtInit", false));
  put("/usr/lib/libcusparse.so.12", ElfBuilder().soname("libcusparse.so.12").symbol("cusparseCreate", true));
  put("/usr/lib/libcusparseLt.so.0", ElfBuilder().soname("libcusparseLt.so.0").symbol("cusparseLtInit", true));
  EXPECT_TRUE(load().loads());
  put("/usr/lib/libcusparseLt.so.0", ElfBuilder().soname("libcusparseLt.so.0"));
  EXPECT_FALSE(load().loads());
}

TEST_F(LinkedProcessTest, CirclesOfLibrariesEnd) {
  put("/usr/lib/liba.so.1", ElfBuilder().soname("liba.so.1").needed("libb.so.1"));
  put("/usr/lib/libb.so.1", ElfBuilder().soname("libb.so.1").needed("liba.so.1"));
  put(k_module, module());
  EXPECT_TRUE(load().loads());
  EXPECT_THAT(process_->objects(), SizeIs(5)) << "program, linker, module and two libraries";
}

TEST_F(LinkedProcessTest, TryingLeavesNothingBehind) {
  put_library("/usr/lib");
  put(k_module, module());
  EXPECT_TRUE(load({}).loads());
  EXPECT_TRUE(process_->try_load(k_module).loads());
  EXPECT_EQ(process_->find("liba.so.1"), nullptr);
  EXPECT_TRUE(process_->load(k_module).loads());
  EXPECT_NE(process_->find("liba.so.1"), nullptr);
}

}  // namespace
}  // namespace diffcheck
