// Fields of /proc/self/status.
#pragma once

#include <string>
#include <string_view>

#include "probe/result.h"
#include "probe/system.h"

namespace diffcheck {

constexpr const char* k_own_status_path = "/proc/self/status";

/// What stands behind "KEY:". Errors: those of reading; unparsable where the field is not there.
Result<std::string> own_status(const System& system, std::string_view key);

}  // namespace diffcheck
