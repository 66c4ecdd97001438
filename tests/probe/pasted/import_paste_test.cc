#include "probe/pasted/import_paste.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/pasted/pasted_text.h"

namespace diffcheck::pasted {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> formats(const PasteImport& result) {
  std::vector<std::string> names;
  for (const FoundReport& report : result.found) names.push_back(report.format);
  return names;
}

constexpr const char* k_table =
    "| NVIDIA-SMI 550.90.07              Driver Version: 550.90.07      CUDA Version: 12.4     |\n"
    "|   0  Tesla T4                       On  |   00000000:00:1E.0 Off |                    0 |\n"
    "| N/A   34C    P8              9W /   70W |       1MiB /  15360MiB |      0%      Default |\n"
    "+-----------------------------------------+------------------------+----------------------+\n";

TEST(CleanText, TakesOffWhatSurroundsALine) {
  const Text text = clean_text(
      "\xef\xbb\xbf> > ```bash\r\n\x1b[1;31mred\x1b[0m\n\x1b]0;title\a> \x1b[4mGPU0\n>\ta\xc2\xa0"
      "b```");
  EXPECT_EQ(text.lines, (std::vector<std::string>{"", "red", "GPU0", "\ta b"}));
  EXPECT_FALSE(text.is_cut);
}

TEST(CleanText, Utf16OfAsciiIsReadAsWell) {
  std::string utf16 = "\xff\xfe";
  for (const char c : std::string_view("PyTorch version: 2.5.1\nIs debug build: False\n")) utf16 += {c, '\0'};
  EXPECT_EQ(import_paste(utf16).snapshot.packages.at("torch").version.value().text(), "2.5.1");
}

TEST(ImportPaste, ThreeReportsInOneIssueAreOneMachine) {
  const PasteImport result = import_paste(
      std::string("**Describe the bug**\nWan fails.\n\n```\nPyTorch version: 2.5.1+cu121\nIs debug build: False\n"
                  "GPU models and configuration: GPU 0: Tesla T4\nNvidia driver version: 550.90.07\n```\n\n") +
      "> ```\n> " + k_table + "```\n\npip list | grep flash\nflash-attn 2.7.4.post1\n");
  EXPECT_EQ(formats(result), (std::vector<std::string>{"collect_env", "nvidia-smi", "pip list"}));
  EXPECT_EQ(result.found[0].first_line, 5U);
  EXPECT_EQ(result.found[0].last_line, 8U);
  EXPECT_THAT(result.disagreements, IsEmpty());
  ASSERT_THAT(result.snapshot.gpus, SizeIs(1));
  EXPECT_EQ(result.snapshot.gpus[0].name.value(), "Tesla T4");
  EXPECT_EQ(result.snapshot.gpus[0].pci_bus_id.value(), "0000:00:1e.0");
  EXPECT_EQ(result.snapshot.packages.at("flash-attn").version.value().text(), "2.7.4.post1");
}

TEST(CleanText, TakesOffWhatPagesPutAround) {
  const Text text = clean_text(
      "<details><summary>env</summary>\n<pre>GPU 0: A</pre>\n</code></pre>\n</details>\n| | a | b |\n| +---+\n"
      "| N/A   34C |\n|   |  x |\nx &gt; 1 &amp;&lt; y&nbsp;z &\n");
  EXPECT_EQ(text.lines, (std::vector<std::string>{"env", "GPU 0: A", "", "", "| a | b |", "+---+", "| N/A   34C |",
                                                  "|   |  x |", "x > 1 &amp;< y z &"}));
}

/// `block`, each line after `mark`.
std::string quoted(std::string_view block, const std::string& mark) {
  std::string text;
  while (!block.empty()) {
    const std::size_t end = std::min(block.find('\n'), block.size() - 1);
    text += mark + std::string(block.substr(0, end + 1));
    block.remove_prefix(end + 1);
  }
  return text;
}

// As issues look: several blocks, each put in by its author's own means.
TEST(ImportPaste, AnIssueOfManyBlocksIsOneMachine) {
  std::string issue =
      "### System Info\n\n<details><summary>collect_env</summary>\n\n```text\nPyTorch version: 2.5.1+cu121\n"
      "Is debug build: False\nGPU models and configuration: GPU 0: Tesla T4\nNvidia driver version: 550.90.07\n```\n"
      "</details>\n\nnvidia-smi says\n\n" +
      quoted(k_table, "> ") + "\n" + quoted(k_table, "| ") +
      "\n\x1b[1;32muser@host\x1b[0m:\x1b[34m~\x1b[0m$ pip list | grep -i -e diffusers -e flash\n"
      "\x1b[31mdiffusers\x1b[0m                 0.32.2\n\x1b[31mflash\x1b[0m-attn                2.7.4.post1\n\n"
      "<pre><code>$ nvidia-smi --query-gpu=name,compute_cap --format=csv\nname, compute_cap\nTesla T4, 7.5\n"
      "</code></pre>\n\nI run `CUDA_VISIBLE_DEVICES=0 python wan.py`, that is\n\n    CUDA_VISIBLE_DEVICES=0 python "
      "wan.py\n";
  for (const bool has_carriage_returns : {false, true}) {
    SCOPED_TRACE(has_carriage_returns);
    std::string text = issue;
    if (has_carriage_returns) {
      text.clear();
      for (const char c : issue) text += c == '\n' ? "\r\n" : std::string(1, c);
    }
    const PasteImport result = import_paste(text);
    EXPECT_EQ(formats(result), (std::vector<std::string>{"collect_env", "nvidia-smi", "nvidia-smi", "pip list",
                                                         "nvidia-smi --query-gpu", "shell command"}));
    EXPECT_THAT(result.disagreements, IsEmpty());
    ASSERT_THAT(result.snapshot.gpus, SizeIs(1));
    const GpuFacts& gpu = result.snapshot.gpus[0];
    EXPECT_EQ(gpu.name.value(), "Tesla T4");
    EXPECT_EQ(to_string(gpu.compute_capability.value()), "7.5");
    EXPECT_EQ(gpu.pci_bus_id.value(), "0000:00:1e.0");
    EXPECT_TRUE(gpu.visible.value());
    EXPECT_EQ(result.snapshot.packages.at("diffusers").version.value().text(), "0.32.2");
    EXPECT_EQ(result.snapshot.packages.at("flash-attn").version.value().text(), "2.7.4.post1");
    EXPECT_EQ(result.snapshot.env.at("CUDA_VISIBLE_DEVICES").value(), "0");
  }
}

TEST(ImportPaste, ReportsThatDisagreeAreShownInTheSource) {
  const PasteImport result =
      import_paste("PyTorch version: 2.5.1+cu121\nIs debug build: False\n\npip list\ntorch 2.4.0+cu121\n\n" +
                   std::string(k_table) + "\nNvidia driver version: 535.183.01\n");
  const auto& torch = result.snapshot.packages.at("torch").version;
  EXPECT_EQ(torch.value().text(), "2.5.1+cu121") << "what was imported counts";
  EXPECT_THAT(torch.source(), HasSubstr("pasted pip list, line 5 says 2.4.0+cu121"));
  ASSERT_THAT(result.disagreements, SizeIs(2));
  EXPECT_EQ(result.disagreements[0].path, "drivers.nvidia.version");
  EXPECT_EQ(result.disagreements[1].path, "packages.torch.version");
  EXPECT_EQ(result.disagreements[1].other, "2.4.0+cu121");
}

TEST(ImportPaste, TheMoreExactOfTwoThatAgreeIsTaken) {
  const PasteImport result = import_paste("pip list\ntorch 2.5.1\n\npip list\ntorch 2.5.1+cu121\n");
  EXPECT_EQ(result.snapshot.packages.at("torch").version.value().text(), "2.5.1+cu121");
  EXPECT_THAT(result.disagreements, IsEmpty());
}

TEST(ImportPaste, ASecondMachinesGpusAreNotAdded) {
  const PasteImport result = import_paste(
      std::string(k_table) + "\nIs debug build: False\nGPU models and configuration: GPU 0: NVIDIA A100-SXM4-80GB\n");
  ASSERT_THAT(result.snapshot.gpus, SizeIs(1));
  EXPECT_EQ(result.snapshot.gpus[0].name.value(), "Tesla T4");
  ASSERT_THAT(result.disagreements, SizeIs(1));
  EXPECT_EQ(result.disagreements[0].other, "NVIDIA A100-SXM4-80GB");
}

TEST(ImportPaste, OneOfSeveralEqualGpusStaysOpen) {
  const PasteImport result = import_paste(
      "Is debug build: False\nGPU models and configuration: \nGPU 0: NVIDIA RTX A6000\nGPU 1: NVIDIA RTX A6000\n\n"
      "Set vram state to: NORMAL_VRAM\nDevice: cuda:0 NVIDIA RTX A6000 : native\nTotal VRAM 48669 MB, total RAM 1 "
      "MB\n");
  ASSERT_THAT(result.snapshot.gpus, SizeIs(2));
  EXPECT_TRUE(result.snapshot.gpus[0].cuda_index.is_unknown());
  EXPECT_TRUE(result.snapshot.gpus[0].visible.is_unknown());
}

TEST(ImportPaste, ASnapshotOfAPasteIsRead) {
  const Snapshot snapshot = import_paste(k_table).snapshot;
  const auto again = snapshot_from_json(snapshot_to_json(snapshot), "test");
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(*again, snapshot);
}

// ---- what nobody means well with ----

TEST(HostilePaste, NothingIsRecognisedInNoise) {
  for (const std::string_view text :
       {"", "\n", "hello", "> > >", "```", "\x1b[", "\x1b]", "GPU", "| |", "- :", ":", "==", "[pip3]", "NVIDIA-SMI",
        "<nvidia_smi_log", "# packages in environment at"}) {
    EXPECT_THAT(import_paste(text).found, IsEmpty()) << text;
  }
}

TEST(HostilePaste, OneLineOfAMebibyte) {
  for (const char filler : {'a', ' ', '|', '\x1b', '>', '\0', '<', ':', '`'}) {
    EXPECT_THAT(import_paste(std::string(1 << 20, filler)).found, IsEmpty());
    EXPECT_TRUE(import_paste(std::string(1 << 20, filler)).is_cut);
  }
}

TEST(HostilePaste, MillionsOfLinesAndOfReportsAreBounded) {
  EXPECT_TRUE(import_paste(std::string(1 << 20, '\n')).is_cut);
  for (const char* line :
       {"Is debug build: False\nPyTorch version: 1\n", "GPU0 GPU1 CPU Affinity\nGPU0 X X\nGPU1 X X\n",
        "| NVIDIA-SMI 1 Driver Version: 1 |\n", "Failed to initialize NVML: Unknown Error\n", "<nvidia_smi_log>\n",
        "GPU 00000000:01:00.0\n    Product Name : T4\n", "pip list\ntorch 1\n\n\n", "a==1\nb==1\nc==1\n\n",
        "- `diffusers` version: 1\n", "Set vram state to: X\n", "Name: torch\nVersion: 1\n",
        "index, memory.total [MiB]\n0, 1 MiB\n", "topo -p2p r\nGPU0 GPU1\nGPU0 X OK\nGPU1 OK X\n",
        "GPU[0] : Card series: x\n", "Agent 2\nDevice Type: GPU\n", "| NPU Name | Health | x |\n| 0 a | OK | 1 |\n",
        "export NCCL_DEBUG=INFO\n", "device,Card Series\ncard0,x\n"}) {
    SCOPED_TRACE(line);
    std::string text;
    while (text.size() < (1U << 18)) text += line;
    const PasteImport result = import_paste(text);
    EXPECT_LE(result.found.size(), 64U);
    EXPECT_LE(result.disagreements.size(), 50U);
  }
}

TEST(HostilePaste, DeepXmlEndsSomewhere) {
  std::string text = "<nvidia_smi_log>";
  for (int i = 0; i < 20'000; ++i) text += "<a>\n";
  EXPECT_THAT(import_paste(text).snapshot.gpus, IsEmpty());
}

TEST(HostilePaste, NumbersThatDoNotFitAreUnknown) {
  const Snapshot snapshot =
      import_paste(
          "| NVIDIA-SMI 1.0 Driver Version: 1.0 CUDA Version: 1.0 |\n"
          "|   0  X  On  |   00000000:00:1E.0 Off |   99999999999999999999999 |\n"
          "| N/A  1C P8  9W / 99999999999999999999W | 1MiB / 99999999999999999999MiB | Default |\n")
          .snapshot;
  ASSERT_THAT(snapshot.gpus, SizeIs(1));
  EXPECT_THAT(snapshot.gpus[0].memory.total_bytes.why(), HasSubstr("no size in MiB"));
  EXPECT_TRUE(snapshot.gpus[0].health.power_limit_watts.is_unknown());
}

TEST(HostilePaste, ControlCharactersDoNotReachFacts) {
  const Snapshot snapshot =
      import_paste("GPU 0: Te\x07sla \x1b[31mT4 (UUID: GPU-1)\nGPU 0: x (UUID: GPU-2)\n").snapshot;
  EXPECT_EQ(snapshot.gpus.at(0).name.value(), "Te sla T4");
}

}  // namespace
}  // namespace diffcheck::pasted
