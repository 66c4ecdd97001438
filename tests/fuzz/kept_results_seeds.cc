// Writes small cache files and results from which fuzzing starts: `kept_results_seeds FOLDER`.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>

#include "probe/binary_bytes.h"
#include "probe/kept_results.h"

namespace {

std::map<std::string, std::string> seeds() {
  using namespace diffcheck;
  const std::string path = "/x.so";
  BinaryFacts facts;
  facts.machine = known<std::string>("x86_64", path);
  facts.gpu_targets = known(std::vector<std::string>{"sm_80", "compute_90"}, path);
  facts.ptx_version = known(*Version::parse("8.7"), path);
  facts.soname = absent<std::string>(path);
  facts.x86_level = known<std::int64_t>(3, path);
  const std::string binary = to_bytes(facts, path).value_or("");
  const std::string names = to_bytes(known(std::vector<std::string>{"_ZN3c10"}, path), path).value_or("");
  KeptResults results(ResultKey::of("reader"));
  const std::string empty = results.to_bytes();
  results.keep(ResultKey::of("a"), binary);
  results.keep(ResultKey::of("b"), names);
  results.keep(ResultKey::of("c"), "");
  return {{"binary", binary}, {"names", names}, {"empty", empty}, {"three", results.to_bytes()}};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: kept_results_seeds FOLDER\n";
    return 2;
  }
  std::filesystem::create_directories(argv[1]);
  for (const auto& [name, bytes] : seeds()) {
    std::ofstream stream(std::filesystem::path(argv[1]) / name, std::ios::binary);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!stream.flush()) {
      std::cerr << "cannot write " << argv[1] << "/" << name << '\n';
      return 1;
    }
  }
  return 0;
}
