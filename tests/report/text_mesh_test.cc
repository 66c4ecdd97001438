#include "report/text_mesh.h"

#include <gtest/gtest.h>

#include "report/style.h"
#include "report/wrap.h"
#include "rules/machine_spec.h"
#include "tests/report/example.h"
#include "tests/report/golden.h"

namespace diffcheck {
namespace {

std::string text_of(const Table& table) {
  std::string text;
  for (const std::string& line : table.lines(Style::usual_width)) text += line + "\n";
  return text;
}

MeshPlan mesh_of(std::int64_t nodes, std::int64_t gpus_per_node,
                 std::vector<std::pair<std::string, std::int64_t>> axes) {
  MeshPlan mesh{nodes, gpus_per_node, {}};
  std::int64_t stride = 1;
  for (const auto& [axis, size] : axes) {
    const bool crosses = stride * size > gpus_per_node;
    mesh.axes.push_back({axis, size, stride, crosses, crosses ? "infiniband" : "nvlink"});
    stride *= size;
  }
  return mesh;
}

std::string grid(const MeshPlan& mesh, Language language = Language::english) {
  const auto table = mesh_grid(mesh, words_in(language));
  return table ? text_of(*table) : "";
}

TEST(MeshGrid, IsReadableAtEightAndAtSixtyFourGpus) {
  expect_golden("mesh.8.en.txt", grid(mesh_of(1, 8, {{"ulysses", 4}, {"cfg", 2}})));
  expect_golden("mesh.64.en.txt", grid(mesh_of(8, 8, {{"ulysses", 8}, {"ring", 4}, {"cfg", 2}})));
  expect_golden("mesh.64.zh.txt", grid(mesh_of(8, 8, {{"ulysses", 8}, {"ring", 4}, {"cfg", 2}}), Language::chinese));
  expect_golden("mesh.4096.en.txt", grid(mesh_of(512, 8, {{"ulysses", 32}, {"data", 128}})));
}

TEST(MeshGrid, IsNotThereForOneGpu) { EXPECT_FALSE(mesh_grid(mesh_of(1, 1, {}), words_in(Language::english))); }

TEST(MeshGrid, HoldsEveryRankOnce) {
  const auto table =
      mesh_grid(mesh_of(2, 8, {{"tensor", 2}, {"ulysses", 2}, {"ring", 4}}), words_in(Language::english));
  ASSERT_TRUE(table);
  std::vector<std::string> ranks;
  for (const auto& row : table->rows) ranks.insert(ranks.end(), row.end() - 3, row.end() - 1);
  ASSERT_EQ(ranks.size(), 16U);
  for (std::size_t i = 0; i < ranks.size(); ++i) EXPECT_EQ(ranks[i], std::to_string(i));
}

Snapshot machine(const std::string& spec, const char* link) {
  return machine_from_spec(spec, {link, std::nullopt, std::nullopt}, built_in_knowledge())->snapshot;
}

std::vector<std::size_t> all_gpus(const Snapshot& snapshot) {
  std::vector<std::size_t> gpus;
  for (std::size_t i = 0; i < snapshot.gpus.size(); ++i) gpus.push_back(i);
  return gpus;
}

/// Pairs of GPUs with bridges, four on each of two processors.
Snapshot bridged(std::size_t count) {
  Snapshot snapshot = machine(std::to_string(count) + "xRTX-A6000", "pcie4");
  for (std::size_t i = 0; i < count; ++i) {
    std::size_t peer = 0;
    for (GpuLinkFacts& link : snapshot.gpus[i].links) {
      if (peer == i) ++peer;
      const bool joined = peer / 2 == i / 2;
      link.nvlink_active_links = known<std::int64_t>(joined ? 4 : 0, "test");
      link.common_ancestor = known<std::string>(peer / 4 == i / 4 ? "PHB" : "SYS", "test");
      ++peer;
    }
  }
  return snapshot;
}

TEST(LinkGrid, ShowsEightGpusOneByOneAndFoldsMore) {
  const Snapshot eight = bridged(8);
  expect_golden("links.8.en.txt", text_of(link_grid(link_words(eight, all_gpus(eight)))));
  const Snapshot sixteen = bridged(16);
  expect_golden("links.16.en.txt", text_of(link_grid(link_words(sixteen, all_gpus(sixteen)))));
}

TEST(LinkGrid, IsOneBlockWhereAllPairsAreAlike) {
  const Snapshot snapshot = machine("72xGB200", "nvlink");
  const Table table = link_grid(link_words(snapshot, all_gpus(snapshot)));
  ASSERT_EQ(table.rows.size(), 1U);
  EXPECT_EQ(table.rows[0], (std::vector<std::string>{"GPU0-71", "NV"}));
}

TEST(LinkGrid, SaysWhatIsNotKnown) {
  const Snapshot snapshot = machine_from_spec("2xL40", {}, built_in_knowledge())->snapshot;
  EXPECT_EQ(link_words(snapshot, {0, 1}), (std::vector<std::vector<std::string>>{{"X", "?"}, {"?", "X"}}));
}

TEST(LinkGrid, IsAsciiAndFitsALine) {
  const Snapshot eight = bridged(8);
  for (const std::string& text :
       {text_of(link_grid(link_words(eight, all_gpus(eight)))), grid(mesh_of(8, 8, {{"ulysses", 8}, {"ring", 8}}))}) {
    for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 0x80);
    std::size_t begin = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
      EXPECT_LE(end - begin, 98U);
      begin = end + 1;
    }
  }
}

}  // namespace
}  // namespace diffcheck
