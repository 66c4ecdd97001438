// Times a plan over the whole catalogue, every model with all memory modes of its engine.
//
//   bench_catalogue [RUNS]
//
// Each line: the machine, the models in the table, and the least and median processor time of one models_on_machine,
// with the knowledge loaded and the machine judged. The aim is less than 20 ms.
#include "rules/catalogue.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "rules/machine_spec.h"

namespace {

using namespace diffcheck;

constexpr int k_runs = 15;
constexpr const char* k_machines[] = {"1xT4", "1xRTX-4090", "8xH100-SXM"};

double milliseconds(std::clock_t ticks) { return 1000.0 * static_cast<double>(ticks) / CLOCKS_PER_SEC; }

int run(int runs) {
  const Result<Knowledge> knowledge = load_knowledge(embedded_data_files(), false);
  if (!knowledge) return 1;
  std::printf("%-12s %10s %12s %12s\n", "machine", "models", "least ms", "median ms");
  for (const char* spec : k_machines) {
    const auto machine = machine_from_spec(spec, {}, *knowledge);
    if (!machine) return 1;
    std::vector<Message> assumptions;
    const Snapshot snapshot = with_assumptions(machine->snapshot, *knowledge, assumptions);
    const Request request;
    const JudgedCase judged = judge_case(*knowledge, snapshot, request, facts_of(snapshot));
    std::vector<double> times;
    std::size_t listed = 0;
    for (int i = 0; i < runs; ++i) {
      const std::clock_t start = std::clock();
      listed = models_on_machine(judged).size();
      times.push_back(milliseconds(std::clock() - start));
    }
    std::sort(times.begin(), times.end());
    std::printf("%-12s %10zu %12.2f %12.2f\n", spec, listed, times.front(), times[times.size() / 2]);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) { return run(count > 1 ? std::max(1, std::atoi(arguments[1])) : k_runs); }
