// Snapshot: all facts of one machine. Taken from a System, written to JSON and read back without loss, changed by
// `--set`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/binaries.h"
#include "probe/checkout.h"
#include "probe/container.h"
#include "probe/cpu.h"
#include "probe/cuda.h"
#include "probe/describe.h"
#include "probe/environment.h"
#include "probe/gpu.h"
#include "probe/limits.h"
#include "probe/linking.h"
#include "probe/memory.h"
#include "probe/network.h"
#include "probe/os.h"
#include "probe/packages.h"
#include "probe/python.h"
#include "probe/result.h"
#include "probe/storage.h"
#include "probe/system.h"
#include "probe/topology.h"

namespace diffcheck {

/// Whether a list or map of the snapshot is the whole truth. Where it is not, what is not listed is unknown, not
/// absent.
struct CompleteFacts {
  Fact<bool> gpus;
  Fact<bool> packages;
  Fact<bool> binaries;
  Fact<bool> env;

  static void describe(auto& self, auto&& visit) {
    visit("gpus", self.gpus, "All GPUs of the machine are listed.");
    visit("packages", self.packages, "A package that is not listed is not installed.");
    visit("binaries", self.binaries, "All native files with GPU code are listed that packages own.");
    visit("env", self.env, "An allowed variable that is not listed is not set.");
  }
  friend bool operator==(const CompleteFacts&, const CompleteFacts&) = default;
};

struct Snapshot {
  static constexpr std::string_view schema = "diffcheck/snapshot/1";

  OsFacts os;
  CpuFacts cpu;
  MemoryFacts memory;
  TopologyFacts topology;
  std::vector<GpuFacts> gpus;
  DriversFacts drivers;
  VisibilityFacts visibility;
  PythonFacts python;
  Packages packages;
  std::vector<BinaryFacts> binaries;
  LinkingFacts linking;
  CudaFacts cuda;
  CheckoutFacts checkout;
  ContainerFacts container;
  LimitsFacts limits;
  StorageFacts storage;
  NetworkFacts network;
  EnvironmentFacts env;
  CompleteFacts complete;

  static void describe(auto& self, auto&& visit) {
    visit("os", self.os, "Operating system.");
    visit("cpu", self.cpu, "Processor.");
    visit("memory", self.memory, "Host memory.");
    visit("topology", self.topology, "NUMA nodes, packages and PCI locality.");
    visit("gpus", self.gpus, "GPUs of every vendor.");
    visit("drivers", self.drivers, "GPU drivers.");
    visit("visibility", self.visibility, "Which GPUs a process would see.");
    visit("python", self.python, "The Python environment that will run.");
    visit("packages", self.packages, "Its packages, by normalised name.");
    visit("binaries", self.binaries, "Native files of packages that hold GPU code or link torch, CUDA or ROCm.");
    visit("linking", self.linking, "Shared libraries of a process that imports torch.");
    visit("cuda", self.cuda, "CUDA toolkits and runtime libraries on disk.");
    visit("checkout", self.checkout, "The engine's source tree.");
    visit("container", self.container, "Container.");
    visit("limits", self.limits, "Resource limits.");
    visit("storage", self.storage, "File systems that a run writes to.");
    visit("network", self.network, "Networks between machines.");
    visit("env", self.env, "Environment variables that change what an engine does.");
    visit("complete", self.complete, "Which lists above are the whole truth.");
  }
  friend bool operator==(const Snapshot&, const Snapshot&) = default;
};

struct ProbeChoice {
  PythonChoice python;
  std::optional<std::string> engine_folder;
  std::vector<SourceMarker> markers;
};

/// Never fails. A probe that throws leaves its facts unset; the messages of those that did come back in `crashed`.
Snapshot take_snapshot(const System& system, const ProbeChoice& choice, std::vector<Error>* crashed = nullptr);

/// One JSON document, two-space indent, newline at the end. `plain` drops sources: {"total_bytes": 1024}.
std::string snapshot_to_json(const Snapshot& snapshot, bool plain = false);
/// Errors name `file` and the JSON path. Unknown keys are errors; a key may be missing (its facts stay unset).
Result<Snapshot> snapshot_from_json(std::string_view text, const std::string& file);

/// `--set path=value`: the value is read as the fact's type ("absent" makes it absent, "unknown" makes it unknown,
/// "8GiB" for bytes, "a,b" for lists). `--set packages.NAME=absent` removes a package, `--set gpus.N=absent` a GPU.
/// Errors: no such path (with the nearest ones), wrong type.
Result<Snapshot> with_override(Snapshot snapshot, std::string_view path, std::string_view value,
                               std::string_view source = "--set");

}  // namespace diffcheck
