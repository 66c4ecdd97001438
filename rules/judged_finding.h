// Findings about the engine, the model and the kernels of a case: the parts that those about a plan and those without
// one share.
#pragma once

#include <string>
#include <utility>

#include "rules/finding.h"
#include "rules/judged_case.h"
#include "rules/plan.h"
#include "rules/words.h"

namespace diffcheck {

/// A finding that names the engine and the model of the case, where there are any.
Finding finding_about(const JudgedCase& judged, const std::string& id, NamedMessages words);

/// Adds what the reason rests on, and where it can be read.
void add_reason(Finding& finding, const Reason& reason);

/// The text with what the software prints, verbatim, where that is known.
Message text_with_error(const Message& text, const std::string& error_text);
Message text_with_error(const Reason& reason);

/// The category of the requirement that decided; `otherwise` where the requirement names none.
std::string category_of(const JudgedCase& judged, const Reason& reason, const std::string& otherwise);

/// The fact that left a requirement open, and why it is unknown.
std::pair<std::string, std::string> unknown_fact_of(const Reason& reason);

/// The engine's own pick, where it is refused. `way_out` and `what_if` may be empty.
Finding refused_default(const JudgedCase& judged, const EngineDefault& by_itself, const Message& way_out,
                        const Message& what_if);

/// The kernel that the user fixed, where it is refused.
Finding refused_pin(const JudgedCase& judged, const std::string& kernel, const Reason& reason, const Message& way_out);

}  // namespace diffcheck
