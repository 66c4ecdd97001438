#include "probe/ld_cache.h"

#include <algorithm>
#include <utility>

#include "probe/elf.h"
#include "probe/little_endian.h"

namespace diffcheck {
namespace {

constexpr std::string_view k_magic = "glibc-ld.so.cache1.1";
constexpr std::string_view k_old_magic = "ld.so-1.7.0";
constexpr std::size_t k_header_bytes = 48;
constexpr std::size_t k_entry_bytes = 24;
constexpr std::size_t k_old_header_bytes = 16;
constexpr std::size_t k_old_entry_bytes = 12;
constexpr std::size_t k_alignment = 8;
constexpr std::size_t k_longest_name_bytes = 4096;
// Of a library for libc 6 in the format of that machine: FLAG_ELF_LIBC6 with FLAG_X8664_LIB64, FLAG_AARCH64_LIB64.
constexpr std::uint32_t k_flags_x86_64 = 0x0303;
constexpr std::uint32_t k_flags_aarch64 = 0x0a03;

std::uint32_t flags_of(std::uint16_t machine) {
  if (machine == ElfFile::machine_x86_64) return k_flags_x86_64;
  return machine == ElfFile::machine_aarch64 ? k_flags_aarch64 : 0;
}

/// Behind the table of the older format, if there is one.
std::size_t start_of(std::string_view bytes) {
  if (!bytes.starts_with(k_old_magic) || bytes.size() < k_old_header_bytes) return 0;
  const std::size_t entries = little_endian<std::uint32_t>(bytes, 12);
  const std::size_t end = k_old_header_bytes + entries * k_old_entry_bytes;
  return (end + k_alignment - 1) / k_alignment * k_alignment;
}

}  // namespace

Result<LdCache> LdCache::parse(std::string path, std::string bytes) {
  const std::size_t start = start_of(bytes);
  const std::string_view table = std::string_view(bytes).substr(std::min(start, bytes.size()));
  if (!table.starts_with(k_magic)) return Error{Error::Kind::unparsable, path, "is no cache of the format 1.1"};
  if (table.size() < k_header_bytes) return Error{Error::Kind::unparsable, path, "ends in its header"};
  const std::size_t entries = little_endian<std::uint32_t>(table, k_magic.size());
  if (entries > (table.size() - k_header_bytes) / k_entry_bytes)
    return Error{Error::Kind::unparsable, path, "states more libraries than it has room for"};
  return LdCache(std::move(path), std::move(bytes), start, entries);
}

std::string_view LdCache::text(std::uint32_t offset) const {
  const std::string_view table = std::string_view(bytes_).substr(start_);
  if (offset >= table.size()) return {};
  const std::string_view rest = table.substr(offset, k_longest_name_bytes);
  const std::size_t end = rest.find('\0');
  return end == rest.npos ? std::string_view() : rest.substr(0, end);
}

std::vector<std::string> LdCache::find(std::string_view soname, std::uint16_t machine) const {
  std::vector<std::string> paths;
  const std::uint32_t flags = flags_of(machine);
  if (flags == 0 || soname.empty()) return paths;
  const std::string_view table = std::string_view(bytes_).substr(start_);
  for (std::size_t i = 0; i < entries_; ++i) {
    const std::size_t at = k_header_bytes + i * k_entry_bytes;
    const auto hardware = little_endian<std::uint64_t>(table, at + 16);
    if (little_endian<std::uint32_t>(table, at) != flags || hardware != 0) continue;
    if (text(little_endian<std::uint32_t>(table, at + 4)) != soname) continue;
    const std::string_view path = text(little_endian<std::uint32_t>(table, at + 8));
    if (path.starts_with('/')) paths.emplace_back(path);
  }
  return paths;
}

}  // namespace diffcheck
