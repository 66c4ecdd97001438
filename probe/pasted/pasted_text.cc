#include "probe/pasted/pasted_text.h"

#include <algorithm>
#include <array>
#include <utility>

#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::size_t k_most_lines = 200'000;
constexpr std::size_t k_longest_line_bytes = 16 << 10;
constexpr char k_escape = '\x1b';
constexpr std::string_view k_no_break_space = "\xc2\xa0";
constexpr std::string_view k_utf8_mark = "\xef\xbb\xbf";

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

/// Where the terminal escape that begins at `at` ends (ECMA-48: CSI and OSC; others are two characters).
std::size_t end_of_escape(std::string_view line, std::size_t at) {
  if (at + 1 >= line.size()) return line.size();
  const char kind = line[at + 1];
  std::size_t end = at + 2;
  if (kind == '[') {
    while (end < line.size() && (line[end] < '@' || line[end] > '~')) ++end;
    return std::min(end + 1, line.size());
  }
  if (kind == ']') {
    while (end < line.size() && line[end] != '\a' && line[end] != k_escape) ++end;
    const std::size_t terminator = end < line.size() && line[end] == k_escape ? 2 : 1;
    return std::min(end + terminator, line.size());
  }
  return end;
}

/// What a terminal would show of the line.
std::string shown(std::string_view line) {
  std::string text;
  text.reserve(line.size());
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == k_escape) {
      i = end_of_escape(line, i);
    } else if (line.substr(i).starts_with(k_no_break_space)) {
      text += ' ';
      i += k_no_break_space.size();
    } else if (line[i] == '\0' || line[i] == '\r') {
      ++i;
    } else {
      text += is_control(line[i]) && line[i] != '\t' ? ' ' : line[i];
      ++i;
    }
  }
  return text;
}

/// Of "```shell": the word tells the colours of what follows.
bool is_language(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

/// "<pre>text</pre>" -> "text": what GitHub lets people put around a report.
std::string_view without_tags(std::string_view line) {
  constexpr std::array<std::string_view, 8> k_tags = {"<details>", "<details open>", "<summary>", "<pre>",
                                                      "<code>",    "<br>",           "<br/>",     "<p>"};
  constexpr std::array<std::string_view, 7> k_ends = {"</details>", "</summary>", "</pre>", "</code>",
                                                      "</p>",       "<br>",       "<br/>"};
  const auto take_off = [](const auto& tags, const auto& take) {
    while (std::ranges::any_of(tags, take)) {
    }
  };
  take_off(k_ends, [&](std::string_view tag) {
    if (!line.starts_with(tag)) return false;
    line.remove_prefix(tag.size());
    return true;
  });
  take_off(k_tags, [&](std::string_view tag) {
    if (!line.starts_with(tag)) return false;
    line.remove_prefix(tag.size());
    return true;
  });
  take_off(k_ends, [&](std::string_view tag) {
    if (!line.ends_with(tag)) return false;
    line.remove_suffix(tag.size());
    return true;
  });
  return line;
}

/// A table that was quoted with "| ": no table of these tools has such a first cell.
std::string_view without_bar(std::string_view line) {
  return line.starts_with("| |") || line.starts_with("| +-") || line.starts_with("| +=") ? line.substr(2) : line;
}

/// "&gt;" and the like, of text that was copied out of a web page's source. "&amp;" stays: XML needs it.
std::string without_entities(std::string_view line) {
  constexpr std::array<std::pair<std::string_view, char>, 5> k_entities = {
      {{"&gt;", '>'}, {"&lt;", '<'}, {"&quot;", '"'}, {"&#39;", '\''}, {"&nbsp;", ' '}}};
  std::string text;
  text.reserve(line.size());
  while (!line.empty()) {
    const auto found = std::ranges::find_if(k_entities, [&](const auto& one) { return line.starts_with(one.first); });
    text += found != k_entities.end() ? found->second : line.front();
    line.remove_prefix(found != k_entities.end() ? found->first.size() : 1);
  }
  return text;
}

/// "> > text" and "``` text" -> "text", keeping the indentation behind the marks.
std::string_view without_marks(std::string_view line) {
  for (std::size_t at = line.find_first_not_of(" \t"); at != std::string_view::npos && line[at] == '>';
       at = line.find_first_not_of(" \t")) {
    line.remove_prefix(at + 1);
    if (line.starts_with(' ')) line.remove_prefix(1);
  }
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin != std::string_view::npos && line.substr(begin).starts_with("```")) {
    line.remove_prefix(std::min(line.find_first_not_of('`', begin), line.size()));
    if (is_language(line)) return {};
  }
  while (line.ends_with("```")) line.remove_suffix(3);
  return line;
}

}  // namespace

Text clean_text(std::string_view pasted) {
  Text text;
  if (pasted.starts_with(k_utf8_mark)) pasted.remove_prefix(k_utf8_mark.size());
  if (pasted.starts_with("\xff\xfe") || pasted.starts_with("\xfe\xff")) pasted.remove_prefix(2);
  while (auto line = take_line(pasted)) {
    if (text.lines.size() == k_most_lines) {
      text.is_cut = true;
      break;
    }
    if (line->size() > k_longest_line_bytes) {
      text.is_cut = true;
      line = line->substr(0, k_longest_line_bytes);
    }
    std::string seen = shown(*line);
    if (seen.find('&') != std::string::npos) seen = without_entities(seen);
    text.lines.emplace_back(without_bar(without_tags(without_marks(seen))));
  }
  return text;
}

KeyValue key_value(std::string_view line) {
  constexpr std::string_view marks = " \t-*`#|";
  const std::size_t begin = line.find_first_not_of(marks);
  if (begin == std::string_view::npos) return {};
  const std::size_t colon = line.find(':', begin);
  if (colon == std::string_view::npos) return {};
  std::string_view key = line.substr(begin, colon - begin);
  while (!key.empty() && marks.find(key.back()) != std::string_view::npos) key.remove_suffix(1);
  std::string_view value = line.substr(colon + 1);
  // "**Key:** value": the marks close behind the colon.
  while (!value.empty() && (value.front() == '*' || value.front() == '`')) value.remove_prefix(1);
  return {key, trim(value)};
}

std::vector<std::string_view> table_cells(std::string_view line) {
  line = trim(line);
  if (line.size() < 2 || line.front() != '|' || line.back() != '|') return {};
  auto cells = split(line.substr(1, line.size() - 2), '|');
  std::ranges::transform(cells, cells.begin(), [](std::string_view cell) { return trim(cell); });
  return cells;
}

std::string_view first_word(std::string_view value) {
  const auto words = split_words(value.substr(0, value.find('\n')));
  return words.empty() ? std::string_view() : words.front();
}

}  // namespace diffcheck::pasted
