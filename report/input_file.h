// Files that the user names: read whole, within a bound.
#pragma once

#include <string>
#include <vector>

#include "probe/result.h"

namespace diffcheck {

/// Text of a file; "-" is standard input. Errors: absent, too_large, failed.
Result<std::string> read_input_file(const std::string& path);

/// The *.json files of a folder, sorted by name; `path` itself where it is no folder. Errors: a folder without any, or
/// with more than `most`; failed.
Result<std::vector<std::string>> json_files_at(const std::string& path, std::size_t most);

/// The end of a text that may be longer than what is wanted of it.
struct TextEnd {
  std::string text;            ///< From the start of a line.
  std::size_t left_out = 0;    ///< Bytes before it.
  std::size_t first_line = 1;  ///< Number of its first line.
};

/// At most `most_bytes` from the end; "-" is standard input. Errors: absent, failed, too_large (over 4 GiB, so that an
/// endless stream ends).
Result<TextEnd> read_end_of_file(const std::string& path, std::size_t most_bytes);

}  // namespace diffcheck
