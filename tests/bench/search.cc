// Times the search for a plan on named machines of growing size.
//
//   bench_search [RUNS]
//
// Each line: the machine, the layouts that were listed, and the least and median time of one make_plan, without loading
// knowledge and without judging the machine.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "rules/diagnose.h"
#include "rules/judged_case.h"
#include "rules/machine_spec.h"
#include "rules/plan_search.h"

namespace {

using namespace diffcheck;

constexpr int k_runs = 15;
constexpr const char* k_machines[] = {"1xL40", "4xL40", "8xL40", "2x8xL40", "8x8xL40", "64x8xL40", "512x8xL40"};

double milliseconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

int run(int runs) {
  const Result<Knowledge> knowledge = load_knowledge(embedded_data_files(), false);
  if (!knowledge) return 1;
  std::printf("%-12s %10s %12s %12s\n", "machine", "layouts", "least ms", "median ms");
  for (const char* spec : k_machines) {
    const auto machine = machine_from_spec(spec, {"pcie4", 2, "eth-100"}, *knowledge);
    if (!machine) return 1;
    std::vector<Message> assumptions;
    const Snapshot snapshot = with_derived_facts(machine->snapshot, *knowledge, true, assumptions);
    Request request;
    request.engine = known<std::string>("xdit", "bench");
    request.model = known<std::string>("cogvideox1.5-5b", "bench");
    if (machine->nodes > 1) request.nodes = known(machine->nodes, "bench");
    const JudgedCase judged = judge_case(*knowledge, snapshot, request, facts_of(snapshot));
    std::vector<double> times;
    std::size_t listed = 0;
    for (int i = 0; i < runs; ++i) {
      const auto start = std::chrono::steady_clock::now();
      const Plan plan = make_plan(judged);
      times.push_back(milliseconds(std::chrono::steady_clock::now() - start));
      listed = plan.layout.candidates.size() + plan.layout.rejected.size();
    }
    std::sort(times.begin(), times.end());
    std::printf("%-12s %10zu %12.2f %12.2f\n", spec, listed, times.front(), times[times.size() / 2]);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) { return run(count > 1 ? std::max(1, std::atoi(arguments[1])) : k_runs); }
