// What people paste into an issue, as clean lines: without the marks that terminals, mails and Markdown put around it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace diffcheck::pasted {

struct Text {
  std::vector<std::string> lines;  ///< lines[0] is line 1 of what was pasted.
  bool is_cut = false;             ///< There was more than is read here.
};

/// For any bytes. Removes terminal escapes, carriage returns, zero bytes (so that UTF-16 of ASCII becomes ASCII),
/// quote marks ("> ", and "| " before tables), code fences, tags like <pre> and entities like &gt;; tabs and the
/// indentation stay. A longer line than 16 KiB is cut, and so is what follows line 200 000.
Text clean_text(std::string_view pasted);

struct KeyValue {
  std::string_view key;  ///< Without bullets, asterisks and backquotes: "PyTorch version (GPU?)".
  std::string_view value;
};

/// Of "- **Key:** value", "Key    : value" or "key: value", at the first colon. The key is empty for any other line.
KeyValue key_value(std::string_view line);

/// The cells between the "|" marks of a table's row, trimmed; empty when the line is no row.
std::vector<std::string_view> table_cells(std::string_view line);

/// The first word of a value: "3.10.12 (main, Nov 20 2023) (64-bit runtime)" -> "3.10.12".
std::string_view first_word(std::string_view value);

}  // namespace diffcheck::pasted
