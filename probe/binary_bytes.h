// What was read of one native file, as bytes to keep and to read again. From the list of members in `describe`, so that
// a new member is kept without a change here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "probe/binaries.h"

namespace diffcheck {

/// Of the facts that follow from the file alone: not its path, its package, and what other files decide. Nullopt where
/// one is unknown (it may be known next time) or comes from elsewhere than `path`.
std::optional<std::string> to_bytes(const BinaryFacts& facts, const std::string& path);
/// `bytes` may be anything. Nullopt where `to_bytes` did not write them.
std::optional<BinaryFacts> binary_from_bytes(std::string_view bytes, const std::string& path);

using NamesFact = Fact<std::vector<std::string>>;
std::optional<std::string> to_bytes(const NamesFact& fact, const std::string& path);
std::optional<NamesFact> names_from_bytes(std::string_view bytes, const std::string& path);

/// Names and types of the members, which change what the bytes mean.
std::string binary_bytes_layout();

}  // namespace diffcheck
