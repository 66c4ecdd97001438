#include "rules/vae_workspace.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/memory_weights.h"
#include "rules/run_size.h"

namespace diffcheck {
namespace {

std::pair<const VaeWorkspace*, const Implementation*> find_workspace(const MemoryCase& run, const Vae& vae,
                                                                     bool encodes) {
  for (const bool tiled : {run.choice.vae_tiling, false}) {
    for (const Implementation* implementation : implementations_of(run.judged)) {
      for (const VaeWorkspace& workspace : vae.workspaces) {
        if (workspace.implementation == implementation->id && workspace.encodes == encodes && workspace.tiled == tiled)
          return {&workspace, implementation};
      }
    }
  }
  return {nullptr, nullptr};
}

double elements_at_once(const VaeWorkspace& workspace, const std::string& dtype, double pixels, double frames) {
  double most = 0;
  for (const ElementCount& count : dtype == "fp32" && !workspace.fp32.empty() ? workspace.fp32 : workspace.half)
    most = std::max(most, count.constant + count.frame * frames + pixels * (count.pixel + count.pixel_frame * frames));
  return most;
}

/// The same call without tiles, in the same implementation.
const VaeWorkspace* find_untiled(const Vae& vae, const VaeWorkspace& tiled) {
  for (const VaeWorkspace& workspace : vae.workspaces) {
    if (!workspace.tiled && workspace.implementation == tiled.implementation && workspace.encodes == tiled.encodes)
      return &workspace;
  }
  return nullptr;
}

/// What fits in one tile is not cut: tiles never take more than the whole.
double elements_of_call(const Vae& vae, const VaeWorkspace& workspace, const std::string& dtype, double pixels,
                        double frames) {
  const double elements = elements_at_once(workspace, dtype, pixels, frames);
  const VaeWorkspace* untiled = workspace.tiled ? find_untiled(vae, workspace) : nullptr;
  return untiled == nullptr ? elements : std::min(elements, elements_at_once(*untiled, dtype, pixels, frames));
}

}  // namespace

std::optional<MemoryTerm> vae_term(const MemoryCase& run, bool encodes, double& reserved_factor,
                                   UnknownTerms& unknown) {
  const JudgedCase& judged = run.judged;
  const Vae* vae = find_entry(judged.knowledge.vaes, judged.model->vae);
  if (vae == nullptr) {
    assume(unknown, "VAE");
    return std::nullopt;
  }
  auto [workspace, implementation] = find_workspace(run, *vae, encodes);
  const bool guessed = workspace == nullptr && encodes;
  if (guessed) std::tie(workspace, implementation) = find_workspace(run, *vae, false);
  if (workspace == nullptr) {
    assume(unknown, encodes ? "VAE encode workspace" : "VAE decode workspace");
    return std::nullopt;
  }
  const std::string dtype = weight_dtype(run, "vae");
  const double pixels =
      static_cast<double>(judged.workload.width.value()) * static_cast<double>(judged.workload.height.value());
  const double elements =
      static_cast<double>(outputs_of_a_replica(judged, run.layout)) *
      elements_of_call(*vae, *workspace, dtype, pixels, static_cast<double>(judged.workload.frames.value()));
  const double bytes = elements * bytes_of(run, dtype) / division_of(judged, run.layout, "vae");
  reserved_factor = workspace->reserved_factor;
  const Trust trust = trust_in(judged, *workspace, *implementation);
  if (guessed) {
    const Overhead& share = overhead(judged, "uncounted-encode");
    return MemoryTerm{MemoryTerm::Kind::other, "encode", around(bytes, share), Grade::assumed};
  }
  return MemoryTerm{MemoryTerm::Kind::other, encodes ? "encode" : "decode",
                    around(bytes, trust.low_factor, trust.high_factor), trust.grade};
}

}  // namespace diffcheck
