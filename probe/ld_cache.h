// /etc/ld.so.cache: the libraries that ldconfig found in the system's folders, as the dynamic linker of glibc reads it.
// Layout: glibc, sysdeps/generic/dl-cache.h (format 1.1); ldconfig -p prints the same.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "probe/result.h"

namespace diffcheck {

class LdCache {
 public:
  static constexpr std::int64_t largest_file_bytes = 16 << 20;  // a machine with 5000 libraries has 400 kB

  /// Errors: unparsable, also for the format from before glibc 2.2 alone.
  static Result<LdCache> parse(std::string path, std::string bytes);

  /// Where the library lies, for 64-bit programs of this ELF machine; the linker's own order. Variants for newer
  /// processors are left out: they hold the same symbols as the plain file beside them.
  std::vector<std::string> find(std::string_view soname, std::uint16_t machine) const;

 private:
  LdCache(std::string path, std::string bytes, std::size_t start, std::size_t entries)
      : path_(std::move(path)), bytes_(std::move(bytes)), start_(start), entries_(entries) {}

  /// A text of the table that ends inside of the file; empty for one that does not.
  std::string_view text(std::uint32_t offset) const;

  std::string path_;
  std::string bytes_;
  std::size_t start_;  ///< Of the format 1.1; the older table may stand in front of it.
  std::size_t entries_;
};

}  // namespace diffcheck
