#include "probe/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/environment.h"
#include "probe/kernel_log.h"
#include "tests/tree.h"

namespace diffcheck {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// ---- interfaces, adapters ----

TEST(NetworkTest, TellsCardsFromBridgesAndSpeedsFromNone) {
  TemporaryTree tree;
  tree.file("/sys/class/net/lo/operstate", "unknown\n")
      .file("/sys/class/net/eth0/operstate", "up\n")
      .file("/sys/class/net/eth0/speed", "25000\n")
      .directory("/sys/class/net/eth0/device")
      .file("/sys/class/net/docker0/operstate", "down\n")
      .file("/sys/class/net/docker0/speed", "-1\n");
  const NetworkFacts facts = probe_network(tree.system());
  ASSERT_THAT(facts.interfaces, SizeIs(2));
  EXPECT_EQ(facts.interfaces[0].name.value(), "docker0");
  EXPECT_FALSE(facts.interfaces[0].physical.value());
  EXPECT_TRUE(facts.interfaces[0].speed_mbps.is_absent());
  EXPECT_TRUE(facts.interfaces[1].physical.value());
  EXPECT_EQ(facts.interfaces[1].speed_mbps.value(), 25000);
}

TEST(NetworkTest, ReadsPortsAsTheKernelWritesThem) {
  TemporaryTree tree;
  const std::string port = "/sys/class/infiniband/mlx5_0/ports/1/";
  tree.file(port + "state", "4: ACTIVE\n")
      .file(port + "phys_state", "5: LinkUp\n")
      .file(port + "rate", "400 Gb/sec (4X NDR)\n")
      .file(port + "link_layer", "InfiniBand\n")
      .file("/sys/class/infiniband/mlx5_1/ports/1/rate", "2.5 Gb/sec (1X SDR)\n")
      .file("/sys/class/infiniband/mlx5_2/ports/x/rate", "fast\n")
      .file("/sys/class/infiniband/mlx5_3/ports/2/rate", "fast\n");
  const auto ports = probe_network(tree.system()).fabric_ports;
  ASSERT_THAT(ports, SizeIs(3));
  EXPECT_EQ(ports[0].state.value(), "ACTIVE");
  EXPECT_EQ(ports[0].physical_state.value(), "LinkUp");
  EXPECT_EQ(ports[0].rate_gbps.value(), 400);
  EXPECT_EQ(ports[1].rate_gbps.value(), 2);
  EXPECT_TRUE(ports[1].state.is_unknown());
  EXPECT_THAT(ports[2].rate_gbps.why(), HasSubstr("fast"));
}

TEST(NetworkTest, HundredsOfInterfacesAreCutOff) {
  TemporaryTree tree;
  for (int i = 0; i < 100; ++i) tree.file("/sys/class/net/veth" + std::to_string(i) + "/operstate", "up\n");
  EXPECT_THAT(probe_network(tree.system()).interfaces, SizeIs(64));
}

// ---- the kernel's log ----

TEST(KernelLogTest, ReadsXidsAndNothingElse) {
  EXPECT_THAT(parse_xids("NVRM: Xid (PCI:0000:2b:00): 79, GPU has fallen off the bus.\n"
                         "[ 12.5] NVRM: Xid (PCI:0000:2B:00.0): 31, pid=1, name=python\n"
                         "NVRM: Xid (PCI:0000:2b:00): many\nNVRM: Xid (PCI:here): 3, x\nNVRM: Xid (PCI:0000:2b:00\n"
                         "NVRM: Xid (PCI:0000:2b:00): 99999999999999999999, x\nXid 5\n"),
              ElementsAre(Xid{"0000:2b:00.0", "79"}, Xid{"0000:2b:00.0", "31"}));
}

TEST(KernelLogTest, GivesEachGpuItsOwnAndSaysWhereItMayNotLook) {
  std::vector<GpuFacts> gpus(3);
  for (std::size_t i = 0; i < 3; ++i) {
    gpus[i].pci_bus_id = known("0000:0" + std::to_string(i + 1) + ":00.0", "test");
    gpus[i].kernel_driver = known<std::string>(i < 2 ? "nvidia" : "amdgpu", "test");
  }
  TemporaryTree tree;
  tree.answer("kernel_log.txt", "NVRM: Xid (PCI:0000:02:00.0): 48,\nNVRM: Xid (PCI:0000:02:00.0): 48,\n");
  add_xids(tree.system(), gpus);
  EXPECT_THAT(gpus[0].health.xids.value(), IsEmpty());
  EXPECT_THAT(gpus[1].health.xids.value(), ElementsAre("48"));
  EXPECT_TRUE(gpus[2].health.xids.is_unset());
  add_xids(TemporaryTree().system(), gpus);
  EXPECT_TRUE(gpus[1].health.xids.is_unknown());
}

// ---- NCCL's files ----

TEST(NcclFilesTest, AddWhatTheEnvironmentDoesNotSet) {
  TemporaryTree tree;
  tree.env("HOME", "/home/a")
      .env("NCCL_DEBUG", "WARN")
      .file("/home/a/.nccl.conf", "NCCL_DEBUG=TRACE\nNCCL_IB_HCA=mlx5_0\n# NCCL_ALGO=Ring\nHF_TOKEN=x\nPATH=/x\n")
      .file("/etc/nccl.conf", "NCCL_IB_HCA=mlx5_1\nNCCL_P2P_DISABLE = 1\n");
  const EnvironmentFacts facts = probe_environment(tree.system());
  EXPECT_THAT(facts, SizeIs(3));
  EXPECT_EQ(facts.at("NCCL_DEBUG").value(), "WARN");
  EXPECT_EQ(facts.at("NCCL_IB_HCA"), known<std::string>("mlx5_0", "/home/a/.nccl.conf"));
  EXPECT_EQ(facts.at("NCCL_P2P_DISABLE").source(), "/etc/nccl.conf");
}

}  // namespace
}  // namespace diffcheck
