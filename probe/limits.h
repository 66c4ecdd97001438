// Limits that break big or multi-GPU runs: shared memory, resource limits, process counts, memory maps.
#pragma once

#include <cstdint>

#include "probe/describe.h"
#include "probe/system.h"

namespace diffcheck {

struct LimitsFacts {
  Fact<Bytes> shm_total_bytes;
  Fact<Bytes> shm_free_bytes;
  Fact<Bytes> memlock_bytes;
  Fact<std::int64_t> open_files;
  Fact<Bytes> stack_bytes;
  Fact<std::int64_t> processes;
  Fact<std::int64_t> cgroup_pids;
  Fact<std::int64_t> max_map_count;
  Fact<bool> ipc_removed_at_logout;

  static void describe(auto& self, auto&& visit) {
    visit("shm_total_bytes", self.shm_total_bytes, "Size of /dev/shm.");
    visit("shm_free_bytes", self.shm_free_bytes, "Free space in /dev/shm.");
    visit("memlock_bytes", self.memlock_bytes, "RLIMIT_MEMLOCK; absent when unlimited.");
    visit("open_files", self.open_files, "RLIMIT_NOFILE; absent when unlimited.");
    visit("stack_bytes", self.stack_bytes, "RLIMIT_STACK; absent when unlimited.");
    visit("processes", self.processes, "RLIMIT_NPROC; absent when unlimited.");
    visit("cgroup_pids", self.cgroup_pids, "Smallest pids.max of the control groups above; absent when none.");
    visit("max_map_count", self.max_map_count, "vm.max_map_count.");
    visit("ipc_removed_at_logout", self.ipc_removed_at_logout, "RemoveIPC of systemd-logind, where its files set it.");
  }
  friend bool operator==(const LimitsFacts&, const LimitsFacts&) = default;
};

LimitsFacts probe_limits(const System& system);

}  // namespace diffcheck
