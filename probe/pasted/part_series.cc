#include "probe/pasted/part_series.h"

#include <utility>

namespace diffcheck::pasted {

PartSeries::PartSeries(std::string_view format, std::size_t widest_gap_lines)
    : format_(format), widest_gap_lines_(widest_gap_lines), part_(format_) {}

std::vector<Part> PartSeries::read(const Text& text, const std::function<void(std::size_t)>& read_line,
                                   const std::function<void()>& end) {
  for (std::size_t i = 0; i < text.lines.size(); ++i) {
    if (!part_.is_empty() && i - (part_.last_line - 1) > widest_gap_lines_) end();
    read_line(i);
  }
  end();
  return std::move(parts_);
}

void PartSeries::finish() {
  if (own_lines_ > 0 && parts_.size() < k_most_parts) parts_.push_back(std::move(part_));
  part_ = Part(format_);
  own_lines_ = 0;
}

}  // namespace diffcheck::pasted
