// A named machine with a job for it, ready to be timed or planned.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "rules/diagnose.h"
#include "rules/machine_spec.h"
#include "rules/step_time.h"
#include "tests/rules/case_table.h"

namespace diffcheck {

struct Job {
  std::string engine = "xdit";
  std::string model = "flux.1-dev";
  std::int64_t width = 1024, height = 1024, frames = 1;
};

inline Request request_for(const Job& job) {
  Request request;
  request.engine = known(job.engine, "test");
  request.model = known(job.model, "test");
  request.width = known(job.width, "test");
  request.height = known(job.height, "test");
  request.frames = known(job.frames, "test");
  return request;
}

/// A named machine with a request, ready to be timed. Holds what the case refers to.
class Timed {
 public:
  Timed(const std::string& machine, const MachineOptions& options, Request request)
      : machine_(*machine_from_spec(machine, options, knowledge())), request_(std::move(request)) {
    if (machine_.nodes > 1) request_.nodes = known(machine_.nodes, "test");
  }
  Timed(const std::string& machine, const MachineOptions& options, const Job& job = {})
      : Timed(machine, options, request_for(job)) {}

  Snapshot& snapshot() { return machine_.snapshot; }
  Request& request() { return request_; }
  JudgedCase judged() const {
    return judge_case(knowledge(), machine_.snapshot, request_, facts_of(machine_.snapshot));
  }
  StepTime time(const Layout& layout, const std::string& kernel = "flash-attn-2",
                const std::string& dtype = "bf16") const {
    const JudgedCase judged = this->judged();
    StepTimer timer(judged);
    const StepTime time = timer.time(kernel, dtype, layout);
    EXPECT_EQ(timer.total_seconds(kernel, dtype, layout).has_value(), time.total.has_value());
    if (time.total) {
      EXPECT_DOUBLE_EQ(*timer.total_seconds(kernel, dtype, layout), time.total->seconds);
    }
    return time;
  }
  double step(const Layout& layout) const {
    const StepTime found = time(layout);
    EXPECT_TRUE(found.step) << found.unknown.english;
    return found.step ? found.step->seconds : 0;
  }
  Plan plan() const { return *diagnose(machine_.snapshot, request_, knowledge(), true).plan; }

 private:
  SimulatedMachine machine_;
  Request request_;
};

inline const MachineOptions k_pcie4{"pcie4", 2, std::nullopt};
inline const MachineOptions k_nvlink{"nvlink", std::nullopt, std::nullopt};

}  // namespace diffcheck
