// Writes the bytes of an /etc/ld.so.cache.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace diffcheck {

struct LdCacheEntry {
  std::string soname;
  std::string path;
  std::uint32_t flags = 0x0303;  ///< 64-bit x86
  std::uint64_t hardware = 0;
};

std::string ld_cache(const std::vector<LdCacheEntry>& entries);

}  // namespace diffcheck
