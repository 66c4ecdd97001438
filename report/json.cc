#include "report/json.h"

#include "report/json_parts.h"
#include "report/text_findings.h"

namespace diffcheck {
namespace {

Json kernels_json(const Diagnosis& diagnosis, Language language) {
  Json list = Json::array();
  for (const KernelOnMachine& entry : diagnosis.kernels) {
    Json json = {{"kernel", entry.kernel}, {"dtype", entry.dtype}, {"verdict", name_of(entry.verdict)}};
    if (!entry.reasons.empty()) {
      json["condition"] = entry.reasons.front().condition;
      json["text"] = entry.reasons.front().text.in(language);
    }
    list.push_back(std::move(json));
  }
  return list;
}

Json models_json(const Diagnosis& diagnosis) {
  Json list = Json::array();
  for (const ModelOnMachine& entry : diagnosis.models) {
    list.push_back({{"model", entry.model},
                    {"engine", entry.engine},
                    {"possible", name_of(entry.possible)},
                    {"kernel", entry.kernel.empty() ? Json(nullptr) : Json(entry.kernel)},
                    {"memory", memory_json(entry.memory)}});
  }
  return list;
}

Json summary_json(const std::vector<Finding>& findings) {
  const FindingCounts counts = count_findings(findings);
  return {{"errors", counts.errors},
          {"warnings", counts.warnings},
          {"notes", counts.notes},
          {"undecided", counts.undecided},
          {"avoided_by_plan", counts.avoided}};
}

Json beginning(const char* schema, const Diagnosis& diagnosis) {
  return {{"schema", schema},
          {"diffcheck", tool_json(diagnosis)},
          {"simulated", diagnosis.simulated},
          {"nodes", nodes_json(diagnosis)},
          {"request", request_json(diagnosis.request)},
          {"workload", workload_json(diagnosis.workload)}};
}

void add_end(Json& json, const Diagnosis& diagnosis, ExitCode code, Language language) {
  json["assumptions"] = assumptions_json(diagnosis, language);
  json["findings"] = findings_json(diagnosis.findings, language);
  json["summary"] = summary_json(diagnosis.findings);
  json["exit"] = exit_json(code);
}

}  // namespace

std::string doctor_json(const Diagnosis& diagnosis, ExitCode code, Language language) {
  Json json = beginning(k_doctor_schema, diagnosis);
  // The kernels and models that are possible here are the answer only where nothing was asked.
  json["kernels"] = kernels_json(diagnosis, language);
  json["models"] = models_json(diagnosis);
  add_end(json, diagnosis, code, language);
  return document(json);
}

std::string plan_json(const Diagnosis& diagnosis, ExitCode code, Language language) {
  Json json = beginning(k_plan_schema, diagnosis);
  const Plan none;
  const Plan& plan = diagnosis.plan ? *diagnosis.plan : none;
  json["possible"] = diagnosis.plan ? Json(name_of(plan.possible)) : Json(nullptr);
  json["attention"] = attention_json(plan.attention, language);
  json["layout"] = layouts_json(plan, language);
  json["front"] = front_json(plan, diagnosis.request);
  json["memory"] = plan.memory ? memory_json(*plan.memory) : Json(nullptr);
  json["default_memory"] = plan.default_memory ? memory_json(*plan.default_memory) : Json(nullptr);
  if (!diagnosis.plan) {
    json["kernels"] = kernels_json(diagnosis, language);
    json["models"] = models_json(diagnosis);
  }
  add_end(json, diagnosis, code, language);
  return document(json);
}

}  // namespace diffcheck
