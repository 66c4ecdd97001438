#include "tests/ld_cache_builder.h"

#include "tests/elf_builder.h"

namespace diffcheck {

std::string ld_cache(const std::vector<LdCacheEntry>& entries) {
  constexpr std::size_t header_bytes = 48;
  constexpr std::size_t entry_bytes = 24;
  std::string table;
  std::string texts;
  const auto add = [&](const std::string& text) {
    const std::size_t at = header_bytes + entries.size() * entry_bytes + texts.size();
    texts += text + '\0';
    return le32(static_cast<std::uint32_t>(at));
  };
  for (const LdCacheEntry& entry : entries) {
    const std::string soname = add(entry.soname);
    const std::string path = add(entry.path);
    table += le32(entry.flags) + soname + path + le32(0) + le64(entry.hardware);
  }
  const std::string header = "glibc-ld.so.cache1.1" + le32(static_cast<std::uint32_t>(entries.size())) +
                             le32(static_cast<std::uint32_t>(texts.size())) + std::string(20, '\0');
  return header + table + texts;
}

}  // namespace diffcheck
