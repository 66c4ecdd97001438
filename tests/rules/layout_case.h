// A case of layout_cases.json: an engine with a model on a named machine, and layouts that it accepts or refuses.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "rules/judged_case.h"

namespace diffcheck {

/// What became of one layout. Rules are named as in the data: "heads", or "ring/supported" for an axis that the engine
/// lacks.
struct JudgedLayout {
  Truth truth = Truth::unknown;
  std::vector<std::string> refused;       ///< Rules that are broken, in the order in which people read them.
  std::vector<std::string> unknown;       ///< Rules of which it cannot be told.
  std::set<std::string> held;             ///< Rules that apply and are kept.
  std::vector<std::string> without_text;  ///< Broken rules with nothing to say.
};

class LayoutCase {
 public:
  /// `one` holds engine, machine and model, and may hold version, set, width, height, frames, batch, guidance and
  /// kernel; the kernel is flash-attn-2 unless it is named.
  explicit LayoutCase(const nlohmann::json& one);
  LayoutCase(const LayoutCase&) = delete;
  LayoutCase& operator=(const LayoutCase&) = delete;

  /// nullptr where the engine or its version is not known.
  const EngineVariant* variant() const { return judged_ == nullptr ? nullptr : judged_->variant; }
  /// `layout` holds degrees by axis, and `world` where that is not their product.
  JudgedLayout judge(const nlohmann::json& layout) const;

 private:
  Snapshot snapshot_;
  Request request_;
  std::unique_ptr<JudgedCase> judged_;
  KernelCandidate kernel_;
};

}  // namespace diffcheck
