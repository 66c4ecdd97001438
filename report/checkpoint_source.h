// From the folder that --model-dir names to what the request knows of its model.
#pragma once

#include <optional>

#include "probe/result.h"
#include "rules/knowledge.h"
#include "rules/request.h"

namespace diffcheck {

/// Reads the checkpoint, which is a file of the user's like a request file: also for a recorded or simulated machine
/// from here. Sets on_disk, and the model where none was named. Does nothing without model_dir. Errors: as
/// read_checkpoint and fit_checkpoint say.
std::optional<Error> load_checkpoint(Request& request, const Knowledge& knowledge);

}  // namespace diffcheck
