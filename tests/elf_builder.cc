#include "tests/elf_builder.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>

#include "probe/elf_lookup.h"

namespace diffcheck {
namespace {

constexpr std::uint64_t k_load_address = 0x10000;  // so that addresses and offsets differ
constexpr std::size_t k_page = 4096;

std::string little(std::uint64_t number, std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

std::string filled(std::string bytes, std::size_t multiple) {
  bytes.resize((bytes.size() + multiple - 1) / multiple * multiple, '\0');
  return bytes;
}

/// Texts behind each other, each with its offset.
class TextTable {
 public:
  std::uint32_t add(std::string_view text) {
    const auto offset = static_cast<std::uint32_t>(bytes_.size());
    bytes_ += std::string(text) + '\0';
    return offset;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_ = std::string(1, '\0');
};

std::string entry_bytes(const FatbinEntry& entry) {
  const auto target = GpuTarget::parse(entry.target);
  if (!target) throw std::invalid_argument("no target: " + entry.target);
  const bool is_ptx = target->kind == GpuTarget::Kind::ptx;
  const std::uint16_t kind = entry.kind != 0 ? entry.kind : std::uint16_t{1} + (is_ptx ? 0 : 1);
  std::uint64_t flags = 0x11;
  if (target->capability.suffix == 'a') flags |= 0x100000;
  if (target->capability.suffix == 'f') flags |= 0x200000;
  const auto architecture = static_cast<std::uint32_t>(target->capability.major * 10 + target->capability.minor);
  std::string bytes = le16(kind) + le16(0x101) + le32(entry.header_bytes) + le64(entry.payload_bytes) + le32(0) +
                      le32(0) + le16(static_cast<std::uint16_t>(entry.code_version.minor)) +
                      le16(static_cast<std::uint16_t>(entry.code_version.major)) + le32(architecture) + le32(0) +
                      le32(0) + le64(flags) + le64(0) + le64(0);
  bytes.resize(std::max<std::size_t>(bytes.size(), std::min<std::size_t>(entry.header_bytes, k_page)), '\0');
  return bytes + std::string(std::min<std::size_t>(entry.payload_bytes, k_page), 'x');
}

}  // namespace

std::string le16(std::uint16_t number) { return little(number, 2); }
std::string le32(std::uint32_t number) { return little(number, 4); }
std::string le64(std::uint64_t number) { return little(number, 8); }

std::string fatbin(const std::vector<FatbinEntry>& entries) {
  std::string content;
  for (const FatbinEntry& entry : entries) content += entry_bytes(entry);
  return le32(0xba55ed50) + le16(1) + le16(16) + le64(content.size()) + content;
}

std::string fatbin_for(const std::vector<std::string>& targets) {
  std::vector<FatbinEntry> entries;
  for (const std::string& target : targets) entries.push_back({.target = target});
  return fatbin(entries);
}

std::string offload_bundle(const std::vector<std::string>& names) {
  std::string header = "__CLANG_OFFLOAD_BUNDLE__" + le64(names.size());
  std::uint64_t offset = k_page;
  constexpr std::uint64_t size = 100;
  for (const std::string& name : names) {
    header += le64(offset) + le64(size) + le64(name.size()) + name;
    offset += size;
  }
  return filled(filled(header, k_page) + std::string(names.size() * size, 'x'), k_page);
}

std::string compressed_bundle(std::uint32_t size) {
  std::string bytes = "CCOB" + le16(2) + le16(1) + le32(size) + le32(100'000) + le64(1);
  bytes.resize(std::max<std::size_t>(bytes.size(), size), 'x');
  return filled(bytes, k_page);
}

ElfBuilder& ElfBuilder::section(std::string name, std::string bytes, std::uint32_t type) {
  sections_.push_back({std::move(name), std::move(bytes), type});
  return *this;
}

ElfBuilder& ElfBuilder::version_need(std::string library, std::string version, bool weak) {
  needs_.push_back({std::move(library), std::move(version), weak});
  return *this;
}

ElfBuilder& ElfBuilder::version_definition(std::string version) {
  definitions_.push_back(std::move(version));
  return *this;
}

ElfBuilder& ElfBuilder::symbol(std::string name, bool defined, std::string version, bool weak) {
  symbols_.push_back({std::move(name), defined, std::move(version), weak});
  return *this;
}

ElfBuilder& ElfBuilder::without_section_headers() {
  section_headers_ = false;
  return *this;
}

ElfBuilder& ElfBuilder::machine(std::uint16_t machine) {
  machine_ = machine;
  return *this;
}

ElfBuilder& ElfBuilder::without_gnu_hash() {
  gnu_hash_ = false;
  return *this;
}

ElfBuilder& ElfBuilder::interpreter(std::string path) {
  interpreter_ = std::move(path);
  return *this;
}

ElfBuilder& ElfBuilder::text_entry(std::uint64_t tag, std::string_view text) {
  text_entries_.emplace_back(tag, text);
  return *this;
}

std::uint16_t ElfBuilder::first_need_index() const { return static_cast<std::uint16_t>(2 + definitions_.size()); }

std::uint16_t ElfBuilder::index_of_version(const std::string& version) const {
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    if (definitions_[i] == version) return static_cast<std::uint16_t>(2 + i);
  }
  for (std::size_t i = 0; i < needs_.size(); ++i) {
    if (needs_[i].version == version) return static_cast<std::uint16_t>(first_need_index() + i);
  }
  return 1;
}

/// One bucket, one bloom word.
std::string ElfBuilder::hash_table(const std::vector<Symbol>& defined, std::ptrdiff_t undefined) {
  const auto first = static_cast<std::uint32_t>(1 + undefined);
  constexpr std::uint32_t shift = 6;
  std::uint64_t bloom = 0;
  std::string chain;
  for (std::size_t i = 0; i < defined.size(); ++i) {
    const std::uint32_t hash = gnu_hash(defined[i].name);
    bloom |= std::uint64_t{1} << (hash % 64) | std::uint64_t{1} << ((hash >> shift) % 64);
    chain += le32(i + 1 == defined.size() ? hash | 1U : hash & ~1U);
  }
  return le32(1) + le32(first) + le32(1) + le32(shift) + le64(bloom) + le32(defined.empty() ? 0 : first) + chain;
}

std::string ElfBuilder::build() const {
  TextTable text;
  std::string dynamic;
  for (const auto& [tag, value] : text_entries_) dynamic += le64(tag) + le64(text.add(value));
  std::string table = std::string(24, '\0');
  std::string versions = le16(0);
  std::vector<Symbol> symbols = symbols_;
  const auto first_defined =
      std::stable_partition(symbols.begin(), symbols.end(), [](const Symbol& item) { return !item.defined; });
  for (const Symbol& item : symbols) {
    const char info = item.weak ? 0x22 : 0x12;  // function; weak or global
    table += le32(text.add(item.name)) + info + '\0' + le16(item.defined ? 1 : 0) + le64(0) + le64(0);
    versions += le16(index_of_version(item.version));
  }
  std::string needs;
  for (std::size_t i = 0; i < needs_.size(); ++i) {
    const auto index = static_cast<std::uint16_t>(first_need_index() + i);
    needs += le16(1) + le16(1) + le32(text.add(needs_[i].library)) + le32(16) + le32(i + 1 < needs_.size() ? 32 : 0);
    needs += le32(0) + le16(needs_[i].weak ? 2 : 0) + le16(index) + le32(text.add(needs_[i].version)) + le32(0);
  }
  std::string definitions;
  for (std::size_t i = 0; i < definitions_.size(); ++i) {
    definitions += le16(1) + le16(0) + le16(static_cast<std::uint16_t>(2 + i)) + le16(1) + le32(0) + le32(20) +
                   le32(i + 1 < definitions_.size() ? 28 : 0) + le32(text.add(definitions_[i])) + le32(0);
  }

  const std::string hashes = hash_table({first_defined, symbols.end()}, std::distance(symbols.begin(), first_defined));

  std::vector<Section> sections = {
      {.name = ".dynstr", .bytes = text.bytes(), .type = 3}, {.name = ".dynsym", .bytes = table, .type = 11},
      {.name = ".gnu.version", .bytes = versions},           {.name = ".gnu.version_r", .bytes = needs},
      {.name = ".gnu.version_d", .bytes = definitions},      {.name = ".gnu.hash", .bytes = hashes}};
  sections.push_back({.name = ".interp", .bytes = interpreter_ + std::string(1, '\0')});
  sections.insert(sections.end(), sections_.begin(), sections_.end());
  std::string body(64 + 3 * 56, '\0');
  const auto place = [&](Section& item) {
    body = filled(body, 16);
    item.offset = body.size();
    if (item.type != 8) body += item.bytes;
  };
  for (Section& item : sections) place(item);
  const auto address = [&](std::size_t i) { return le64(k_load_address + sections[i].offset); };
  dynamic += le64(5) + address(0) + le64(10) + le64(text.bytes().size()) + le64(6) + address(1) + le64(0x6ffffff0) +
             address(2);
  if (gnu_hash_) dynamic += le64(0x6ffffef5) + address(5);
  if (!needs_.empty()) dynamic += le64(0x6ffffffe) + address(3) + le64(0x6fffffff) + le64(needs_.size());
  if (!definitions_.empty()) dynamic += le64(0x6ffffffc) + address(4) + le64(0x6ffffffd) + le64(definitions_.size());
  sections.push_back({.name = ".dynamic", .bytes = dynamic + std::string(16, '\0'), .type = 6});
  place(sections.back());
  const Section dynamic_section = sections.back();
  TextTable names;
  std::vector<std::uint32_t> name_offsets;
  for (const Section& item : sections) name_offsets.push_back(names.add(item.name));
  name_offsets.push_back(names.add(".shstrtab"));
  sections.push_back({.name = ".shstrtab", .bytes = names.bytes(), .type = 3});
  place(sections.back());
  body = filled(body, 16);
  const std::uint64_t headers_at = body.size();
  std::string headers(64, '\0');
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const Section& item = sections[i];
    headers += le32(name_offsets[i]) + le32(item.type) + le64(2) + le64(k_load_address + item.offset) +
               le64(item.offset) + le64(item.bytes.size()) + le32(0) + le32(0) + le64(1) + le64(0);
  }
  if (section_headers_) body += headers;
  const std::string identity = std::string(
                                   "\x7f"
                                   "ELF\x02\x01\x01",
                                   7) +
                               std::string(9, '\0');
  const std::string header = identity + le16(3) + le16(machine_) + le32(1) + le64(0) + le64(64) +
                             le64(section_headers_ ? headers_at : 0) + le32(0) + le16(64) + le16(56) + le16(3) +
                             le16(64) + le16(section_headers_ ? static_cast<std::uint16_t>(sections.size() + 1) : 0) +
                             le16(section_headers_ ? static_cast<std::uint16_t>(sections.size()) : 0);
  const std::uint64_t size = dynamic_section.bytes.size();
  const std::string load = le32(1) + le32(5) + le64(0) + le64(k_load_address) + le64(k_load_address) +
                           le64(body.size()) + le64(body.size()) + le64(4096);
  const std::string dynamic_segment = le32(2) + le32(6) + le64(dynamic_section.offset) +
                                      le64(k_load_address + dynamic_section.offset) +
                                      le64(k_load_address + dynamic_section.offset) + le64(size) + le64(size) + le64(8);
  constexpr std::uint32_t interpreter_type = 3;  // an unused entry where there is none
  const Section& text_of_interpreter = sections[6];
  const std::string interpreter_segment =
      le32(interpreter_.empty() ? 0 : interpreter_type) + le32(4) + le64(text_of_interpreter.offset) +
      le64(k_load_address + text_of_interpreter.offset) + le64(k_load_address + text_of_interpreter.offset) +
      le64(text_of_interpreter.bytes.size()) + le64(text_of_interpreter.bytes.size()) + le64(1);
  return body.replace(0, 64 + 3 * 56, header + load + dynamic_segment + interpreter_segment);
}

}  // namespace diffcheck
