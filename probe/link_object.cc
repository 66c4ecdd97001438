#include "probe/link_object.h"

#include <algorithm>
#include <utility>

#include "probe/little_endian.h"

namespace diffcheck {
namespace {

constexpr std::int64_t k_identity_bytes = 20;  // up to and with e_machine
constexpr std::int64_t k_longest_interpreter_bytes = 4096;

std::string interpreter_of(const ByteSource& source, const ElfFile& file) {
  for (const ElfSegment& segment : file.segments) {
    if (segment.type != ElfSegment::type_interpreter || segment.size_bytes > k_longest_interpreter_bytes) continue;
    const auto text = source.read_at(segment.offset, segment.size_bytes);
    if (text) return text->substr(0, text->find('\0'));
  }
  return "";
}

}  // namespace

Result<LinkObject> read_link_object(const ByteSource& source) {
  const auto file = parse_elf(source);
  if (!file) return file.error();
  auto dynamic = read_elf_dynamic(source, *file);
  if (!dynamic) return dynamic.error();
  return LinkObject{file->machine, interpreter_of(source, *file), *std::move(dynamic)};
}

Result<bool> is_for_another_machine(const ByteSource& source, std::uint16_t machine) {
  const auto identity = source.read_some(0, k_identity_bytes);
  if (!identity) return identity.error();
  if (identity->size() < static_cast<std::size_t>(k_identity_bytes) || !identity->starts_with("\x7f"
                                                                                              "ELF"))
    return false;
  constexpr char class_64 = 2;
  constexpr char little = 1;
  constexpr std::size_t machine_at = 18;
  if ((*identity)[4] != class_64 || (*identity)[5] != little) return true;
  return little_endian<std::uint16_t>(*identity, machine_at) != machine;
}

}  // namespace diffcheck
