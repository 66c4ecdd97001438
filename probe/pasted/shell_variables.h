// Environment variables as people show how they started a program: "export NAME=value", "NAME=value python ...".
#pragma once

#include <vector>

#include "probe/pasted/pasted_part.h"

namespace diffcheck::pasted {

/// Only the variables that probe/environment reads, at the beginning of a line.
std::vector<Part> read_shell_variables(const Text& text);

/// Keeps an allowed variable; false for any other name.
bool add_variable(std::string_view name, std::string_view value, const std::string& source, Snapshot& facts);

}  // namespace diffcheck::pasted
