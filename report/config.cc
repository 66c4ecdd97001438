#include "report/config.h"

#include <string_view>

#include "report/fact_text.h"
#include "report/json_parts.h"
#include "report/launch.h"
#include "report/quote.h"
#include "report/style.h"
#include "report/wrap.h"

namespace diffcheck {
namespace {

/// Data holds values as text; numbers, true, false, null and quoted things are what they look like, all else is text.
Json typed_value(const std::string& text) {
  Json value = Json::parse(text, nullptr, false);
  return value.is_discarded() ? Json(text) : value;
}

/// Dots in a name nest: engine.offload.vae is three objects deep.
Json nested(const std::vector<std::pair<std::string, std::string>>& values) {
  Json document = Json::object();
  for (const auto& [name, value] : values) {
    Json* place = &document;
    std::string_view rest = name;
    while (true) {
      const std::size_t dot = rest.find('.');
      if (!place->is_object()) *place = Json::object();
      place = &(*place)[std::string(rest.substr(0, dot))];
      if (dot == std::string_view::npos) break;
      rest.remove_prefix(dot + 1);
    }
    *place = typed_value(value);
  }
  return document;
}

Json host_json(const Diagnosis& diagnosis) {
  const Snapshot& snapshot = diagnosis.snapshot;
  Json gpus = Json::array();
  for (std::size_t i = 0; i < snapshot.gpus.size(); ++i) {
    const GpuFacts& gpu = snapshot.gpus[i];
    gpus.push_back({{"index", i},
                    {"vendor", fact_json(gpu.vendor)},
                    {"name", fact_json(gpu.name)},
                    {"compute_capability", fact_json(gpu.compute_capability)},
                    {"memory_bytes", fact_json(gpu.memory.total_bytes)},
                    {"free_bytes", fact_json(gpu.memory.free_bytes)}});
  }
  return {{"os", fact_json(snapshot.os.name)},
          {"machine", fact_json(snapshot.os.machine)},
          {"cpu", fact_json(snapshot.cpu.model)},
          {"memory_bytes", fact_json(snapshot.memory.total_bytes)},
          {"memory_limit_bytes", fact_json(snapshot.memory.limit_bytes)},
          {"gpus", std::move(gpus)},
          {"gpus_complete", fact_json(snapshot.complete.gpus)},
          {"chosen_gpus", diagnosis.chosen_gpus},
          {"driver", fact_json(snapshot.drivers.nvidia.version)},
          {"driver_cuda", fact_json(snapshot.drivers.nvidia.cuda_version)},
          {"python", fact_json(snapshot.python.version)},
          {"torch", fact_json(package_version(snapshot, "torch"))}};
}

/// What was decided about attention, and where nothing was asked, what can be had.
Json attention_config(const Diagnosis& diagnosis) {
  Json json;
  const KernelCandidate* chosen =
      diagnosis.plan && diagnosis.plan->attention.chosen ? &*diagnosis.plan->attention.chosen : nullptr;
  json["kernel"] = chosen == nullptr ? Json(nullptr) : Json(chosen->kernel);
  json["dtype"] = chosen == nullptr ? Json(nullptr) : Json(chosen->dtype);
  json["exact"] = chosen == nullptr ? Json(nullptr) : Json(chosen->exact);
  const std::string by_itself = diagnosis.plan ? diagnosis.plan->attention.engine_default.kernel : std::string();
  json["engine_default"] = by_itself.empty() ? Json(nullptr) : Json(by_itself);
  json["runs_here"] = Json::array();
  for (const KernelOnMachine& entry : diagnosis.kernels) {
    if (entry.verdict == Truth::yes) json["runs_here"].push_back({{"kernel", entry.kernel}, {"dtype", entry.dtype}});
  }
  return json;
}

Json pairs_json(const std::vector<std::pair<std::string, std::string>>& pairs) {
  Json json = Json::object();
  for (const auto& [name, value] : pairs) json[name] = value;
  return json;
}

Json kwargs_json(const Launch& launch) {
  Json json = Json::object();
  for (const auto& [name, value] : launch.kwargs) json[name] = typed_value(value);
  return json;
}

Json preconditions_json(const Launch& launch, Language language) {
  Json list = Json::array();
  for (const Precondition& first : launch.preconditions) {
    list.push_back({{"kind", first.kind},
                    {"text", first.text.in(language)},
                    {"command", first.command.empty() ? Json(nullptr) : Json(shell_line(first.command))}});
  }
  return list;
}

std::string comment(const std::string& text) {
  std::string lines;
  for (const std::string& line : wrapped(terminal_text(text), Style::usual_width)) lines += "# " + line + "\n";
  return lines;
}

}  // namespace

std::string run_json(const Diagnosis& diagnosis, ExitCode code, Language language) {
  const Launch launch = launch_of(diagnosis);
  const Plan* plan = diagnosis.plan ? &*diagnosis.plan : nullptr;
  Json json;
  json["schema"] = k_run_schema;
  json["diffcheck"] = tool_json(diagnosis);
  json["simulated"] = diagnosis.simulated;
  json["nodes"] = nodes_json(diagnosis);
  json["host"] = host_json(diagnosis);
  json["workload"] = workload_json(diagnosis.workload);
  // This document says how to run, so the dtype is the plan's, not the one that was asked about.
  if (diagnosis.plan && diagnosis.plan->attention.chosen)
    json["workload"]["dtype"] = diagnosis.plan->attention.chosen->dtype;
  json["attention"] = attention_config(diagnosis);
  json["parallel"] = plan != nullptr && plan->layout.chosen ? layout_json(*plan->layout.chosen) : Json(nullptr);
  json["mesh"] = plan != nullptr && plan->layout.mesh ? mesh_json(*plan->layout.mesh) : Json(nullptr);
  json["memory"] = plan != nullptr && plan->memory ? memory_json(*plan->memory) : Json(nullptr);
  json["preconditions"] = preconditions_json(launch, language);
  json["launch"] = {{"argv", launch.argv}, {"env", pairs_json(launch.env)}, {"nodes", launch.nodes}};
  for (const NodeCommand& command : launch.over_nodes)
    json["launch"]["over_nodes"].push_back({{"launcher", command.launcher}, {"argv", command.argv}});
  json["engine"] = {{"kwargs", kwargs_json(launch)}, {"block_import", launch.block_import}};
  json["native"] = launch.config.empty() ? Json(nullptr) : nested(launch.config);
  json["assumptions"] = assumptions_json(diagnosis, language);
  json["findings"] = findings_json(diagnosis.findings, language);
  json["exit"] = exit_json(code);
  return document(json);
}

std::string launch_line(const Diagnosis& diagnosis) {
  const std::string line = shell_line(launch_of(diagnosis).argv);
  return line.empty() ? line : line + "\n";
}

std::string launch_environment(const Diagnosis& diagnosis) {
  std::string lines;
  for (const auto& [name, value] : launch_of(diagnosis).env) lines += name + "=" + shell_word(value) + "\n";
  return lines;
}

std::string launch_script(const Diagnosis& diagnosis, const Phrases& words) {
  const Launch launch = launch_of(diagnosis);
  std::string script =
      "#!/bin/sh\n" + comment(words("title", {diagnosis.tool_version, diagnosis.knowledge_hash})) + "set -eu\n";
  if (diagnosis.simulated) script += comment(words("simulated"));
  for (const Precondition& first : launch.preconditions) {
    script += comment(words("way-out.first", {words(first.text)}));
    if (!first.command.empty()) script += shell_line(first.command) + "\n";
  }
  for (const auto& [name, value] : launch.env) script += "export " + name + "=" + shell_word(value) + "\n";
  if (launch.argv.empty()) return script + comment(words("launch.none"));
  if (launch.nodes > 1) script += comment(words("way-out.start-on-nodes", {std::to_string(launch.nodes)}));
  script += shell_line(launch.argv) + "\n";
  for (const NodeCommand& command : launch.over_nodes) {
    script += comment(words("way-out.or-once", {words(command.title)}) + " " + shell_line(command.argv));
    if (!command.first_node.empty()) script += comment(words("way-out.first-node", {command.first_node}));
  }
  return script;
}

}  // namespace diffcheck
