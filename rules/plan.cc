#include "rules/plan.h"

namespace diffcheck {

std::int64_t* Layout::axis(std::string_view name) {
  if (name == "world_size") return &world_size;
  if (name == "data") return &data;
  if (name == "cfg") return &cfg;
  if (name == "ulysses") return &ulysses;
  if (name == "ring") return &ring;
  if (name == "pipefusion") return &pipefusion;
  if (name == "tensor") return &tensor;
  if (name == "fsdp") return &fsdp;
  if (name == "vae") return &vae;
  return nullptr;
}

Estimate StageBudget::of(MemoryTerm::Kind kind) const {
  Estimate sum;
  for (const MemoryTerm& term : terms) {
    if (term.kind == kind) sum = sum + term.bytes;
  }
  return sum;
}

Estimate StageBudget::total() const {
  Estimate sum;
  for (const MemoryTerm& term : terms) sum = sum + term.bytes;
  return sum;
}

}  // namespace diffcheck
