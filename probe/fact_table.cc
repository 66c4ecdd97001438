#include "probe/fact_table.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace diffcheck {
namespace {

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr std::array<Unit, 10> k_units = {{{"KiB", 1024.0},
                                           {"MiB", 1048576.0},
                                           {"GiB", 1073741824.0},
                                           {"TiB", 1099511627776.0},
                                           {"KB", 1e3},
                                           {"MB", 1e6},
                                           {"GB", 1e9},
                                           {"TB", 1e12},
                                           {"G", 1073741824.0},
                                           {"B", 1.0}}};

std::string decimal(double value, int digits) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.*f", digits, value);
  return buffer.data();
}

std::string shortest(double value) {
  std::array<char, 64> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return std::string(buffer.data(), result.ptr);
}

std::string bytes_text(Bytes bytes) {
  const double size = std::abs(static_cast<double>(bytes.count));
  const auto count = static_cast<double>(bytes.count);
  if (size >= 10.0 * 1024 * 1048576.0 * 1024) return decimal(count / 1099511627776.0, 2) + " TiB";
  if (size >= 1073741824.0 / 2) return decimal(count / 1073741824.0, 2) + " GiB";
  if (size >= 1048576.0) return decimal(count / 1048576.0, 1) + " MiB";
  if (size >= 1024.0) return decimal(count / 1024.0, 1) + " KiB";
  return std::to_string(bytes.count) + " B";
}

std::string joined(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
  return text;
}

std::optional<double> read_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Bytes> read_bytes(std::string_view text) {
  if (const auto plain = read_integer(text)) return Bytes{*plain};
  for (const Unit& unit : k_units) {
    if (!text.ends_with(unit.name)) continue;
    std::string_view number = text.substr(0, text.size() - unit.name.size());
    while (number.ends_with(' ')) number.remove_suffix(1);
    const auto value = read_number(number);
    if (!value || std::abs(*value * unit.bytes) > 9e18) return std::nullopt;
    return Bytes{static_cast<std::int64_t>(std::llround(*value * unit.bytes))};
  }
  return std::nullopt;
}

std::vector<std::string> read_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return items;
}

std::optional<bool> read_bool(std::string_view text) {
  if (text == "true" || text == "yes" || text == "1" || text == "on") return true;
  if (text == "false" || text == "no" || text == "0" || text == "off") return false;
  return std::nullopt;
}

template <class T>
std::optional<Value> as_value(std::optional<T> value) {
  if (!value) return std::nullopt;
  return Value(std::move(*value));
}

std::optional<Value> read_value(std::string_view text, ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return as_value(read_bool(text));
    case ValueType::integer:
      return as_value(read_integer(text));
    case ValueType::number:
      return as_value(read_number(text));
    case ValueType::bytes:
      return as_value(read_bytes(text));
    case ValueType::text:
      return Value(std::string(text));
    case ValueType::version:
      return as_value(Version::parse(text));
    case ValueType::compute_capability:
      return as_value(ComputeCapability::parse(text));
    case ValueType::text_list:
      return Value(read_list(text));
  }
  return std::nullopt;
}

std::string_view expectation(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "true or false";
    case ValueType::integer:
      return "a whole number";
    case ValueType::number:
      return "a number";
    case ValueType::bytes:
      return "a size such as 16GiB or 17179869184";
    case ValueType::text:
      return "text";
    case ValueType::version:
      return "a version such as 2.5.1+cu121";
    case ValueType::compute_capability:
      return "a compute capability such as 8.9";
    case ValueType::text_list:
      return "a list such as a,b";
  }
  return "a value";
}

/// Calls `visit` with each part of a dotted path until it returns false.
template <class Visit>
void for_each_part(std::string_view path, const Visit& visit) {
  while (true) {
    const std::size_t dot = path.find('.');
    if (!visit(path.substr(0, dot)) || dot == std::string_view::npos) return;
    path.remove_prefix(dot + 1);
  }
}

struct TextOf {
  std::string operator()(bool value) const { return value ? "yes" : "no"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return shortest(std::round(value * 1000) / 1000); }
  std::string operator()(Bytes value) const { return bytes_text(value); }
  std::string operator()(const std::string& value) const { return value; }
  std::string operator()(const Version& value) const { return value.text(); }
  std::string operator()(const ComputeCapability& value) const { return to_string(value); }
  std::string operator()(const std::vector<std::string>& value) const { return joined(value); }
};

struct RawTextOf : TextOf {
  using TextOf::operator();
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(double value) const { return shortest(value); }
  std::string operator()(Bytes value) const { return std::to_string(value.count); }
};

}  // namespace

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= left.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (left[i - 1] == right[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[right.size()];
}

std::string_view name_of(ValueType type) {
  switch (type) {
    case ValueType::boolean:
      return "boolean";
    case ValueType::integer:
      return "integer";
    case ValueType::number:
      return "number";
    case ValueType::bytes:
      return "bytes";
    case ValueType::text:
      return "text";
    case ValueType::version:
      return "version";
    case ValueType::compute_capability:
      return "compute capability";
    case ValueType::text_list:
      return "list of text";
  }
  return "value";
}

std::string to_text(const Value& value) { return std::visit(TextOf{}, value); }
std::string to_raw_text(const Value& value) { return std::visit(RawTextOf{}, value); }

Result<Value> parse_value(std::string_view text, ValueType type) {
  if (auto value = read_value(text, type)) return *std::move(value);
  return Error{Error::Kind::invalid, "",
               "expected " + std::string(expectation(type)) + ", got \"" + std::string(text) + "\""};
}

const AnyFact& FactTable::find(std::string_view path) const {
  static const AnyFact k_unset;
  if (const auto found = facts_.find(path); found != facts_.end()) return found->second;
  for (const auto& [prefix, absent] : complete_) {
    if (path.size() > prefix.size() && path.starts_with(prefix) && path[prefix.size()] == '.') {
      // A listed item keeps its own unset members unknown; only items that are not listed are absent.
      const std::string_view item = path.substr(0, path.find('.', prefix.size() + 1));
      if (items_.find(item) == items_.end()) return absent;
    }
  }
  return k_unset;
}

std::optional<FactTable::ListSize> FactTable::list_size(std::string_view path) const {
  const auto found = lists_.find(path);
  if (found == lists_.end()) return std::nullopt;
  return found->second;
}

void FactCatalogue::add(std::string pattern, ValueType type, std::string doc) {
  node_at(pattern).type = type;
  entries_.push_back({std::move(pattern), type, std::move(doc)});
}

FactCatalogue::Node& FactCatalogue::node_at(std::string_view pattern) {
  Node* node = &root_;
  for_each_part(pattern, [&](std::string_view part) {
    node = &node->children[std::string(part)];
    return true;
  });
  return *node;
}

const FactCatalogue::Node* FactCatalogue::find_node(std::string_view path) const {
  const Node* node = &root_;
  for_each_part(path, [&](std::string_view part) {
    auto found = node->children.find(part);
    if (found == node->children.end() && !part.empty()) found = node->children.find("*");
    node = found == node->children.end() ? nullptr : &found->second;
    return node != nullptr;
  });
  return node;
}

std::optional<ValueType> FactCatalogue::type_of(std::string_view path) const {
  const Node* node = find_node(path);
  return node == nullptr ? std::nullopt : node->type;
}

bool FactCatalogue::has_list(std::string_view path) const {
  const Node* node = find_node(path);
  return node != nullptr && node->list;
}

std::vector<std::string> FactCatalogue::nearest(std::string_view path, std::size_t count) const {
  std::vector<std::pair<std::size_t, std::string>> ranked;
  for (const Entry& entry : entries_) ranked.emplace_back(edit_distance(path, entry.pattern), entry.pattern);
  std::sort(ranked.begin(), ranked.end());
  std::vector<std::string> names;
  for (std::size_t i = 0; i < std::min(count, ranked.size()); ++i) names.push_back(ranked[i].second);
  return names;
}

}  // namespace diffcheck
