// Writes small cache files and results from which fuzzing starts: `kept_results_seeds FOLDER`.
#include <map>
#include <string>

#include "probe/binary_bytes.h"
#include "probe/kept_results.h"
#include "tests/fuzz/seed_files.h"

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

int main(int count, char** arguments) { return diffcheck::write_seeds(count, arguments, seeds()); }
