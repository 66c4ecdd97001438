// The wheel of a compiled package that was made for what is installed, by its exact name.
#pragma once

#include <optional>
#include <string>

#include "probe/snapshot.h"
#include "rules/knowledge.h"

namespace diffcheck {

/// Address of the newest published wheel of `package` for the installed torch, its CUDA and C++ ABI, Python and
/// platform; nullopt where none was published, or where one of these is not known. Source:
/// data/libraries/wheel-pins.json.
std::optional<std::string> published_wheel(const std::string& package, const Snapshot& snapshot,
                                           const Knowledge& knowledge);

}  // namespace diffcheck
