// Times how the native files of a real environment are looked through, inside one process: `bench_audit SITE-PACKAGES
// CACHE-FOLDER`. Without the cache, the first time with it, and from then on. CACHE-FOLDER is one that is not there
// yet.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "probe/binaries.h"
#include "probe/package_files.h"

namespace {

using namespace diffcheck;

void time(const char* what, int runs, const std::function<void()>& work) {
  std::vector<double> milliseconds;
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    milliseconds.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(milliseconds.begin(), milliseconds.end());
  std::printf("| %s | %.1f | %.1f |\n", what, milliseconds.front(), milliseconds[milliseconds.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: bench_audit SITE-PACKAGES CACHE-FOLDER\n");
    return 2;
  }
  constexpr int once = 1;
  constexpr int often = 25;
  PythonFacts python;
  python.sys_path = known(std::vector<std::string>{argv[1]}, "bench");
  const auto audit = [&](const System& system) { return probe_binaries(system, python, {}); };
  const auto cached = [&] { return audit(System::live_with_cache(argv[2])); };
  const BinaryProbe found = audit(System::live());
  std::printf("%zu native files, %zu of them with GPU code or linked to it\n\n",
              find_native_files(System::live(), python, {}).files.size(), found.binaries.size());
  std::printf("| looking through the native files | least ms | median ms |\n|---|---|---|\n");
  time("the lists of the packages' files alone", often, [&] { find_native_files(System::live(), python, {}); });
  time("without the cache, pages warm", often, [&] { audit(System::live()); });
  time("filling the cache", once, [&] { cached(); });
  time("from the cache", often, [&] { cached(); });
  if (cached().binaries == found.binaries) return 0;
  std::fprintf(stderr, "the cache says something else than the files\n");
  return 1;
}
