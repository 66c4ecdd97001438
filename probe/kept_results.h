// What one run of diffcheck keeps for the next: results that took long to read, each under a key that changes with
// whatever the result was read from. Pure: bytes in, bytes out. The bytes are hostile, as anybody who can write to the
// user's cache folder, and any crash, may have made them: what is odd about them makes them empty, never an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace diffcheck {

/// Stands for a text of any length. Not cryptographic: the texts are names and numbers of the user's own files.
struct ResultKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  static ResultKey of(std::string_view text);
  friend auto operator<=>(const ResultKey&, const ResultKey&) = default;
};

class KeptResults {
 public:
  struct Limits {
    std::size_t entries = 16'384;
    std::size_t bytes = 4 << 20;  ///< Of the whole text; about ten large environments.
  };

  /// `reader` tells the program that reads the results from those that understand them otherwise.
  explicit KeptResults(ResultKey reader) : reader_(reader) {}
  KeptResults(ResultKey reader, Limits limits) : reader_(reader), limits_(limits) {}

  /// Empty where `bytes` was not written by `to_bytes` for the same reader, or not since kept whole.
  static KeptResults parse(std::string bytes, ResultKey reader, Limits limits);
  static KeptResults parse(std::string bytes, ResultKey reader) { return parse(std::move(bytes), reader, Limits()); }

  /// The result, until the next call of `keep`. What was asked for is kept longest.
  std::optional<std::string_view> find(ResultKey key);
  /// One that is larger than an eighth of all is left out.
  void keep(ResultKey key, std::string result);

  bool has_new() const { return !added_.empty(); }
  std::size_t size() const { return entries_.size() + added_.size(); }
  /// Within the limits: what has not been asked for in the most writings goes first.
  std::string to_bytes() const;

 private:
  struct Entry {
    ResultKey key;
    std::uint32_t offset = 0;  ///< In `bytes_`.
    std::uint32_t size_bytes = 0;
    std::uint32_t writing = 0;  ///< The last one before which it was asked for.
  };
  struct Chosen {
    ResultKey key;
    std::uint32_t writing = 0;
    std::string_view result;
  };
  bool read(std::string_view bytes);
  std::uint32_t next_writing() const;
  std::string_view result_of(const Entry& entry) const;
  std::vector<Chosen> chosen() const;

  ResultKey reader_;
  Limits limits_;
  std::string bytes_;
  std::vector<Entry> entries_;  ///< By key.
  std::map<ResultKey, std::string> added_;
  std::uint32_t writing_ = 0;
};

}  // namespace diffcheck
