// What one file tells the dynamic linker, apart from any machine: a pure function of the file's bytes.
#pragma once

#include <cstdint>
#include <string>

#include "probe/byte_source.h"
#include "probe/elf.h"
#include "probe/elf_dynamic.h"
#include "probe/result.h"

namespace diffcheck {

struct LinkObject {
  std::uint16_t machine = 0;
  std::string interpreter;  ///< The dynamic linker that a program names (PT_INTERP); "" for a library.
  ElfDynamic dynamic;
  friend bool operator==(const LinkObject&, const LinkObject&) = default;
};

/// Errors: as parse_elf and read_elf_dynamic.
Result<LinkObject> read_link_object(const ByteSource& source);

/// Whether the file is for another class, byte order or machine, which a search for libraries passes over in silence.
/// False for what is no ELF file, on which a search ends with an error.
Result<bool> is_for_another_machine(const ByteSource& source, std::uint16_t machine);

}  // namespace diffcheck
