#include "report/options.h"

#include "report/config.h"
#include "report/explain.h"
#include "report/json.h"
#include "report/list.h"
#include "report/models.h"

namespace diffcheck {

const char* schema_of(Command command) {
  switch (command) {
    case Command::doctor:
      return k_doctor_schema;
    case Command::plan:
      return k_plan_schema;
    case Command::emit_config:
      return k_run_schema;
    case Command::snapshot:
    case Command::import:
      return Snapshot::schema.data();
    case Command::explain:
      return k_explain_schema;
    case Command::list:
      return k_list_schema;
    case Command::models:
      return k_models_schema;
    case Command::record:
      return "diffcheck/record/1";
  }
  return "";
}

}  // namespace diffcheck
