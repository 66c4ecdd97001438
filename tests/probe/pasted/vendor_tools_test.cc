// nvidia-smi's CSV and P2P matrix, AMD's and Huawei's tools, and variables that a shell line sets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "probe/pasted/import_paste.h"

namespace diffcheck::pasted {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::int64_t k_mebibyte = 1 << 20;

Snapshot imported(std::string_view text) { return import_paste(text).snapshot; }

// ---- nvidia-smi --query-gpu ----

TEST(SmiCsv, ReadsColumnsByTheirNames) {
  const Snapshot snapshot = imported(
      "$ nvidia-smi --query-gpu=index,name,uuid,memory.total,compute_cap,driver_version,power.limit --format=csv\n"
      "index, name, uuid, memory.total [MiB], compute_cap, driver_version, power.limit [W]\n"
      "0, NVIDIA L40, GPU-5a0e0f4e-0000-4000-8000-000000000001, 46068 MiB, 8.9, 550.90.07, 300.00 W\n"
      "1, NVIDIA L40, GPU-5a0e0f4e-0000-4000-8000-000000000002, 46068 MiB, 8.9, 550.90.07, [N/A]\n\nthen it fails\n");
  ASSERT_THAT(snapshot.gpus, SizeIs(2));
  EXPECT_EQ(snapshot.gpus[0].name.value(), "NVIDIA L40");
  EXPECT_EQ(snapshot.gpus[0].memory.total_bytes.value().count, 46068 * k_mebibyte);
  EXPECT_EQ(to_string(snapshot.gpus[0].compute_capability.value()), "8.9");
  EXPECT_EQ(snapshot.gpus[0].health.power_limit_watts.value(), 300);
  EXPECT_TRUE(snapshot.gpus[1].health.power_limit_watts.is_unknown());
  EXPECT_EQ(snapshot.drivers.nvidia.version.value().text(), "550.90.07");
  EXPECT_EQ(snapshot.drivers.nvidia.nvml_status.value(), "ok");
}

TEST(SmiCsv, WithoutTheNamesTheCommandTellsThem) {
  const Snapshot snapshot = imported(
      "nvidia-smi --query-gpu=name,memory.total,memory.free --format=csv,noheader,nounits\n"
      "Tesla T4, 15360, 14900\nTesla T4, 15360, 100\n");
  ASSERT_THAT(snapshot.gpus, SizeIs(2));
  EXPECT_EQ(snapshot.gpus[1].name.value(), "Tesla T4");
  EXPECT_EQ(snapshot.gpus[1].memory.free_bytes.value().count, 100 * k_mebibyte);
}

TEST(SmiCsv, AColumnAloneIsNotTheTextBelow) {
  const Snapshot snapshot = imported(
      "`nvidia-smi --query-gpu=name --format=csv,noheader`\nNVIDIA GeForce RTX 4090\nand then torch says that it\n"
      "has no kernel image\n");
  ASSERT_THAT(snapshot.gpus, SizeIs(1));
  EXPECT_EQ(snapshot.gpus[0].name.value(), "NVIDIA GeForce RTX 4090");
}

TEST(SmiCsv, OtherTablesAreLeftAlone) {
  for (const std::string_view text :
       {"name, version\ntorch, 2.5.1\n", "index, value\n0, 1\n", "name\nTesla T4\n", "--query-gpu=\n1, 2\n",
        "nvidia-smi --query-gpu=bogus --format=csv\nTesla T4\n", "memory.total [MiB], name\n"}) {
    EXPECT_THAT(import_paste(text).found, IsEmpty()) << text;
  }
}

// ---- nvidia-smi topo -p2p ----

constexpr const char* k_peers = " \tGPU0\tGPU1\t\n GPU0\tX\tGNS\t\n GPU1\tGNS\tX\t\n";
constexpr const char* k_links =
    "\tGPU0\tGPU1\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\nGPU0\t X \tPHB\t0-63\t0\t\tN/A\n"
    "GPU1\tPHB\t X \t0-63\t0\t\tN/A\n";

TEST(SmiPeers, TheCommandTellsWhatTheMatrixMeans) {
  const Snapshot reads = imported(std::string("nvidia-smi topo -p2p r\n") + k_peers);
  ASSERT_THAT(reads.gpus, SizeIs(2));
  ASSERT_THAT(reads.gpus[0].links, SizeIs(1));
  EXPECT_EQ(reads.gpus[0].links[0].p2p_read.value(), "GNS");
  EXPECT_TRUE(reads.gpus[0].links[0].p2p_write.is_unknown());
  const Snapshot both = imported(std::string("(topo -p2p rw)\n\n") + k_peers);
  EXPECT_EQ(both.gpus[1].links[0].p2p_write.value(), "GNS");
}

TEST(SmiPeers, NvlinkAndAtomicsAreOtherQuestions) {
  for (const char* kind : {"n", "a", "p"}) {
    EXPECT_THAT(import_paste(std::string("nvidia-smi topo -p2p ") + kind + "\n" + k_peers).found, IsEmpty()) << kind;
  }
  // OK is also what the matrix of NVLinks says.
  EXPECT_THAT(import_paste(" GPU0 GPU1\n GPU0 X OK\n GPU1 OK X\n").found, IsEmpty());
  EXPECT_EQ(imported(k_peers).gpus.at(0).links.at(0).p2p_read.value(), "GNS");
}

TEST(SmiPeers, JoinsTheLinksOfThePairs) {
  for (const std::string& text : {std::string(k_links) + "\nnvidia-smi topo -p2p r\n" + k_peers,
                                  std::string("nvidia-smi topo -p2p r\n") + k_peers + "\n" + k_links}) {
    const Snapshot snapshot = imported(text);
    ASSERT_THAT(snapshot.gpus, SizeIs(2));
    ASSERT_THAT(snapshot.gpus[0].links, SizeIs(1));
    EXPECT_EQ(snapshot.gpus[0].links[0].common_ancestor.value(), "PHB");
    EXPECT_EQ(snapshot.gpus[0].links[0].p2p_read.value(), "GNS");
  }
}

TEST(SmiPeers, ACutMatrixIsLeftOut) {
  EXPECT_THAT(import_paste("topo -p2p r\n GPU0 GPU1 GPU2\n GPU0 X GNS GNS\n GPU1 GNS X GNS\n").found, IsEmpty());
}

// ---- AMD ----

TEST(RocmSmi, ReadsTheLinesOfShow) {
  const Snapshot snapshot = imported(
      "============================ ROCm System Management Interface ============================\n"
      "====================================== Product Info ======================================\n"
      "GPU[0]\t\t: Card series: \t\tAMD Instinct MI300X OAM\nGPU[0]\t\t: Card model: \t\t0x74a1\n"
      "GPU[0]\t\t: GFX Version: \t\tgfx942\nGPU[1]\t\t: Card series: \t\tAMD Instinct MI300X OAM\n"
      "================================== Memory Usage (Bytes) ==================================\n"
      "GPU[0]\t\t: VRAM Total Memory (B): 206141652992\nGPU[0]\t\t: VRAM Total Used Memory (B): 297156608\n"
      "GPU[1]\t\t: VRAM Total Memory (B): 206141652992\n"
      "================================== End of ROCm SMI Log ===================================\n");
  ASSERT_THAT(snapshot.gpus, SizeIs(2));
  EXPECT_EQ(snapshot.gpus[0].vendor.value(), "amd");
  EXPECT_EQ(snapshot.gpus[0].name.value(), "AMD Instinct MI300X OAM");
  EXPECT_EQ(snapshot.gpus[0].pci_device_id.value(), "1002:74a1");
  EXPECT_EQ(snapshot.gpus[0].gfx_target.value(), "gfx942");
  EXPECT_EQ(snapshot.gpus[1].memory.total_bytes.value().count, 206141652992);
  EXPECT_TRUE(snapshot.complete.gpus.value());
}

TEST(RocmSmi, ReadsTheTablesOfAllReleases) {
  const Snapshot snapshot = imported(
      "Device  Node  IDs              Temp        Power     Partitions          SCLK    MCLK    Fan  Perf  PwrCap  "
      "VRAM%  GPU%\n"
      "              (DID,     GUID)  (Junction)  (Socket)  (Mem, Compute, ID)\n"
      "0       2     0x74a1,   28851  42.0°C      141.0W    NPS1, SPX, 0        132Mhz  900Mhz  0%   auto  750.0W  0%"
      "     0%\n");
  ASSERT_THAT(snapshot.gpus, SizeIs(1));
  EXPECT_EQ(snapshot.gpus[0].pci_device_id.value(), "1002:74a1");
  const Snapshot old = imported(
      "GPU  Temp   AvgPwr  SCLK    MCLK    Fan    Perf  PwrCap  VRAM%  GPU%\n"
      "1    25.0c  10.0W   852Mhz  167Mhz  14.9%  auto  170.0W  N/A    0%\n");
  ASSERT_THAT(old.gpus, SizeIs(1));
  EXPECT_EQ(old.gpus[0].vendor.value(), "amd");
}

TEST(RocmSmi, ReadsCsv) {
  const Snapshot snapshot = imported(
      "device,VRAM Total Memory (B),Card Series,Card Model,GFX Version\n"
      "card0,21458059264,Radeon RX 7900 XT,0x744c,gfx1100\n");
  ASSERT_THAT(snapshot.gpus, SizeIs(1));
  EXPECT_EQ(snapshot.gpus[0].name.value(), "Radeon RX 7900 XT");
  EXPECT_EQ(snapshot.gpus[0].memory.total_bytes.value().count, 21458059264);
  EXPECT_EQ(snapshot.gpus[0].gfx_target.value(), "gfx1100");
}

constexpr const char* k_rocminfo = R"(ROCk module is loaded
HSA Agents
==========
*******
Agent 1
*******
  Name:                    AMD EPYC 9654 96-Core Processor
  Uuid:                    CPU-XX
  Marketing Name:          AMD EPYC 9654 96-Core Processor
  Vendor Name:             CPU
  Device Type:             CPU
  Pool Info:
    Pool 1
      Segment:                 GLOBAL; FLAGS: COARSE GRAINED
      Size:                    1056906528(0x3eff1d20) KB
*******
Agent 2
*******
  Name:                    gfx942
  Uuid:                    GPU-1f9de0957d137942
  Marketing Name:          AMD Instinct MI300X
  Vendor Name:             AMD
  Device Type:             GPU
  Chip ID:                 29857(0x74a1)
  BDFID:                   1280
  Pool Info:
    Pool 1
      Segment:                 GLOBAL; FLAGS: COARSE GRAINED
      Size:                    201310208(0xbffc000) KB
    Pool 2
      Segment:                 GROUP
      Size:                    64(0x40) KB
  ISA Info:
    ISA 1
      Name:                    amdgcn-amd-amdhsa--gfx942:sramecc+:xnack-
*** Done ***
)";

TEST(Rocminfo, ListsTheGpusAmongTheAgents) {
  const Snapshot snapshot = imported(k_rocminfo);
  ASSERT_THAT(snapshot.gpus, SizeIs(1));
  EXPECT_EQ(snapshot.gpus[0].gfx_target.value(), "gfx942");
  EXPECT_EQ(snapshot.gpus[0].name.value(), "AMD Instinct MI300X");
  EXPECT_EQ(snapshot.gpus[0].uuid.value(), "GPU-1f9de0957d137942");
  EXPECT_EQ(snapshot.gpus[0].pci_device_id.value(), "1002:74a1");
  EXPECT_EQ(snapshot.gpus[0].pci_bus_id.value(), "0000:05:00.0");
  EXPECT_EQ(snapshot.gpus[0].memory.total_bytes.value().count, std::int64_t{201310208} * 1024);
}

TEST(Rocminfo, AndRocmSmiAreOneMachine) {
  const PasteImport result = import_paste(std::string(k_rocminfo) + "\nGPU[0] : VRAM Total Used Memory (B): 1048576\n");
  ASSERT_THAT(result.snapshot.gpus, SizeIs(1));
  EXPECT_EQ(result.snapshot.gpus[0].memory.used_bytes.value().count, k_mebibyte);
}

// ---- Huawei ----

TEST(NpuSmi, ReadsTheTable) {
  const Snapshot snapshot = imported(
      "+------------------------------------------------------------------------------------------------+\n"
      "| npu-smi 24.1.1                   Version: 24.1.1                                               |\n"
      "+---------------------------+---------------+----------------------------------------------------+\n"
      "| NPU   Name                | Health        | Power(W)    Temp(C)           Hugepages-Usage(page)|\n"
      "| Chip                      | Bus-Id        | AICore(%)   Memory-Usage(MB)  HBM-Usage(MB)        |\n"
      "+===========================+===============+====================================================+\n"
      "| 0     910B4               | OK            | 88.2        30                0    / 0             |\n"
      "| 0                         | 0000:C1:00.0  | 0           0    / 0          26838/ 32768         |\n"
      "+===========================+===============+====================================================+\n"
      "| 1     910B4               | OK            | 87.0        30                0    / 0             |\n"
      "| 0                         | 0000:C2:00.0  | 0           0    / 0          2931 / 32768         |\n"
      "+===========================+===============+====================================================+\n"
      "+---------------------------+---------------+----------------------------------------------------+\n"
      "| NPU     Chip              | Process id    | Process name             | Process memory(MB)      |\n"
      "+===========================+===============+====================================================+\n"
      "| No running processes found in NPU 0                                                            |\n");
  ASSERT_THAT(snapshot.gpus, SizeIs(2));
  EXPECT_EQ(snapshot.gpus[0].vendor.value(), "ascend");
  EXPECT_EQ(snapshot.gpus[0].name.value(), "Ascend 910B4");
  EXPECT_EQ(snapshot.gpus[1].pci_bus_id.value(), "0000:c2:00.0");
  EXPECT_EQ(snapshot.gpus[1].memory.total_bytes.value().count, 32768 * k_mebibyte);
  EXPECT_EQ(snapshot.gpus[1].memory.used_bytes.value().count, 2931 * k_mebibyte);
}

// ---- variables ----

constexpr const char* k_two =
    "GPU 0: NVIDIA L40 (UUID: GPU-11111111-0000-4000-8000-000000000000)\n"
    "GPU 1: NVIDIA L40 (UUID: GPU-22222222-0000-4000-8000-000000000000)\n";

TEST(ShellVariables, AreReadFromTheBeginningOfALine) {
  const Snapshot snapshot = imported(
      "export NCCL_P2P_DISABLE=1\nuser@host:~$ PYTHONPATH=\"/a b\" CUDA_LAUNCH_BLOCKING=1 python run.py --seed=3\n"
      "I set NCCL_DEBUG=INFO and HF_HOME=$HOME/x; SECRET_TOKEN=abc python x\nHF_HUB_OFFLINE=$X python\n");
  EXPECT_EQ(snapshot.env.at("NCCL_P2P_DISABLE").value(), "1");
  EXPECT_EQ(snapshot.env.at("PYTHONPATH").value(), "/a b");
  EXPECT_EQ(snapshot.env.at("CUDA_LAUNCH_BLOCKING").value(), "1");
  EXPECT_THAT(snapshot.env, SizeIs(3));
}

TEST(ShellVariables, CudaVisibleDevicesAreApplied) {
  const Snapshot snapshot = imported(std::string(k_two) + "CUDA_VISIBLE_DEVICES=1 python run.py\n");
  ASSERT_THAT(snapshot.gpus, SizeIs(2));
  EXPECT_FALSE(snapshot.gpus[0].visible.value());
  EXPECT_TRUE(snapshot.gpus[1].visible.value());
  EXPECT_EQ(snapshot.gpus[1].cuda_index.value(), 0);
  EXPECT_THAT(snapshot.visibility.cuda_devices.value(), ElementsAre("GPU-22222222-0000-4000-8000-000000000000"));
  EXPECT_THAT(snapshot.visibility.cuda_visible_devices.source(), HasSubstr("pasted shell command, line 3"));
}

TEST(ShellVariables, AnEmptyOrWrongListHidesGpus) {
  const Snapshot empty = imported(std::string(k_two) + "export CUDA_VISIBLE_DEVICES=\"\"\n");
  EXPECT_FALSE(empty.gpus.at(1).visible.value());
  const Snapshot wrong = imported(std::string(k_two) + "export CUDA_VISIBLE_DEVICES=0,7\n");
  EXPECT_TRUE(wrong.gpus.at(0).visible.value());
  EXPECT_EQ(wrong.visibility.rejected_token.value(), "7");
}

TEST(ShellVariables, WithoutThemNothingIsClaimed) {
  const Snapshot snapshot = imported(k_two);
  EXPECT_TRUE(snapshot.gpus.at(0).visible.is_unknown());
  EXPECT_TRUE(snapshot.visibility.cuda_devices.is_unknown());
}

TEST(ShellVariables, HideAmdGpusAsRocmDoes) {
  const Snapshot snapshot = imported(std::string(k_rocminfo) + "\nexport HIP_VISIBLE_DEVICES=3\n");
  EXPECT_FALSE(snapshot.gpus.at(0).visible.value());
}

}  // namespace
}  // namespace diffcheck::pasted
