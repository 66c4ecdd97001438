// Reads one JSON object of data/ into typed values and keeps the first error, with file and JSON path. Only for the
// knowledge loaders.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/compute_capability.h"
#include "probe/fact_table.h"
#include "probe/version.h"
#include "rules/condition.h"
#include "rules/data_json.h"
#include "rules/knowledge.h"
#include "rules/message.h"

namespace diffcheck {

class EntryReader {
 public:
  EntryReader(DataJson json, std::string where, const FactCatalogue& catalogue, std::optional<Error>& error)
      : json_(json), where_(std::move(where)), catalogue_(catalogue), error_(error) {
    if (!json_.is_object()) fail("", "expected an object");
  }

  bool failed() const { return error_.has_value(); }
  bool has(const char* key) const { return json_.has(key); }
  std::optional<DataJson> find(const char* key) const { return json_.find(key); }
  const std::string& where() const { return where_; }
  const FactCatalogue& catalogue() const { return catalogue_; }
  void fail(std::string_view key, std::string what) {
    if (!error_)
      error_ = Error{Error::Kind::invalid, key.empty() ? where_ : where_ + "." + std::string(key), std::move(what)};
  }

  std::string text(const char* key);                            ///< Required.
  std::string text_or(const char* key, std::string otherwise);  ///< Missing or null: `otherwise`.
  std::int64_t integer(const char* key);
  std::optional<std::int64_t> optional_integer(const char* key);
  std::int64_t integer_or(const char* key, std::int64_t otherwise) { return optional_integer(key).value_or(otherwise); }
  std::optional<double> optional_number(const char* key);
  double number(const char* key);
  bool boolean_or(const char* key, bool otherwise);
  std::vector<std::string> texts(const char* key);  ///< Missing: empty.
  std::optional<Version> optional_version(const char* key);
  Version version(const char* key);
  std::optional<Condition> optional_condition(const char* key);
  Condition condition(const char* key);
  /// {"en": "...", "zh-CN": "..."}
  Message message(const char* key);
  Message optional_message(const char* key) { return has(key) ? message(key) : Message{}; }
  /// Text with placeholders; `key` is a path below this object.
  std::string checked_template(DataJson value, const std::string& key);
  std::string template_or(const char* key, std::string otherwise);
  std::vector<std::string> templates(const char* key);
  /// id, reason, source, checked and origin.
  void entry_fields(Entry& entry);

  /// Reads an object below this one.
  template <class Read>
  void object(const char* key, const Read& read) {
    const auto json = find(key);
    if (failed() || !json) return;
    EntryReader inner(*json, where_ + "." + key, catalogue_, error_);
    if (!failed()) read(inner);
  }
  /// Reads an object that stands at `key`, a path below this one.
  template <class T, class Read>
  T node(DataJson json, const std::string& key, const Read& read) {
    EntryReader inner(json, where_ + "." + key, catalogue_, error_);
    return failed() ? T() : read(inner);
  }
  /// Reads a list of objects; missing: empty.
  template <class T, class Read>
  std::vector<T> list(const char* key, const Read& read) {
    std::vector<T> items;
    const std::vector<DataJson> nodes = list_nodes(key);
    items.reserve(nodes.size());
    for (std::size_t i = 0; i < nodes.size() && !failed(); ++i)
      items.push_back(node<T>(nodes[i], key + ("." + std::to_string(i)), read));
    return items;
  }
  /// The items of a list; missing: empty.
  std::vector<DataJson> list_nodes(const char* key);

 private:
  std::optional<DataJson> required(const char* key);
  DataJson json_;
  std::string where_;
  const FactCatalogue& catalogue_;
  std::optional<Error>& error_;
};

// One loader a file pair of kinds; each appends what it reads to `knowledge`.
GpuProduct read_gpu_product(EntryReader& reader);
ModelCard read_model_card(EntryReader& reader);
CheckpointLayout read_checkpoint_layout(EntryReader& reader);
TextEncoder read_text_encoder(EntryReader& reader);
Vae read_vae(EntryReader& reader);
Activation read_activation(EntryReader& reader);
Quantization read_quantization(EntryReader& reader);
Overhead read_overhead(EntryReader& reader);
Concession read_concession(EntryReader& reader);
MemoryBehaviour read_memory_behaviour(EntryReader& reader);
Efficiency read_efficiency(EntryReader& reader);
LinkClass read_link_class(EntryReader& reader);
TimingConstant read_timing_constant(EntryReader& reader);
DecodeCost read_decode_cost(EntryReader& reader);
TorchWheel read_torch_wheel(EntryReader& reader);
CudaToolkit read_cuda_toolkit(EntryReader& reader);
WheelPin read_wheel_pin(EntryReader& reader);
SharedLibrary read_shared_library(EntryReader& reader);
OptionalModules read_optional_modules(EntryReader& reader);
Kernel read_kernel(EntryReader& reader);
Requirement read_requirement(EntryReader& reader);
RequirementGroup read_requirement_group(EntryReader& reader);
Engine read_engine(EntryReader& reader);
/// The list at "set"; missing: empty.
std::vector<Setting> read_settings(EntryReader& reader);
Launcher read_launcher(EntryReader& reader);
NodeComparison read_node_comparison(EntryReader& reader);
Check read_check(EntryReader& reader);
FindingText read_finding_text(EntryReader& reader);
Assumption read_assumption(EntryReader& reader);
Signature read_signature(EntryReader& reader);
/// {"text": MESSAGE, "commands": [TEXT]} below "fix"; missing: empty.
Fix read_fix(EntryReader& reader);

}  // namespace diffcheck
