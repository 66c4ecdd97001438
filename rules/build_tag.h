// The local label that says what a wheel was compiled against: "cu128torch2.9.0", "cu12torch2.7cxx11abitrue",
// "pt25cu124".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "probe/version.h"

namespace diffcheck {

struct BuildTag {
  std::string torch_specifier;  ///< "==2.9.*", or ">=2.9" where the label says "andhigher"; "" where it names no torch.
  std::optional<Version> cuda;  ///< "cu128" is 12.8; "cu12" is 12.
  std::optional<bool> cxx11_abi;
};

/// `label` is Version::local(). What cannot be read, or can be read in two ways, is left out.
BuildTag parse_build_tag(std::string_view label);

}  // namespace diffcheck
