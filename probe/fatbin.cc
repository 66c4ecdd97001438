#include "probe/fatbin.h"

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>
#include <utility>

#include "probe/little_endian.h"

namespace diffcheck {
namespace {

constexpr std::uint32_t k_magic = 0xba55ed50;
constexpr std::int64_t k_container_header_bytes = 16;
constexpr std::int64_t k_entry_header_bytes = 64;  // at least; newer ones are longer and say so
constexpr std::int64_t k_alignment_bytes = 8;
constexpr std::int64_t k_most_entries = 1'000'000;  // libcublasLt 13 has some ten thousand
constexpr std::int64_t k_longest_padding_bytes = 4096;
constexpr std::int64_t k_window_bytes = 128;  // padding, a container's header and its first entry's
constexpr std::uint16_t k_kind_ptx = 1;
constexpr std::uint16_t k_kind_sass = 2;
// Read from files that nvcc 13.0 wrote for sm_90a, sm_100f and so on.
constexpr std::uint64_t k_flag_architecture_specific = 0x100000;
constexpr std::uint64_t k_flag_family_specific = 0x200000;

struct Entry {
  std::uint16_t kind = 0;
  std::int64_t header_bytes = 0;
  std::int64_t payload_bytes = 0;
  PtxVersion code_version;
  ComputeCapability capability;
};

Entry entry_of(std::string_view header) {
  Entry entry;
  entry.kind = little_endian<std::uint16_t>(header, 0);
  entry.header_bytes = little_endian<std::uint32_t>(header, 4);
  entry.payload_bytes = std::bit_cast<std::int64_t>(little_endian<std::uint64_t>(header, 8));
  entry.code_version = {little_endian<std::uint16_t>(header, 26), little_endian<std::uint16_t>(header, 24)};
  const auto architecture = little_endian<std::uint32_t>(header, 28);
  constexpr std::uint32_t largest = 9999;
  entry.capability.major = static_cast<int>(std::min(architecture, largest) / 10);
  entry.capability.minor = static_cast<int>(std::min(architecture, largest) % 10);
  const auto flags = little_endian<std::uint64_t>(header, 40);
  if ((flags & k_flag_architecture_specific) != 0) entry.capability.suffix = 'a';
  if ((flags & k_flag_family_specific) != 0) entry.capability.suffix = 'f';
  return entry;
}

class FatbinReader {
 public:
  FatbinReader(const ByteSource& source, const ElfSection& section)
      : source_(source), position_(section.offset), end_(section.offset + section.size_bytes) {}

  Result<GpuTargets> read() {
    while (true) {
      if (auto error = skip_padding()) return *error;
      if (position_ >= end_) return std::move(targets_);
      if (auto error = read_container()) return *error;
    }
  }

 private:
  Error broken(const std::string& what) const {
    return {Error::Kind::unparsable, source_.path(), what + " at byte " + std::to_string(position_)};
  }

  /// The section's bytes from `position_` on. Small headers follow each other, so one look serves several.
  Result<std::string_view> look(std::int64_t count) {
    const bool is_held =
        window_at_ <= position_ && position_ + count <= window_at_ + static_cast<std::int64_t>(window_.size());
    if (!is_held) {
      auto bytes = source_.read_at(position_, std::min(std::max(k_window_bytes, count), end_ - position_));
      if (!bytes) return bytes.error();
      window_ = *std::move(bytes);
      window_at_ = position_;
    }
    return std::string_view(window_).substr(static_cast<std::size_t>(position_ - window_at_),
                                            static_cast<std::size_t>(count));
  }

  /// To the next container: zeros, in steps of the alignment.
  std::optional<Error> skip_padding() {
    std::int64_t skipped = 0;
    while (position_ < end_) {
      const auto word = look(std::min(k_alignment_bytes, end_ - position_));
      if (!word) return word.error();
      if (word->find_first_not_of('\0') != std::string_view::npos) return std::nullopt;
      skipped += k_alignment_bytes;
      if (skipped > k_longest_padding_bytes) return broken("has a long gap between fatbin headers");
      position_ += k_alignment_bytes;
    }
    return std::nullopt;
  }

  std::optional<Error> read_container() {
    const std::int64_t room = end_ - position_;
    const auto header = look(std::min(k_container_header_bytes, room));
    if (!header) return header.error();
    const auto header_bytes = std::int64_t{little_endian<std::uint16_t>(*header, 6)};
    const auto size = std::bit_cast<std::int64_t>(little_endian<std::uint64_t>(*header, 8));
    if (little_endian<std::uint32_t>(*header, 0) != k_magic) return broken("has something else than a fatbin header");
    if (header_bytes < k_container_header_bytes || header_bytes > room || size < 0 || size > room - header_bytes)
      return broken("has a fatbin that does not lie in its section,");
    const std::int64_t container_end = position_ + header_bytes + size;
    position_ += header_bytes;
    std::set<GpuTarget> module;
    while (position_ < container_end) {
      if (auto error = read_entry(container_end, module)) return error;
    }
    if (!module.empty()) ++targets_.modules[std::move(module)];
    const std::int64_t past = position_ % k_alignment_bytes;
    if (past != 0) position_ += k_alignment_bytes - past;
    return std::nullopt;
  }

  std::optional<Error> read_entry(std::int64_t container_end, std::set<GpuTarget>& module) {
    if (++entries_ > k_most_entries)
      return Error{Error::Kind::too_large, source_.path(), "has more fatbin entries than any library"};
    const std::int64_t room = container_end - position_;
    if (room < k_entry_header_bytes) return broken("has a fatbin entry that is cut short");
    const auto header = look(k_entry_header_bytes);
    if (!header) return header.error();
    const Entry entry = entry_of(*header);
    if (entry.header_bytes < k_entry_header_bytes || entry.header_bytes > room || entry.payload_bytes < 0 ||
        entry.payload_bytes > room - entry.header_bytes)
      return broken("has a fatbin entry that does not lie in its fatbin,");
    if (entry.kind == k_kind_sass) module.insert({GpuTarget::Kind::sass, entry.capability});
    if (entry.kind == k_kind_ptx) {
      module.insert({GpuTarget::Kind::ptx, entry.capability});
      targets_.newest_ptx = std::max(targets_.newest_ptx.value_or(PtxVersion()), entry.code_version);
    }
    position_ += entry.header_bytes + entry.payload_bytes;  // other kinds (8: for link-time optimisation) never load
    return std::nullopt;
  }

  const ByteSource& source_;
  std::int64_t position_;
  std::int64_t end_;
  std::int64_t entries_ = 0;
  std::string window_;
  std::int64_t window_at_ = 0;
  GpuTargets targets_;
};

}  // namespace

Result<GpuTargets> read_fatbins(const ByteSource& source, const ElfSection& section) {
  if (!source.holds(section.offset, section.size_bytes))
    return Error{Error::Kind::unparsable, source.path(), "section " + section.name + " does not lie in the file"};
  return FatbinReader(source, section).read();
}

}  // namespace diffcheck
