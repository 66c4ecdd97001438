// Models by the names that people write.
#pragma once

#include <string>

#include "probe/result.h"
#include "rules/knowledge.h"

namespace diffcheck {

/// The id of the model of that id, name or alias, whatever its case; the name itself where there is none.
std::string model_id(const std::string& name, const Knowledge& knowledge);

/// Errors (invalid): no model is called so; the message names the nearest.
Result<const ModelCard*> model_called(const std::string& name, const Knowledge& knowledge);

}  // namespace diffcheck
