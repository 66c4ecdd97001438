#include "probe/binary_bytes.h"

#include <cstdint>
#include <type_traits>
#include <utility>

#include "probe/little_endian.h"

namespace diffcheck {
namespace {

enum class Mark : char { unset = 'u', absent = 'a', known = 'k' };

constexpr std::size_t k_length_bytes = 4;
constexpr std::size_t k_number_bytes = 8;

/// What the dynamic linker makes of a file depends on all others.
bool follows_from_the_file_alone(std::string_view member) {
  return member != "path" && member != "package" && member != "missing_torch_symbols" && member != "loads" &&
         member != "link_defects";
}

template <class Member>
constexpr bool k_can_be_written =
    std::is_same_v<Member, Fact<std::int64_t>> || std::is_same_v<Member, Fact<Version>> ||
    std::is_same_v<Member, Fact<std::string>> || std::is_same_v<Member, Fact<std::vector<std::string>>>;

class Writer {
 public:
  Writer(const std::string& path, std::string& bytes) : path_(path), bytes_(bytes) {}
  bool failed() const { return failed_; }
  void fail() { failed_ = true; }

  template <class T>
  void write(const Fact<T>& fact) {
    if (fact.is_unset()) return mark(Mark::unset);
    if (fact.is_unknown() || fact.source() != path_) {
      failed_ = true;
      return;
    }
    mark(fact.is_known() ? Mark::known : Mark::absent);
    if (fact.is_known()) value(fact.value());
  }

 private:
  void mark(Mark mark) { bytes_ += static_cast<char>(mark); }
  void number(std::uint64_t number, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) bytes_ += static_cast<char>(number >> (8 * i) & 0xffU);
  }
  void value(std::int64_t value) { number(static_cast<std::uint64_t>(value), k_number_bytes); }
  void value(const Version& version) { value(version.text()); }
  void value(const std::string& text) {
    number(text.size(), k_length_bytes);
    bytes_ += text;
  }
  void value(const std::vector<std::string>& list) {
    number(list.size(), k_length_bytes);
    for (const std::string& item : list) value(item);
  }

  const std::string& path_;
  std::string& bytes_;
  bool failed_ = false;
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {}
  bool read_all() const { return !failed_ && bytes_.empty(); }

  template <class T>
  void read(Fact<T>& fact) {
    const auto mark = static_cast<Mark>(take(1).empty() ? '\0' : last_);
    T value{};
    switch (mark) {
      case Mark::unset:
        return;
      case Mark::absent:
        fact = absent<T>(path_);
        return;
      case Mark::known:
        if (read_value(value)) fact = known(std::move(value), path_);
        return;
    }
    failed_ = true;
  }

 private:
  /// Empty, and failed, where there are fewer.
  std::string_view take(std::size_t count) {
    if (failed_ || count > bytes_.size()) {
      failed_ = true;
      return {};
    }
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    if (count > 0) last_ = taken.back();
    return taken;
  }
  bool read_value(std::int64_t& value) {
    value = static_cast<std::int64_t>(little_endian<std::uint64_t>(take(k_number_bytes), 0));
    return !failed_;
  }
  bool read_value(std::string& text) {
    text = take(little_endian<std::uint32_t>(take(k_length_bytes), 0));
    return !failed_;
  }
  bool read_value(Version& version) {
    std::string text;
    if (!read_value(text)) return false;
    auto parsed = Version::parse(text);
    if (parsed) version = *std::move(parsed);
    failed_ = !parsed;
    return !failed_;
  }
  bool read_value(std::vector<std::string>& list) {
    const std::size_t count = little_endian<std::uint32_t>(take(k_length_bytes), 0);
    if (count > bytes_.size() / k_length_bytes) failed_ = true;
    for (std::size_t i = 0; i < count && !failed_; ++i) read_value(list.emplace_back());
    return !failed_;
  }

  std::string_view bytes_;
  const std::string& path_;
  char last_ = '\0';
  bool failed_ = false;
};

}  // namespace

std::optional<std::string> to_bytes(const BinaryFacts& facts, const std::string& path) {
  std::string bytes;
  Writer writer(path, bytes);
  BinaryFacts::describe(facts, [&](std::string_view name, const auto& fact, const char*) {
    if constexpr (k_can_be_written<std::remove_cvref_t<decltype(fact)>>) {
      if (follows_from_the_file_alone(name)) writer.write(fact);
    } else if (follows_from_the_file_alone(name)) {
      writer.fail();  // nobody has said how to write it
    }
  });
  return writer.failed() ? std::nullopt : std::optional(std::move(bytes));
}

std::optional<BinaryFacts> binary_from_bytes(std::string_view bytes, const std::string& path) {
  BinaryFacts facts;
  Reader reader(bytes, path);
  BinaryFacts::describe(facts, [&](std::string_view name, auto& fact, const char*) {
    if constexpr (k_can_be_written<std::remove_cvref_t<decltype(fact)>>) {
      if (follows_from_the_file_alone(name)) reader.read(fact);
    }
  });
  return reader.read_all() ? std::optional(std::move(facts)) : std::nullopt;
}

std::optional<std::string> to_bytes(const NamesFact& fact, const std::string& path) {
  std::string bytes;
  Writer writer(path, bytes);
  writer.write(fact);
  return writer.failed() ? std::nullopt : std::optional(std::move(bytes));
}

std::optional<NamesFact> names_from_bytes(std::string_view bytes, const std::string& path) {
  NamesFact fact;
  Reader reader(bytes, path);
  reader.read(fact);
  return reader.read_all() ? std::optional(std::move(fact)) : std::nullopt;
}

std::string binary_bytes_layout() {
  std::string layout;
  const BinaryFacts none;
  BinaryFacts::describe(none, [&](const char* name, const auto& fact, const char*) {
    using T = typename is_fact<std::remove_cvref_t<decltype(fact)>>::value_type;
    const char* type = "names";
    if constexpr (std::is_same_v<T, std::string>) type = "text";
    if constexpr (std::is_same_v<T, std::int64_t>) type = "number";
    if constexpr (std::is_same_v<T, Version>) type = "version";
    layout += std::string(name) + ":" + type + "\n";
  });
  return layout;
}

}  // namespace diffcheck
