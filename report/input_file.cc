#include "report/input_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <system_error>

namespace diffcheck {
namespace {

/// A snapshot of a large machine has some 100 KiB; what is larger than this is not meant for us.
constexpr std::size_t k_largest_bytes = 64 << 20;
constexpr std::size_t k_chunk_bytes = 1 << 16;
constexpr std::size_t k_longest_stream = std::size_t{4} << 30;

Error failure(const std::string& path, int number) {
  const auto kind = number == ENOENT   ? Error::Kind::absent
                    : number == EACCES ? Error::Kind::denied
                                       : Error::Kind::failed;
  return {kind, path, std::generic_category().message(number)};
}

Result<std::string> read_stream(std::istream& stream, const std::string& name) {
  std::string text;
  std::array<char, k_chunk_bytes> chunk{};
  errno = 0;
  while (stream.read(chunk.data(), chunk.size()) || stream.gcount() > 0) {
    text.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > k_largest_bytes) return Error{Error::Kind::too_large, name, "larger than 64 MiB"};
  }
  if (stream.bad() || errno == EISDIR) return failure(name, errno == 0 ? EIO : errno);
  return text;
}

/// Takes `bytes` off the front.
void leave_out(TextEnd& end, std::size_t bytes) {
  const auto cut = end.text.begin() + static_cast<std::ptrdiff_t>(bytes);
  end.first_line += static_cast<std::size_t>(std::count(end.text.begin(), cut, '\n'));
  end.text.erase(end.text.begin(), cut);
  end.left_out += bytes;
}

Result<TextEnd> read_end(std::istream& stream, const std::string& name, std::size_t most_bytes) {
  TextEnd end;
  std::array<char, k_chunk_bytes> chunk{};
  errno = 0;
  while (stream.read(chunk.data(), chunk.size()) || stream.gcount() > 0) {
    end.text.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
    if (end.left_out + end.text.size() > k_longest_stream)
      return Error{Error::Kind::too_large, name, "longer than 4 GiB"};
    // In large steps, so that each byte moves once at most.
    if (end.text.size() > 2 * most_bytes + k_chunk_bytes) leave_out(end, end.text.size() - most_bytes);
  }
  if (stream.bad() || errno == EISDIR) return failure(name, errno == 0 ? EIO : errno);
  if (end.text.size() > most_bytes) leave_out(end, end.text.size() - most_bytes);
  if (end.left_out > 0) {
    const std::size_t line_end = end.text.find('\n');
    if (line_end != std::string::npos) leave_out(end, line_end + 1);
  }
  return end;
}

}  // namespace

Result<std::vector<std::string>> json_files_at(const std::string& path, std::size_t most) {
  namespace fs = std::filesystem;
  std::error_code code;
  if (path == "-" || !fs::is_directory(path, code)) return std::vector<std::string>{path};
  std::vector<std::string> files;
  for (auto entry = fs::directory_iterator(path, code); !code && entry != fs::directory_iterator();
       entry.increment(code)) {
    if (entry->path().extension() == ".json" && entry->is_regular_file(code)) files.push_back(entry->path().string());
    if (files.size() > most)
      return Error{Error::Kind::too_large, path, "more than " + std::to_string(most) + " JSON files"};
  }
  if (code) return Error{Error::Kind::failed, path, code.message()};
  if (files.empty()) return Error{Error::Kind::absent, path, "expected a folder with snapshots (*.json)"};
  std::sort(files.begin(), files.end());
  return files;
}

Result<TextEnd> read_end_of_file(const std::string& path, std::size_t most_bytes) {
  if (path == "-") return read_end(std::cin, "standard input", most_bytes);
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return failure(path, errno == 0 ? EIO : errno);
  return read_end(stream, path, most_bytes);
}

Result<std::string> read_input_file(const std::string& path) {
  if (path == "-") return read_stream(std::cin, "standard input");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return failure(path, errno == 0 ? EIO : errno);
  return read_stream(stream, path);
}

}  // namespace diffcheck
