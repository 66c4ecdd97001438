// Host memory: what the machine has, what is free, and what the control groups around this process allow.
#pragma once

#include <string>

#include "probe/describe.h"
#include "probe/system.h"

namespace diffcheck {

struct MemoryFacts {
  Fact<Bytes> total_bytes;
  Fact<Bytes> available_bytes;
  Fact<Bytes> limit_bytes;
  Fact<Bytes> limit_used_bytes;
  Fact<Bytes> swap_total_bytes;
  Fact<Bytes> swap_free_bytes;
  Fact<Bytes> hugepages_reserved_bytes;
  Fact<std::string> transparent_hugepages;
  Fact<std::int64_t> overcommit_mode;
  Fact<std::int64_t> numa_balancing;

  static void describe(auto& self, auto&& visit) {
    visit("total_bytes", self.total_bytes, "Physical memory of the machine.");
    visit("available_bytes", self.available_bytes, "What a new program can take without swapping (MemAvailable).");
    visit("limit_bytes", self.limit_bytes, "Smallest memory limit of the control groups above; absent when none.");
    visit("limit_used_bytes", self.limit_used_bytes, "What the group with that limit uses now.");
    visit("swap_total_bytes", self.swap_total_bytes, "Swap space.");
    visit("swap_free_bytes", self.swap_free_bytes, "Free swap space.");
    visit("hugepages_reserved_bytes", self.hugepages_reserved_bytes, "Memory set aside as huge pages.");
    visit("transparent_hugepages", self.transparent_hugepages, "Mode: always, madvise or never.");
    visit("overcommit_mode", self.overcommit_mode, "vm.overcommit_memory: 0 heuristic, 1 always, 2 never.");
    visit("numa_balancing", self.numa_balancing,
          "kernel.numa_balancing: 0 off, else the kernel moves pages by itself.");
  }
  friend bool operator==(const MemoryFacts&, const MemoryFacts&) = default;
};

MemoryFacts probe_memory(const System& system);

}  // namespace diffcheck
