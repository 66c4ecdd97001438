// The catalogue of models, one of them explained, and what a checkpoint on disk holds beside its card.
#pragma once

#include <string>

#include "report/phrases.h"
#include "report/style.h"
#include "rules/knowledge.h"
#include "rules/model_on_disk.h"

namespace diffcheck {

inline constexpr const char* k_models_schema = "diffcheck/models/1";

std::string models_text(const Knowledge& knowledge, const Phrases& words, const Style& style);
std::string models_json(const Knowledge& knowledge);

/// `on_disk`: the checkpoint whose card this is, or nullptr.
std::string model_text(const ModelCard& card, const ModelOnDisk* on_disk, const Knowledge& knowledge,
                       const Phrases& words, const Style& style);
std::string model_json(const ModelCard& card, const ModelOnDisk* on_disk, const Knowledge& knowledge,
                       Language language);

}  // namespace diffcheck
