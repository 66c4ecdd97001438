#include "probe/kept_results.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "probe/little_endian.h"

namespace diffcheck {
namespace {

// The text: a header, entries in the order of their keys, then the results one after the other.
//   header  magic, reader's key, checksum of what follows, number of writings, number of entries
//   entry   key, offset among the results, size, last writing before which it was asked for
constexpr std::string_view k_magic = "dcKept\x01\n";
constexpr std::size_t k_magic_bytes = 8;
constexpr std::size_t k_checksum_at = k_magic_bytes + 16;
constexpr std::size_t k_summed_from = k_checksum_at + 16;
constexpr std::size_t k_header_bytes = k_summed_from + 8;
constexpr std::size_t k_entry_bytes = 28;
constexpr std::size_t k_largest_share = 8;

/// Every step can be undone, so two texts of one length that differ in one word give different sums.
class Sum {
 public:
  explicit Sum(std::uint64_t start) : sum_(start) {}
  void add(std::uint64_t word) {
    constexpr std::uint64_t odd = 0x9e3779b97f4a7c15;  // 2^64 / the golden ratio (Knuth, TAOCP 6.4)
    sum_ = (sum_ ^ word) * odd;
    sum_ ^= sum_ >> 29U;
  }
  std::uint64_t value() const { return sum_; }

 private:
  std::uint64_t sum_;
};

void append(std::string& bytes, std::uint64_t number, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(number >> (8 * i) & 0xffU);
}

void append_key(std::string& bytes, ResultKey key) {
  append(bytes, key.high, 8);
  append(bytes, key.low, 8);
}

ResultKey key_at(std::string_view bytes, std::size_t offset) {
  return {little_endian<std::uint64_t>(bytes, offset), little_endian<std::uint64_t>(bytes, offset + 8)};
}

}  // namespace

ResultKey ResultKey::of(std::string_view text) {
  Sum high(0);
  Sum low(1);
  high.add(text.size());
  low.add(high.value());
  const std::size_t whole = text.size() / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8) {
    const auto word = little_endian<std::uint64_t>(text, at);
    high.add(word);
    low.add(word + high.value());
  }
  std::uint64_t rest = 0;
  for (std::size_t at = text.size(); at-- > whole;) rest = rest << 8U | static_cast<unsigned char>(text[at]);
  high.add(rest);
  low.add(rest + high.value());
  return {high.value(), low.value()};
}

KeptResults KeptResults::parse(std::string bytes, ResultKey reader, Limits limits) {
  KeptResults results(reader, limits);
  if (!results.read(bytes)) return {reader, limits};
  results.bytes_ = std::move(bytes);
  return results;
}

bool KeptResults::read(std::string_view bytes) {
  if (bytes.size() > limits_.bytes || bytes.size() < k_header_bytes) return false;
  if (!bytes.starts_with(k_magic) || key_at(bytes, k_magic_bytes) != reader_) return false;
  if (key_at(bytes, k_checksum_at) != ResultKey::of(bytes.substr(k_summed_from))) return false;
  writing_ = little_endian<std::uint32_t>(bytes, k_summed_from);
  const std::size_t count = little_endian<std::uint32_t>(bytes, k_summed_from + 4);
  const std::size_t room = bytes.size() - k_header_bytes;
  if (count > limits_.entries || count > room / k_entry_bytes) return false;
  const std::size_t results_at = k_header_bytes + count * k_entry_bytes;
  entries_.reserve(count);
  for (std::size_t at = k_header_bytes; at < results_at; at += k_entry_bytes) {
    Entry entry{key_at(bytes, at), little_endian<std::uint32_t>(bytes, at + 16),
                little_endian<std::uint32_t>(bytes, at + 20), little_endian<std::uint32_t>(bytes, at + 24)};
    const std::size_t rest = bytes.size() - results_at;
    if (entry.offset > rest || entry.size_bytes > rest - entry.offset || entry.writing > writing_) return false;
    if (!entries_.empty() && entries_.back().key >= entry.key) return false;
    entry.offset += static_cast<std::uint32_t>(results_at);
    entries_.push_back(entry);
  }
  return true;
}

std::uint32_t KeptResults::next_writing() const {
  return writing_ == std::numeric_limits<std::uint32_t>::max() ? writing_ : writing_ + 1;
}

std::string_view KeptResults::result_of(const Entry& entry) const {
  return std::string_view(bytes_).substr(entry.offset, entry.size_bytes);
}

std::optional<std::string_view> KeptResults::find(ResultKey key) {
  if (const auto added = added_.find(key); added != added_.end()) return added->second;
  const auto found = std::lower_bound(entries_.begin(), entries_.end(), key,
                                      [](const Entry& entry, ResultKey wanted) { return entry.key < wanted; });
  if (found == entries_.end() || found->key != key) return std::nullopt;
  found->writing = next_writing();
  return result_of(*found);
}

void KeptResults::keep(ResultKey key, std::string result) {
  if (result.size() <= limits_.bytes / k_largest_share) added_.insert_or_assign(key, std::move(result));
}

std::vector<KeptResults::Chosen> KeptResults::chosen() const {
  std::vector<Chosen> all;
  for (const auto& [key, result] : added_) all.push_back({key, next_writing(), result});
  for (const Entry& entry : entries_) {
    if (!added_.contains(entry.key)) all.push_back({entry.key, entry.writing, result_of(entry)});
  }
  std::stable_sort(all.begin(), all.end(), [](const Chosen& a, const Chosen& b) { return a.writing > b.writing; });
  std::size_t bytes = k_header_bytes;
  std::size_t count = 0;
  for (const Chosen& one : all) {
    bytes += k_entry_bytes + one.result.size();
    if (count == limits_.entries || bytes > limits_.bytes) break;
    ++count;
  }
  all.resize(count);
  std::sort(all.begin(), all.end(), [](const Chosen& a, const Chosen& b) { return a.key < b.key; });
  return all;
}

std::string KeptResults::to_bytes() const {
  const std::vector<Chosen> all = chosen();
  std::string summed;
  append(summed, next_writing(), 4);
  append(summed, all.size(), 4);
  std::size_t offset = 0;
  for (const Chosen& one : all) {
    append_key(summed, one.key);
    append(summed, offset, 4);
    append(summed, one.result.size(), 4);
    append(summed, one.writing, 4);
    offset += one.result.size();
  }
  for (const Chosen& one : all) summed += one.result;
  std::string bytes(k_magic);
  bytes.resize(k_magic_bytes);
  append_key(bytes, reader_);
  append_key(bytes, ResultKey::of(summed));
  return bytes + summed;
}

}  // namespace diffcheck
