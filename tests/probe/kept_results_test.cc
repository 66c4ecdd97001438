#include "probe/kept_results.h"

#include <gtest/gtest.h>

#include <set>

namespace diffcheck {
namespace {

const ResultKey k_reader = ResultKey::of("reader");

ResultKey key(int i) { return ResultKey::of("file " + std::to_string(i)); }

KeptResults three() {
  KeptResults results(k_reader);
  results.keep(key(1), "one");
  results.keep(key(2), "");
  results.keep(key(3), std::string("t\0ree", 5));
  return results;
}

KeptResults again(const KeptResults& results, KeptResults::Limits limits = {}) {
  return KeptResults::parse(results.to_bytes(), k_reader, limits);
}

TEST(ResultKeyTest, DiffersWithEveryByteAndWithTheLength) {
  std::set<ResultKey> keys;
  std::size_t count = 0;
  for (const std::size_t length : {0U, 1U, 7U, 8U, 9U, 40U}) {
    keys.insert(ResultKey::of(std::string(length, '\0')));
    ++count;
    for (std::size_t at = 0; at < length; ++at) {
      for (int bit = 0; bit < 8; ++bit, ++count) {
        std::string text(length, '\0');
        text[at] = static_cast<char>(1U << static_cast<unsigned>(bit));
        keys.insert(ResultKey::of(text));
      }
    }
  }
  EXPECT_EQ(keys.size(), count);
}

TEST(KeptResultsTest, GivesBackWhatWasKept) {
  KeptResults read = again(three());
  EXPECT_EQ(read.size(), 3U);
  EXPECT_FALSE(read.has_new());
  EXPECT_EQ(read.find(key(1)), "one");
  EXPECT_EQ(read.find(key(2)), "");
  EXPECT_EQ(read.find(key(3)), std::string_view("t\0ree", 5));
  EXPECT_EQ(read.find(key(4)), std::nullopt);
}

TEST(KeptResultsTest, ALaterResultReplacesAnEarlierOne) {
  KeptResults results = again(three());
  results.keep(key(1), "uno");
  EXPECT_TRUE(results.has_new());
  EXPECT_EQ(results.find(key(1)), "uno");
  KeptResults read = again(results);
  EXPECT_EQ(read.size(), 3U);
  EXPECT_EQ(read.find(key(1)), "uno");
}

TEST(KeptResultsTest, AnotherReaderFindsNothing) {
  EXPECT_EQ(KeptResults::parse(three().to_bytes(), ResultKey::of("reader 2")).size(), 0U);
}

TEST(KeptResultsTest, AnyFlippedBitMakesItEmpty) {
  const std::string bytes = three().to_bytes();
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string broken = bytes;
      broken[at] = static_cast<char>(static_cast<unsigned char>(broken[at]) ^ (1U << bit));
      EXPECT_EQ(KeptResults::parse(broken, k_reader).size(), 0U) << at << "." << bit;
    }
  }
}

TEST(KeptResultsTest, AnyCutMakesItEmpty) {
  const std::string bytes = three().to_bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(KeptResults::parse(bytes.substr(0, size), k_reader).size(), 0U) << size;
  EXPECT_EQ(KeptResults::parse(bytes + '\0', k_reader).size(), 0U);
}

/// As an attacker writes it: the checksum fits, the contents do not.
std::string with_checksum(std::string bytes) {
  constexpr std::size_t checksum_at = 24;
  constexpr std::size_t summed_from = 40;
  const ResultKey sum = ResultKey::of(std::string_view(bytes).substr(summed_from));
  for (std::size_t i = 0; i < 8; ++i) {
    bytes[checksum_at + i] = static_cast<char>(sum.high >> (8 * i));
    bytes[checksum_at + 8 + i] = static_cast<char>(sum.low >> (8 * i));
  }
  return bytes;
}

TEST(KeptResultsTest, AChecksumThatFitsProvesNothing) {
  const std::string bytes = three().to_bytes();
  ASSERT_EQ(with_checksum(bytes), bytes);
  constexpr std::size_t count_at = 44;
  constexpr std::size_t first_entry_at = 48;
  const auto broken = [&](std::size_t at, char value) {
    std::string changed = bytes;
    for (std::size_t i = 0; i < 4; ++i) changed[at + i] = value;
    return KeptResults::parse(with_checksum(changed), k_reader).size();
  };
  EXPECT_EQ(broken(count_at, '\x7f'), 0U) << "more entries than there are bytes";
  EXPECT_EQ(broken(first_entry_at + 16, '\xff'), 0U) << "a result behind the end";
  EXPECT_EQ(broken(first_entry_at + 20, '\xff'), 0U) << "a result longer than the file";
  EXPECT_EQ(broken(first_entry_at + 24, '\x01'), 0U) << "asked for in a writing that was not yet";
  EXPECT_EQ(broken(first_entry_at + 4, '\xff'), 0U) << "keys out of order";
  EXPECT_EQ(broken(40, '\xff'), 3U) << "the number of writings may be any";
}

TEST(KeptResultsTest, TheNumberOfEntriesIsBounded) {
  constexpr KeptResults::Limits limits{10, 4096};
  KeptResults results(k_reader, limits);
  for (int i = 0; i < 50; ++i) results.keep(key(i), "x");
  EXPECT_EQ(again(results, limits).size(), 10U);
  EXPECT_EQ(again(three(), {2, 4096}).size(), 0U) << "written under other limits";
}

TEST(KeptResultsTest, TheBytesAreBounded) {
  constexpr KeptResults::Limits limits{1000, 4096};
  KeptResults results(k_reader, limits);
  for (int i = 0; i < 50; ++i) results.keep(key(i), std::string(500, 'x'));
  results.keep(key(99), std::string(513, 'x'));
  EXPECT_EQ(results.find(key(99)), std::nullopt) << "more than its share";
  EXPECT_LE(results.to_bytes().size(), limits.bytes);
  EXPECT_EQ(again(results, limits).size(), 7U);
  EXPECT_EQ(again(three(), {1000, 64}).size(), 0U);
}

TEST(KeptResultsTest, WhatWasNotAskedForGoesFirst) {
  constexpr KeptResults::Limits limits{3, 4096};
  KeptResults results = again(three(), limits);
  EXPECT_TRUE(results.find(key(1)));
  EXPECT_TRUE(results.find(key(3)));
  results.keep(key(4), "four");
  KeptResults next = again(results, limits);
  EXPECT_FALSE(next.find(key(2)));
  EXPECT_TRUE(next.find(key(4)));
  next.keep(key(5), "five");
  next.keep(key(6), "six");
  KeptResults last = again(next, limits);
  EXPECT_TRUE(last.find(key(4)) && last.find(key(5)) && last.find(key(6)));
}

}  // namespace
}  // namespace diffcheck
