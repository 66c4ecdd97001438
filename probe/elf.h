// The frame of a 64-bit little-endian ELF file: its sections and segments, read from the headers alone.
//
// Own code instead of libelf, because files are hostile and up to gigabytes long: libelf maps the file (a file that is
// cut while it is mapped kills the process) or loads tables whole, and it would be a second door to the machine.
// Layout: System V ABI, gABI chapters 4 and 5.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/byte_source.h"
#include "probe/result.h"

namespace diffcheck {

struct ElfSection {
  static constexpr std::uint32_t type_null = 0;
  static constexpr std::uint32_t type_no_bits = 8;  ///< Has a size, and no bytes in the file.
  static constexpr std::uint32_t type_dynamic_symbols = 11;

  std::string name;
  std::uint32_t type = 0;
  std::uint64_t address = 0;
  std::int64_t offset = 0;
  std::int64_t size_bytes = 0;
  friend bool operator==(const ElfSection&, const ElfSection&) = default;
};

struct ElfSegment {
  static constexpr std::uint32_t type_load = 1;
  static constexpr std::uint32_t type_dynamic = 2;
  static constexpr std::uint32_t type_interpreter = 3;

  std::uint32_t type = 0;
  std::uint64_t address = 0;
  std::int64_t offset = 0;
  std::int64_t size_bytes = 0;  ///< In the file.
  friend bool operator==(const ElfSegment&, const ElfSegment&) = default;
};

struct ElfFile {
  static constexpr std::uint16_t machine_x86_64 = 62;
  static constexpr std::uint16_t machine_aarch64 = 183;

  std::uint16_t machine = 0;
  std::vector<ElfSection> sections;  ///< Those whose bytes lie in the file, and those without bytes. Empty if stripped.
  std::vector<ElfSegment> segments;

  /// The first section of that name; nullptr when there is none.
  const ElfSection* section(std::string_view name) const;
  /// Where the loader would take the byte at `address` from.
  std::optional<std::int64_t> offset_of(std::uint64_t address) const;
};

/// Errors: invalid for what is no ELF file or one of another kind; unparsable for tables that do not lie in the file.
Result<ElfFile> parse_elf(const ByteSource& source);

/// "manylinux"-style name of the machine: "x86_64", "aarch64", else "machine 243".
std::string machine_name(std::uint16_t machine);

/// The x86-64 level (1 to 4) that the file says it needs (.note.gnu.property, ISA needed); nullopt when it says none.
std::optional<int> x86_isa_level(const ByteSource& source, const ElfFile& file);

}  // namespace diffcheck
