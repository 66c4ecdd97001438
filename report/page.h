// A page of text as it grows: headings, marked rows with aligned labels, indented details, tables and commands.
#pragma once

#include <string>
#include <string_view>

#include "report/style.h"
#include "report/table.h"

namespace diffcheck {

class Page {
 public:
  explicit Page(const Style& style) : style_(style) {}

  void heading(std::string_view text);
  void paragraph(std::string_view text);
  /// "✓ label     text", the text wrapped in its own column.
  void row(Mark mark, std::string_view label, std::string_view text);
  /// "✗ text", wrapped behind the mark.
  void item(Mark mark, std::string_view text);
  /// Wrapped and indented below an item; `label`, where there is one, in front of the first line.
  void detail(std::string_view text, std::string_view label = {});
  /// A command to copy: indented, never wrapped.
  void command(std::string_view line);
  void table(const Table& table);
  void blank();

  const Style& style() const { return style_; }
  const std::string& text() const { return text_; }

 private:
  void lines_behind(std::string_view first, std::size_t indent, std::string_view text);

  const Style& style_;
  std::string text_;
};

}  // namespace diffcheck
