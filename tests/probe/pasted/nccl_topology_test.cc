// Constructed from the format that NCCL's src/graph/xml.cc writes; recorded files of others where there are any.
#include "probe/pasted/nccl_topology.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../recorded_machines.h"
#include "probe/pasted/import_paste.h"

namespace diffcheck::pasted {
namespace {

using testing::HasSubstr;

Snapshot imported(std::string_view text) { return import_paste(text).snapshot; }

/// Four GPUs in two bridged pairs, a pair on each processor; the first pair behind one switch.
constexpr const char* k_pairs = R"(<system version="1">
  <cpu numaid="0" affinity="0000ffff" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="106">
    <pci busid="0000:16:00.0" class="0x060400" vendor="0x10b5" device="0x8747" subsystem_vendor="0x10b5" subsystem_device="0x8747" link_speed="16.0 GT/s PCIe" link_width="16">
      <pci busid="0000:17:00.0" class="0x030000" vendor="0x10de" device="0x2230" subsystem_vendor="0x10de" subsystem_device="0x1459" link_speed="16.0 GT/s PCIe" link_width="16">
        <gpu dev="0" sm="86" rank="0" gdr="0">
          <nvlink target="0000:18:00.0" count="4" tclass="0x030000"/>
        </gpu>
      </pci>
      <pci busid="0000:18:00.0" class="0x030000" vendor="0x10de" device="0x2230" subsystem_vendor="0x10de" subsystem_device="0x1459" link_speed="16.0 GT/s PCIe" link_width="8">
        <gpu dev="1" sm="86" rank="1" gdr="0">
          <nvlink target="0000:17:00.0" count="4" tclass="0x030000"/>
        </gpu>
      </pci>
    </pci>
    <nic>
      <net name="mlx5_0" dev="0" latency="0.000000" speed="200000" port="1" guid="0x4bcb2f0003f2a4b8" maxconn="131072" gdr="1"/>
    </nic>
  </cpu>
  <cpu numaid="1" affinity="ffff0000" arch="x86_64" vendor="GenuineIntel" familyid="6" modelid="106">
    <pci busid="0000:b3:00.0" class="0x030000" vendor="0x10de" device="0x2230" subsystem_vendor="0x10de" subsystem_device="0x1459" link_speed="16.0 GT/s PCIe" link_width="16">
      <gpu dev="2" sm="86" rank="2" gdr="0">
        <nvlink target="0000:B4:00.0" count="4" tclass="0x030000"/>
      </gpu>
    </pci>
    <pci busid="0000:b4:00.0" class="0x030000" vendor="0x10de" device="0x2230" subsystem_vendor="0x10de" subsystem_device="0x1459" link_speed="16.0 GT/s PCIe" link_width="16">
      <gpu dev="3" sm="86" rank="3" gdr="0">
        <nvlink target="0000:b3:00.0" count="4" tclass="0x030000"/>
      </gpu>
    </pci>
    <nic>
      <net name="eno1" dev="1" speed="10000" port="0" latency="0.000000" guid="0x0" maxconn="65536" gdr="0"/>
    </nic>
  </cpu>
</system>
)";

const GpuLinkFacts& link(const Snapshot& snapshot, std::size_t from, std::size_t to) {
  for (const GpuLinkFacts& one : snapshot.gpus.at(from).links) {
    if (one.peer_pci_bus_id.is_known() && one.peer_pci_bus_id.value() == snapshot.gpus.at(to).pci_bus_id.value())
      return one;
  }
  throw std::out_of_range("no link");
}

TEST(NcclTopology, TellsGpusAndTheirPlaces) {
  const PasteImport import = import_paste(k_pairs);
  ASSERT_EQ(import.found.size(), 1U);
  EXPECT_EQ(import.found[0].format, "NCCL topology");
  const Snapshot& snapshot = import.snapshot;
  ASSERT_EQ(snapshot.gpus.size(), 4U);
  EXPECT_EQ(snapshot.gpus[0].vendor.value(), "nvidia");
  EXPECT_EQ(snapshot.gpus[0].pci_bus_id.value(), "0000:17:00.0");
  EXPECT_EQ(snapshot.gpus[0].pci_device_id.value(), "10de:2230");
  EXPECT_EQ(to_string(snapshot.gpus[0].compute_capability.value()), "8.6");
  EXPECT_EQ(snapshot.gpus[0].numa_node.value(), 0);
  EXPECT_EQ(snapshot.gpus[3].numa_node.value(), 1);
  EXPECT_EQ(snapshot.gpus[0].pcie.max_generation.value(), 4);
  EXPECT_EQ(snapshot.gpus[1].pcie.max_width.value(), 8);
  EXPECT_THAT(snapshot.gpus[0].pci_bus_id.source(), HasSubstr("pasted NCCL topology, line 4"));
  EXPECT_TRUE(snapshot.complete.gpus.is_unknown());
}

TEST(NcclTopology, TellsLinksAndTheWayOverPci) {
  const Snapshot snapshot = imported(k_pairs);
  EXPECT_EQ(link(snapshot, 0, 1).nvlink_active_links.value(), 4);
  EXPECT_EQ(link(snapshot, 0, 1).common_ancestor.value(), "PIX");
  EXPECT_EQ(link(snapshot, 2, 3).nvlink_active_links.value(), 4);
  EXPECT_EQ(link(snapshot, 2, 3).common_ancestor.value(), "PHB");
  EXPECT_EQ(link(snapshot, 1, 2).nvlink_active_links.value(), 0);
  EXPECT_EQ(link(snapshot, 1, 2).common_ancestor.value(), "SYS");
}

TEST(NcclTopology, TellsAdaptersAndInterfaces) {
  const Snapshot snapshot = imported(k_pairs);
  ASSERT_EQ(snapshot.network.fabric_ports.size(), 1U);
  EXPECT_EQ(snapshot.network.fabric_ports[0].device.value(), "mlx5_0");
  EXPECT_EQ(snapshot.network.fabric_ports[0].rate_gbps.value(), 200);
  ASSERT_EQ(snapshot.network.interfaces.size(), 1U);
  EXPECT_EQ(snapshot.network.interfaces[0].name.value(), "eno1");
  EXPECT_EQ(snapshot.network.interfaces[0].speed_mbps.value(), 10'000);
}

TEST(NcclTopology, LinksToSwitchesJoinAllThatHaveThem) {
  std::string text = k_pairs;
  for (std::size_t at = text.find("<nvlink target="); at != std::string::npos;
       at = text.find("<nvlink target=", at + 1)) {
    const std::size_t end = text.find("/>", at);
    text.replace(at, end - at, R"(<nvlink target="fffffff:ffff:ff" count="12" tclass="0x068000")");
  }
  const Snapshot snapshot = imported(text);
  EXPECT_EQ(link(snapshot, 0, 3).nvlink_active_links.value(), 12);
  EXPECT_EQ(link(snapshot, 2, 1).nvlink_active_links.value(), 12);
}

TEST(NcclTopology, AFileWithoutGpuElementsTellsNoLinks) {
  const Snapshot snapshot = imported(
      "<system version=\"1\">\n<cpu numaid=\"0\">\n"
      "<pci busid=\"0001:00:00.0\" class=\"0x030200\" link_speed=\"16 GT/s\" link_width=\"16\"/>\n"
      "<pci busid=\"0002:00:00.0\" class=\"0x030200\" link_speed=\"\" link_width=\"0\"/>\n</cpu>\n</system>\n");
  ASSERT_EQ(snapshot.gpus.size(), 2U);
  EXPECT_TRUE(link(snapshot, 0, 1).nvlink_active_links.is_unknown());
  EXPECT_EQ(link(snapshot, 0, 1).common_ancestor.value(), "PHB");
  EXPECT_TRUE(snapshot.gpus[0].vendor.is_unknown());
  EXPECT_TRUE(snapshot.gpus[1].pcie.max_width.is_unknown());
}

TEST(NcclTopology, WhatIsCutOrBrokenIsReadAsFarAsItGoes) {
  const std::string text = k_pairs;
  for (std::size_t size = 0; size < text.size(); size += 61) EXPECT_LE(imported(text.substr(0, size)).gpus.size(), 4U);
  EXPECT_TRUE(import_paste("<system version=\"1\">\n</system>\n").found.empty());
  std::string deep = "<system version=\"1\"><cpu numaid=\"0\">";
  for (int i = 0; i < 10'000; ++i) deep += "<pci busid=\"0000:00:00.0\" class=\"0x030200\">\n";
  EXPECT_LE(imported(deep).gpus.size(), 72U);
}

TEST(NcclTopology, ReadsTheFilesOfClouds) {
  const auto files = recorded_files("nccl-topology", ".xml");
  SKIP_WITHOUT(files);
  for (const auto& file : files) {
    const PasteImport import = import_paste(file_text(file));
    if (import.found.empty()) continue;  // some describe adapters of which nothing is known
    const auto written = snapshot_to_json(import.snapshot);
    EXPECT_TRUE(snapshot_from_json(written, file.string())) << file;
    const std::string name = file.filename().string();
    const std::size_t gpus = import.snapshot.gpus.size();
    if (name.starts_with("topo_8p")) {
      EXPECT_EQ(gpus, 8U) << name;
    }
    if (name.starts_with("ndv") || name.starts_with("p4d")) {
      EXPECT_EQ(gpus, 8U) << name;
    }
    if (name.starts_with("topo_8p6l")) {
      EXPECT_EQ(import.snapshot.gpus[0].vendor.value(), "amd") << name;
      EXPECT_EQ(import.snapshot.gpus[0].gfx_target.value(), "gfx908") << name;
    }
  }
}

}  // namespace
}  // namespace diffcheck::pasted
