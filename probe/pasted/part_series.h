// The reports of one format in a paste, while they are read line by line: where one ends and whether it is one at all.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/pasted/pasted_part.h"

namespace diffcheck::pasted {

class PartSeries {
 public:
  /// A report ends where `widest_gap_lines` lines in a row tell nothing.
  PartSeries(std::string_view format, std::size_t widest_gap_lines);

  /// Reads every line. `end` is called where a report ends, and has to call finish().
  std::vector<Part> read(const Text& text, const std::function<void(std::size_t index)>& read_line,
                         const std::function<void()>& end);

  /// The report at hand.
  Part& part() { return part_; }
  /// A line that no other format has; without one, what was taken is no report.
  void count_own_line() { ++own_lines_; }
  bool has_own_line() const { return own_lines_ > 0; }

  /// Keeps the report at hand and begins the next one.
  void finish();

 private:
  std::string format_;
  std::size_t widest_gap_lines_;
  std::vector<Part> parts_;
  Part part_;
  std::size_t own_lines_ = 0;
};

}  // namespace diffcheck::pasted
