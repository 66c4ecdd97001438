// The parts that JSON documents share. Field names are contracts.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "report/exit_code.h"
#include "report/phrases.h"
#include "rules/diagnosis.h"

namespace diffcheck {

using Json = nlohmann::ordered_json;

Json evidence_json(const Evidence& leaf);
Json findings_json(const std::vector<Finding>& findings, Language language);
Json attention_json(const AttentionPlan& attention, Language language);
Json layout_json(const Layout& layout);
Json mesh_json(const MeshPlan& mesh);
/// The machines that were named one by one; null where there is one.
Json nodes_json(const Diagnosis& diagnosis);
/// The chosen layout's peak is the plan's; the others have no budget of their own.
Json front_json(const Plan& plan, const Request& request);
Json layouts_json(const Plan& plan, Language language);
Json memory_json(const MemoryPlan& memory);
/// What the plan and the diagnosis took for granted, each once.
Json assumptions_json(const Diagnosis& diagnosis, Language language);
/// Known facts as values, absent ones as null, unknown ones as {"unknown": why}.
Json workload_json(const Workload& workload);
Json request_json(const Request& request);
Json exit_json(ExitCode code);
Json tool_json(const Diagnosis& diagnosis);

/// Two-space indent, newline at the end; broken UTF-8 is replaced, never an exception.
std::string document(const Json& json);
/// The one document of a command that could not answer.
std::string error_document(const std::string& schema, const Error& error, ExitCode code);

/// A fact in a document.
template <class T>
Json fact_json(const Fact<T>& fact) {
  if (fact.is_absent()) return nullptr;
  if (fact.is_unknown()) return {{"unknown", fact.why()}};
  if constexpr (std::is_same_v<T, Bytes>) {
    return fact.value().count;
  } else if constexpr (std::is_same_v<T, Version>) {
    return fact.value().text();
  } else if constexpr (std::is_same_v<T, ComputeCapability>) {
    return to_string(fact.value());
  } else {
    return fact.value();
  }
}

}  // namespace diffcheck
