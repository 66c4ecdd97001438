// What each program that writes seeds does with them.
#pragma once

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

namespace diffcheck {

/// The body of main: one file a seed, in the folder that the only argument names.
inline int write_seeds(int count, char** arguments, const std::map<std::string, std::string>& seeds) {
  if (count != 2) {
    std::cerr << "usage: NAME_seeds FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  std::filesystem::create_directories(folder);
  for (const auto& [name, bytes] : seeds) {
    std::ofstream stream(folder / name, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream.flush()) {
      std::cerr << "cannot write " << (folder / name) << '\n';
      return 1;
    }
  }
  return 0;
}

}  // namespace diffcheck
