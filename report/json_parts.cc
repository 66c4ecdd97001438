#include "report/json_parts.h"

#include <algorithm>

#include "rules/judged_case.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"
#include "rules/node_set.h"

namespace diffcheck {
namespace {

/// One row for each leaf that decided; one alone where a reason has none.
Json reasons_json(const std::vector<Reason>& reasons, Language language) {
  Json rows = Json::array();
  for (const Reason& reason : reasons) {
    const auto row = [&](const Evidence& leaf) {
      Json json = {{"condition", reason.condition},
                   {"needed", leaf.needed},
                   {"found", leaf.found},
                   {"source", leaf.source},
                   {"fact", leaf.fact},
                   {"truth", name_of(reason.truth)},
                   {"text", reason.text.in(language)},
                   {"rule_source", reason.source}};
      if (!reason.error_text.empty()) json["error_text"] = reason.error_text;
      rows.push_back(std::move(json));
    };
    for (const Evidence& leaf : reason.evidence) row(leaf);
    if (reason.evidence.empty()) row({"", "", "", reason.source, reason.truth});
  }
  return rows;
}

constexpr std::string_view kind_name(Setting::Kind kind) {
  switch (kind) {
    case Setting::Kind::env:
      return "env";
    case Setting::Kind::flag:
      return "flag";
    case Setting::Kind::kwarg:
      return "kwarg";
    case Setting::Kind::config:
      return "config";
    case Setting::Kind::block_import:
      return "block_import";
    case Setting::Kind::uninstall:
      return "uninstall";
    case Setting::Kind::install:
      return "install";
    case Setting::Kind::checkout:
      return "checkout";
    case Setting::Kind::edit:
      return "edit";
  }
  return "edit";
}

Json settings_json(const std::vector<Setting>& settings, Language language) {
  Json list = Json::array();
  for (const Setting& setting : settings) {
    Json json = {{"kind", kind_name(setting.kind)}};
    if (!setting.name.empty()) json["name"] = setting.name;
    if (!setting.value.empty()) json["value"] = setting.value;
    if (!setting.items.empty()) json["items"] = setting.items;
    if (!setting.text.empty()) json["text"] = setting.text.in(language);
    list.push_back(std::move(json));
  }
  return list;
}

Json candidate_json(const KernelCandidate& candidate, Language language) {
  return {{"kernel", candidate.kernel},
          {"dtype", candidate.dtype},
          {"verdict", name_of(both(candidate.verdict, candidate.reachable))},
          {"runs", name_of(candidate.verdict)},
          {"reachable", name_of(candidate.reachable)},
          {"rank", candidate.rank},
          {"exact", candidate.exact},
          {"returns_lse", candidate.returns_lse},
          {"settings", settings_json(candidate.settings, language)},
          {"reasons", reasons_json(candidate.reasons, language)}};
}

Json layout_candidate_json(const LayoutCandidate& candidate, const Plan& plan) {
  Json json = layout_json(candidate.layout);
  const bool chosen = plan.layout.chosen && *plan.layout.chosen == candidate.layout && plan.memory;
  const StepTime& time = candidate.time;
  json["step_seconds"] = time.step ? Json(time.step->seconds) : Json(nullptr);
  json["total_seconds"] = time.total ? Json(time.total->seconds) : Json(nullptr);
  if (time.step) {
    json["step_low_seconds"] = time.step->low;
    json["step_high_seconds"] = time.step->high;
    json["total_low_seconds"] = time.total->low;
    json["total_high_seconds"] = time.total->high;
    for (const TimePart& part : time.parts) json["parts"][part.part] = part.seconds;
  }
  json["peak_bytes"] = candidate.peak_bytes ? Json(*candidate.peak_bytes) : Json(nullptr);
  json["exact"] = candidate.exact;
  json["grade"] = time.step ? Json(name_of(time.grade)) : chosen ? Json(name_of(plan.memory->grade)) : Json(nullptr);
  return json;
}

template <class Struct>
Json facts_json(const Struct& facts) {
  Json json = Json::object();
  Struct::describe(facts, [&](const char* name, const auto& member, const char*) {
    if constexpr (is_fact<std::remove_cvref_t<decltype(member)>>::value) {
      if (!member.is_unset()) json[name] = fact_json(member);
    } else {
      for (const auto& [key, fact] : member) json[name][key] = fact_json(fact);
    }
  });
  return json;
}

}  // namespace

Json evidence_json(const Evidence& leaf) {
  return {{"fact", leaf.fact},
          {"needed", leaf.needed},
          {"found", leaf.found},
          {"source", leaf.source},
          {"truth", name_of(leaf.truth)}};
}

Json findings_json(const std::vector<Finding>& findings, Language language) {
  Json list = Json::array();
  for (const Finding& finding : findings) {
    Json evidence = Json::array();
    for (const Evidence& leaf : finding.evidence) evidence.push_back(evidence_json(leaf));
    list.push_back({{"id", finding.id},
                    {"category", finding.category},
                    {"severity", name_of(finding.severity)},
                    {"title", finding.title.in(language)},
                    {"why", finding.why.in(language)},
                    {"evidence", std::move(evidence)},
                    {"fix", {{"text", finding.fix.text.in(language)}, {"commands", finding.fix.commands}}},
                    {"links", finding.links},
                    {"affects", finding.affects},
                    {"source", finding.source},
                    {"undecided", finding.undecided},
                    {"avoided_by_plan", finding.avoided_by_plan}});
  }
  return list;
}

Json attention_json(const AttentionPlan& attention, Language language) {
  const EngineDefault& by_itself = attention.engine_default;
  Json json;
  json["engine_default"] = {{"kernel", by_itself.kernel.empty() ? Json(nullptr) : Json(by_itself.kernel)},
                            {"dtype", by_itself.dtype.empty() ? Json(nullptr) : Json(by_itself.dtype)},
                            {"verdict", name_of(by_itself.verdict)},
                            {"reasons", reasons_json(by_itself.reasons, language)}};
  if (by_itself.score_buffer_bytes) json["engine_default"]["score_buffer_bytes"] = *by_itself.score_buffer_bytes;
  if (!by_itself.error_text.empty()) json["engine_default"]["error_text"] = by_itself.error_text;
  json["chosen"] = attention.chosen ? Json(attention.chosen->kernel) : Json(nullptr);
  json["dtype"] = attention.chosen ? Json(attention.chosen->dtype) : Json(nullptr);
  json["candidates"] = Json::array();
  for (const KernelCandidate& candidate : attention.candidates)
    json["candidates"].push_back(candidate_json(candidate, language));
  return json;
}

Json layout_json(const Layout& layout) {
  Json json;
  json["world_size"] = layout.world_size;
  for (const char* axis : {"data", "cfg", "ulysses", "ring", "pipefusion", "tensor", "fsdp", "vae"})
    json[axis] = degree(layout, axis);
  return json;
}

Json mesh_json(const MeshPlan& mesh) {
  Json axes = Json::array();
  for (const MeshAxis& axis : mesh.axes) {
    axes.push_back({{"axis", axis.axis},
                    {"size", axis.size},
                    {"stride", axis.stride},
                    {"crosses_nodes", axis.crosses_nodes},
                    {"link", axis.link.empty() ? Json(nullptr) : Json(axis.link)}});
  }
  return {{"nodes", mesh.nodes}, {"gpus_per_node", mesh.gpus_per_node}, {"axes", std::move(axes)}};
}

Json nodes_json(const Diagnosis& diagnosis) {
  if (diagnosis.request.node_set == nullptr) return nullptr;
  Json nodes = Json::array();
  for (const Node& node : diagnosis.request.node_set->nodes) {
    Json gpus = Json::array();
    for (const std::size_t gpu : usable_gpus(node.snapshot)) gpus.push_back(fact_json(node.snapshot.gpus[gpu].name));
    nodes.push_back({{"name", node.name}, {"gpus", std::move(gpus)}});
  }
  return nodes;
}

Json layouts_json(const Plan& plan, Language language) {
  Json json;
  json["chosen"] = plan.layout.chosen ? layout_json(*plan.layout.chosen) : Json(nullptr);
  json["mesh"] = plan.layout.mesh ? mesh_json(*plan.layout.mesh) : Json(nullptr);
  json["candidates"] = Json::array();
  for (const LayoutCandidate& candidate : plan.layout.candidates)
    json["candidates"].push_back(layout_candidate_json(candidate, plan));
  json["rejected"] = Json::array();
  for (const LayoutCandidate& candidate : plan.layout.rejected) {
    Json rejected = layout_candidate_json(candidate, plan);
    rejected["reasons"] = reasons_json(candidate.reasons, language);
    json["rejected"].push_back(std::move(rejected));
  }
  return json;
}

Json front_json(const Plan& plan, const Request& request) {
  constexpr double seconds_an_hour = 3600;
  Json front = Json::array();
  for (const FrontPoint& point : plan.front) {
    Json json = layout_json(point.layout);
    json["kernel"] = point.kernel;
    json["dtype"] = point.dtype;
    json["memory_mode"] = to_text(point.choice);
    json["concessions"] = point.concessions;
    json["total_seconds"] = point.total_seconds;
    json["gpu_seconds_per_output"] = point.gpu_seconds_per_output;
    json["peak_bytes"] = point.peak_bytes;
    if (request.gpu_hour_price.is_known())
      json["price_per_output"] = point.gpu_seconds_per_output / seconds_an_hour * request.gpu_hour_price.value();
    front.push_back(std::move(json));
  }
  return front;
}

Json estimate_json(const Estimate& estimate) {
  return {{"low", estimate.low}, {"bytes", estimate.bytes}, {"high", estimate.high}};
}

Json stage_json(const StageBudget& stage) {
  const auto bytes = [&](MemoryTerm::Kind kind) { return stage.of(kind).bytes; };
  Json json = {{"stage", stage.stage},
               {"weights_bytes", bytes(MemoryTerm::Kind::weights)},
               {"activations_bytes", bytes(MemoryTerm::Kind::activations)},
               {"attention_bytes", bytes(MemoryTerm::Kind::attention)},
               {"other_bytes", bytes(MemoryTerm::Kind::other)},
               {"total_bytes", stage.total().bytes},
               {"terms", Json::array()}};
  for (const MemoryTerm& term : stage.terms) {
    Json entry = estimate_json(term.bytes);
    entry["term"] = term.name;
    entry["grade"] = name_of(term.grade);
    json["terms"].push_back(std::move(entry));
  }
  return json;
}

Json quantization_json(const MemoryChoice& choice) {
  return choice.quantization.empty() ? Json("none") : Json(choice.quantization);
}

Json memory_json(const MemoryPlan& memory) {
  Json json = {{"mode", memory.choice.mode},
               {"dtype", memory.dtype},
               {"quantization", quantization_json(memory.choice)},
               {"vae_tiling", memory.choice.vae_tiling},
               {"concessions", memory.concessions},
               {"counts", "peak_bytes: tensors of one process, as torch.cuda.max_memory_allocated"},
               {"peak_bytes", memory.peak.bytes},
               {"low_bytes", memory.peak.low},
               {"high_bytes", memory.peak.high},
               {"reserved", estimate_json(memory.reserved)},
               {"device", estimate_json(memory.device)},
               {"limit_bytes", memory.limit_bytes ? Json(*memory.limit_bytes) : Json(nullptr)},
               {"limit_source", memory.limit_source},
               {"fits", name_of(memory.fits)},
               {"host_bytes", memory.host_bytes},
               {"disk_bytes", memory.disk_bytes},
               {"grade", name_of(memory.grade)},
               {"stages", Json::array()},
               {"unknown_terms", memory.unknown_terms},
               {"rejected", Json::array()}};
  for (const StageBudget& stage : memory.stages) json["stages"].push_back(stage_json(stage));
  for (const RejectedMode& mode : memory.rejected) {
    json["rejected"].push_back({{"mode", mode.choice.mode},
                                {"quantization", quantization_json(mode.choice)},
                                {"vae_tiling", mode.choice.vae_tiling},
                                {"peak_bytes", mode.peak.bytes},
                                {"low_bytes", mode.peak.low},
                                {"high_bytes", mode.peak.high},
                                {"fits", name_of(mode.fits)}});
  }
  return json;
}

Json assumptions_json(const Diagnosis& diagnosis, Language language) {
  Json list = Json::array();
  const auto add = [&](const Message& message) {
    const Json text = message.in(language);
    if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(text);
  };
  for (const Message& message : diagnosis.assumptions) add(message);
  if (diagnosis.plan) {
    for (const Message& message : diagnosis.plan->assumptions) add(message);
  }
  return list;
}

Json workload_json(const Workload& workload) { return facts_json(workload); }

Json request_json(const Request& request) { return facts_json(request); }

Json exit_json(ExitCode code) { return {{"code", static_cast<int>(code)}, {"meaning", meaning_of(code)}}; }

Json tool_json(const Diagnosis& diagnosis) {
  return {{"version", diagnosis.tool_version}, {"knowledge", diagnosis.knowledge_hash}};
}

std::string document(const Json& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string error_document(const std::string& schema, const Error& error, ExitCode code) {
  return document(
      {{"schema", schema}, {"error", {{"where", error.where}, {"what", error.what}}}, {"exit", exit_json(code)}});
}

}  // namespace diffcheck
