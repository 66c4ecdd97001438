// What a plan asks of host memory and disk.
#include "rules/host_findings.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "rules/diagnose.h"
#include "rules/machine_spec.h"
#include "tests/rules/case_table.h"

namespace diffcheck {
namespace {

constexpr std::int64_t k_gib = std::int64_t{1} << 30;

class HostFindingsTest : public testing::Test {
 protected:
  HostFindingsTest() {
    request_.engine = known<std::string>("diffusers", "test");
    request_.model = known<std::string>("flux.1-dev", "test");  // 31.5 GiB in bf16
    snapshot_.storage.hf_cache.path = known<std::string>("/home/someone/.cache/huggingface/hub", "test");
  }

  void set_disk(std::int64_t total_gib, std::int64_t free_gib) {
    snapshot_.storage.hf_cache.total_bytes = known(Bytes{total_gib * k_gib}, "test");
    snapshot_.storage.hf_cache.free_bytes = known(Bytes{free_gib * k_gib}, "test");
  }

  std::vector<std::string> ids() const {
    std::vector<std::string> ids;
    for (const Finding& finding : diagnose(snapshot_, request_, knowledge(), true).findings) ids.push_back(finding.id);
    return ids;
  }
  bool finds(const std::string& id) const {
    const auto all = ids();
    return std::find(all.begin(), all.end(), id) != all.end();
  }

  Snapshot snapshot_ = machine_from_spec("1xH100-SXM", {}, knowledge())->snapshot;
  Request request_;
};

TEST_F(HostFindingsTest, ADiskSmallerThanTheCheckpointIsSurelyTooSmall) {
  set_disk(30, 29);
  EXPECT_TRUE(finds("disk-too-small"));
  EXPECT_FALSE(finds("disk-may-be-short"));
}

TEST_F(HostFindingsTest, LittleFreeSpaceIsOnlyUnknownAsTheCheckpointMayBeThere) {
  set_disk(1000, 20);
  EXPECT_FALSE(finds("disk-too-small"));
  EXPECT_TRUE(finds("disk-may-be-short"));
}

TEST_F(HostFindingsTest, EnoughSpaceOrNoKnownSpaceSaysNothing) {
  EXPECT_FALSE(finds("disk-may-be-short"));
  set_disk(1000, 40);
  EXPECT_FALSE(finds("disk-too-small") || finds("disk-may-be-short"));
}

TEST_F(HostFindingsTest, ACheckpointThatIsNamedIsNotDownloaded) {
  set_disk(30, 1);
  request_.model_dir = known<std::string>("/models/flux", "test");
  EXPECT_FALSE(finds("disk-too-small") || finds("disk-may-be-short"));
}

TEST_F(HostFindingsTest, AnEngineThatTakesAFolderDownloadsNothing) {
  set_disk(10, 1);
  request_.engine = known<std::string>("wan2.1", "test");
  request_.model = known<std::string>("wan2.1-t2v-14b", "test");
  EXPECT_FALSE(finds("disk-too-small") || finds("disk-may-be-short"));
}

TEST_F(HostFindingsTest, PinnedCopiesCountAgainstTheLimitOfTheContainer) {
  snapshot_.memory.limit_bytes = known(Bytes{40 * k_gib}, "test");
  request_.pins["offload"] = known<std::string>("model", "test");
  EXPECT_FALSE(finds("host-memory-short"));
  request_.pins["offload"] = known<std::string>("group-leaf", "test");  // a pinned copy of all weights besides
  EXPECT_TRUE(finds("host-memory-short"));
}

}  // namespace
}  // namespace diffcheck
