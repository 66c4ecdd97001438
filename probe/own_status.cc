#include "probe/own_status.h"

#include "probe/text.h"

namespace diffcheck {

Result<std::string> own_status(const System& system, std::string_view key) {
  const auto text = system.read(k_own_status_path);
  if (!text) return text.error();
  for (const std::string_view line : split_lines(*text)) {
    if (line.starts_with(key) && line.substr(key.size()).starts_with(':'))
      return std::string(trim(line.substr(key.size() + 1)));
  }
  return Error{Error::Kind::unparsable, k_own_status_path, "has no field " + std::string(key)};
}

}  // namespace diffcheck
