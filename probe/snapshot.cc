#include "probe/snapshot.h"

#include <exception>

namespace diffcheck {

Snapshot take_snapshot(const System& system, const ProbeChoice& choice, std::vector<Error>* crashed) {
  Snapshot snapshot;
  // A defect in one probe must not cost the others: its facts stay unset and the report names it.
  const auto guarded = [&](const char* probe, const auto& take) {
    try {
      take();
    } catch (const std::exception& error) {
      if (crashed != nullptr)
        crashed->push_back(Error{Error::Kind::failed, std::string("probe ") + probe, error.what()});
    }
  };
  guarded("os", [&] { snapshot.os = probe_os(system); });
  guarded("cpu", [&] { snapshot.cpu = probe_cpu(system); });
  guarded("memory", [&] { snapshot.memory = probe_memory(system); });
  guarded("gpu", [&] {
    GpuProbe probe = probe_gpus(system);
    snapshot.gpus = std::move(probe.gpus);
    snapshot.complete.gpus = std::move(probe.complete);
    snapshot.drivers = std::move(probe.drivers);
    snapshot.visibility = std::move(probe.visibility);
  });
  guarded("topology", [&] { snapshot.topology = probe_topology(system); });
  guarded("python", [&] { snapshot.python = probe_python(system, choice.python); });
  guarded("packages", [&] {
    PackageProbe probe = probe_packages(system, snapshot.python);
    snapshot.packages = std::move(probe.packages);
    snapshot.complete.packages = std::move(probe.complete);
    snapshot.python.leftovers = std::move(probe.leftovers);
  });
  guarded("binaries", [&] {
    if (!snapshot.packages.contains("torch")) {
      snapshot.complete.binaries = unknown<bool>("packages.torch", "not looked at where torch is not installed");
      return;
    }
    BinaryProbe probe = probe_binaries(system, snapshot.python, snapshot.packages);
    snapshot.binaries = std::move(probe.binaries);
    snapshot.complete.binaries = std::move(probe.complete);
    snapshot.linking = std::move(probe.linking);
  });
  guarded("cuda", [&] { snapshot.cuda = probe_cuda(system, snapshot.python, snapshot.packages); });
  guarded("checkout", [&] { snapshot.checkout = probe_checkout(system, choice.engine_folder, choice.markers); });
  guarded("container", [&] { snapshot.container = probe_container(system); });
  guarded("limits", [&] { snapshot.limits = probe_limits(system); });
  guarded("storage", [&] { snapshot.storage = probe_storage(system); });
  guarded("network", [&] { snapshot.network = probe_network(system); });
  guarded("environment", [&] {
    snapshot.env = probe_environment(system);
    snapshot.complete.env = known(true, "environment");
  });
  return snapshot;
}

}  // namespace diffcheck
