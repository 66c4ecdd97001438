// Writes the bytes of small native files: ELF shared objects with what a test needs in them, fat binaries of NVIDIA,
// and offload bundles of AMD.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/gpu_target.h"

namespace diffcheck {

/// The number in little-endian order.
std::string le16(std::uint16_t number);
std::string le32(std::uint32_t number);
std::string le64(std::uint64_t number);

struct FatbinEntry {
  std::string target;  ///< "sm_90a", "compute_120"
  std::uint32_t header_bytes = 64;
  std::uint64_t payload_bytes = 24;
  PtxVersion code_version = {8, 7};
  std::uint16_t kind = 0;  ///< 0: what the target says.
};

/// One container with these entries.
std::string fatbin(const std::vector<FatbinEntry>& entries);
/// One container with plain entries for these targets.
std::string fatbin_for(const std::vector<std::string>& targets);

/// A plain bundle, filled up to a page.
std::string offload_bundle(const std::vector<std::string>& names);
/// A compressed bundle (version 2) of `size` bytes with the header, filled up to a page.
std::string compressed_bundle(std::uint32_t size);

class ElfBuilder {
 public:
  ElfBuilder& section(std::string name, std::string bytes, std::uint32_t type = 1);
  ElfBuilder& needed(std::string_view library) { return text_entry(1, library); }
  ElfBuilder& soname(std::string_view name) { return text_entry(14, name); }
  ElfBuilder& rpath(std::string_view folders) { return text_entry(15, folders); }
  ElfBuilder& runpath(std::string_view folders) { return text_entry(29, folders); }
  ElfBuilder& version_need(std::string library, std::string version, bool weak = false);
  ElfBuilder& version_definition(std::string version);
  /// `version` is one that was needed or defined before.
  ElfBuilder& symbol(std::string name, bool defined, std::string version = "", bool weak = false);
  ElfBuilder& without_section_headers();
  ElfBuilder& without_gnu_hash();
  ElfBuilder& machine(std::uint16_t machine);
  /// Makes a program of it: the dynamic linker that it names.
  ElfBuilder& interpreter(std::string path);

  std::string build() const;

 private:
  struct Section {
    std::string name;
    std::string bytes;
    std::uint32_t type = 1;
    std::uint64_t offset = 0;
  };
  struct Need {
    std::string library;
    std::string version;
    bool weak = false;
  };
  struct Symbol {
    std::string name;
    bool defined = false;
    std::string version;
    bool weak = false;
  };

  static std::string hash_table(const std::vector<Symbol>& defined, std::ptrdiff_t undefined);
  ElfBuilder& text_entry(std::uint64_t tag, std::string_view text);
  std::uint16_t index_of_version(const std::string& version) const;
  std::uint16_t first_need_index() const;

  std::vector<Section> sections_;
  std::vector<std::pair<std::uint64_t, std::string>> text_entries_;
  std::vector<Need> needs_;
  std::vector<std::string> definitions_;
  std::vector<Symbol> symbols_;
  bool section_headers_ = true;
  bool gnu_hash_ = true;
  std::uint16_t machine_ = 62;
  std::string interpreter_;
};

}  // namespace diffcheck
