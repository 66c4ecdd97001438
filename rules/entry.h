// What every entry of data/ carries.
#pragma once

#include <string>

namespace diffcheck {

struct Entry {
  std::string id;
  std::string reason;
  std::string source;
  std::string checked;  ///< ISO date.
  std::string origin;   ///< "data/kernels/sdpa.json#sdpa-flash", or the overlay's file.
};

}  // namespace diffcheck
