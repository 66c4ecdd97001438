#include "rules/knowledge.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <functional>
#include <list>
#include <set>
#include <utility>

#include "probe/snapshot.h"
#include "rules/derived.h"
#include "rules/diagnosis.h"
#include "rules/entry_reader.h"
#include "rules/knowledge_paths.h"
#include "rules/request.h"

namespace diffcheck {
namespace {

/// An entry as it stands in a file, before it is typed. Merging by id happens on these.
struct RawEntry {
  std::string id;
  DataJson json;
  std::string where;  ///< "data/kernels/sdpa.json:entries.3"
};

using RawKind = std::vector<RawEntry>;

constexpr std::array<std::string_view, 30> k_kinds = {"gpus",
                                                      "launchers",
                                                      "node-comparisons",
                                                      "models",
                                                      "text-encoders",
                                                      "vaes",
                                                      "activations",
                                                      "quantizations",
                                                      "overheads",
                                                      "torch-wheels",
                                                      "cuda-toolkits",
                                                      "kernels",
                                                      "engines",
                                                      "checks",
                                                      "finding-texts",
                                                      "assumptions",
                                                      "texts",
                                                      "requirement-groups",
                                                      "wheel-pins",
                                                      "driver-branches",
                                                      "signatures",
                                                      "shared-libraries",
                                                      "optional-modules",
                                                      "concessions",
                                                      "memory-behaviours",
                                                      "checkpoint-layouts",
                                                      "efficiencies",
                                                      "links",
                                                      "timing-constants",
                                                      "decode-costs"};

void merge(RawKind& kind, RawEntry entry) {
  const auto same = std::find_if(kind.begin(), kind.end(), [&](const RawEntry& other) { return other.id == entry.id; });
  if (same == kind.end()) {
    kind.push_back(std::move(entry));
  } else {
    *same = std::move(entry);
  }
}

using RawKinds = std::map<std::string, RawKind, std::less<>>;

std::optional<Error> collect(const DataFile& file, DataJson json, RawKinds& kinds) {
  const auto error = [&](const std::string& path, std::string what) {
    return Error{Error::Kind::invalid, file.name + ":" + path, std::move(what)};
  };
  const auto kind_json = json.find("kind");
  const auto entries = json.find("entries");
  if (!kind_json || !kind_json->is_text()) return error("kind", "expected {\"kind\": ..., \"entries\": [...]}");
  const std::string kind = kind_json->to_string();
  if (std::find(k_kinds.begin(), k_kinds.end(), kind) == k_kinds.end())
    return error("kind", "no kind of data is called \"" + kind + "\"");
  if (!entries || !entries->is_list()) return error("entries", "expected a list");
  std::set<std::string> seen;
  for (const DataJson entry : entries->items()) {
    const std::string path = "entries." + std::to_string(seen.size());
    const auto id = entry.find("id");
    if (!id || !id->is_text()) return error(path, "expected an entry with an id");
    RawEntry raw{id->to_string(), entry, file.name + ":" + path};
    if (!seen.insert(raw.id).second) return error(path + ".id", "\"" + raw.id + "\" stands twice in this file");
    merge(kinds[kind], std::move(raw));
  }
  return std::nullopt;
}

/// Puts the requirements of the groups that a kernel includes in front of its own.
std::optional<Error> include_groups(std::vector<Kernel>& kernels, const std::vector<RequirementGroup>& groups) {
  for (Kernel& kernel : kernels) {
    std::vector<Requirement> all;
    for (const std::string& id : kernel.includes) {
      const RequirementGroup* group = find_entry(groups, id);
      if (group == nullptr)
        return Error{Error::Kind::invalid, kernel.origin, "no requirement group is called \"" + id + "\""};
      all.insert(all.end(), group->requires_all.begin(), group->requires_all.end());
    }
    kernel.requires_all.insert(kernel.requires_all.begin(), all.begin(), all.end());
  }
  return std::nullopt;
}

template <class T>
void read_kind(const RawKinds& kinds, std::string_view kind, T (*read)(EntryReader&), const FactCatalogue& catalogue,
               std::vector<T>& into, std::optional<Error>& error) {
  const auto found = kinds.find(kind);
  if (found == kinds.end()) return;
  into.reserve(found->second.size());
  for (const RawEntry& raw : found->second) {
    EntryReader reader(raw.json, raw.where, catalogue, error);
    if (!error) into.push_back(read(reader));
    if (error) return;
  }
}

/// Every id that one entry names must exist.
class References {
 public:
  explicit References(const Knowledge& knowledge) : knowledge_(knowledge) {}

  std::optional<Error> check() {
    for (const ModelCard& model : knowledge_.models) check_model(model);
    for (const Kernel& kernel : knowledge_.kernels) {
      for (const DispatchOrder& order : kernel.dispatch) {
        for (const std::string& id : order.kernels)
          expect(find_entry(knowledge_.kernels, id) != nullptr, kernel, "kernel", id);
      }
    }
    for (const Engine& engine : knowledge_.engines) {
      for (const EngineVariant& variant : engine.variants) check_variant(engine, variant);
    }
    for (const NodeComparison& comparison : knowledge_.node_comparisons)
      expect(find_entry(knowledge_.finding_texts, comparison.finding) != nullptr, comparison, "finding text",
             comparison.finding);
    for (const Signature& signature : knowledge_.signatures) check_signature(signature);
    return error_;
  }

 private:
  void expect(bool exists, const Entry& entry, const char* kind, const std::string& id) {
    if (!exists && !error_)
      error_ = Error{Error::Kind::invalid, entry.origin,
                     std::string("names the ") + kind + " \"" + id + "\", which does not exist"};
  }

  void check_model(const ModelCard& model) {
    expect(find_entry(knowledge_.vaes, model.vae) != nullptr, model, "VAE", model.vae);
    for (const std::string& id : model.text_encoders)
      expect(find_entry(knowledge_.text_encoders, id) != nullptr, model, "text encoder", id);
  }

  void check_signature(const Signature& signature) {
    for (const SignatureCause& cause : signature.causes) {
      for (const std::string& id : cause.findings) {
        const bool exists =
            find_entry(knowledge_.checks, id) != nullptr || find_entry(knowledge_.finding_texts, id) != nullptr;
        expect(exists, signature, "check", id);
      }
    }
  }

  void check_variant(const Engine& engine, const EngineVariant& variant) {
    const auto kernel_exists = [&](const std::string& id) {
      return id == "none" || find_entry(knowledge_.kernels, id) != nullptr;
    };
    for (const SelectionStep& step : variant.attention_selection)
      expect(kernel_exists(step.value), engine, "kernel", step.value);
    for (const Choice& choice : variant.attention_choices)
      expect(kernel_exists(choice.value), engine, "kernel", choice.value);
    expect(find_entry(knowledge_.memory_behaviours, variant.memory) != nullptr, engine, "memory behaviour",
           variant.memory);
  }

  const Knowledge& knowledge_;
  std::optional<Error> error_;
};

/// FNV-1a over words of 64 bits: tells two sets of knowledge apart; not a protection against forgery.
std::string content_hash(const std::vector<DataFile>& files) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const DataFile& file : files) {
    for (std::string_view rest = file.text; !rest.empty();) {
      std::uint64_t word = 0;
      const std::size_t count = std::min(rest.size(), sizeof word);
      std::memcpy(&word, rest.data(), count);
      hash = (hash ^ word) * 0x100000001b3ULL;
      hash ^= hash >> 32;  // a product leaves the low bits to the low bits alone
      rest.remove_prefix(count);
    }
  }
  std::array<char, 17> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%016llx", static_cast<unsigned long long>(hash));
  return buffer.data();
}

void read_texts(const RawKinds& kinds, const FactCatalogue& catalogue, Knowledge& knowledge,
                std::optional<Error>& error) {
  const auto found = kinds.find("texts");
  if (found == kinds.end()) return;
  for (const RawEntry& raw : found->second) {
    EntryReader reader(raw.json, raw.where, catalogue, error);
    if (!error) knowledge.texts[raw.id] = reader.message("text");
  }
}

}  // namespace

FactCatalogue data_catalogue() {
  FactCatalogue catalogue;
  catalogue.add_all<Snapshot>("");
  catalogue.add_all<Request>("request");
  catalogue.add_all<Workload>("workload");
  catalogue.add_all<ModelFacts>("model");
  catalogue.add_all<WorkloadNumbers>("derived");
  catalogue.add_all<EngineFacts>("engine");
  catalogue.add_all<AttentionCall>("call");
  catalogue.add_all<GpuFacts>("gpu");
  catalogue.add_all<DeviceNumbers>("device");
  catalogue.add_all<CandidateNumbers>("candidate");
  catalogue.add_all<LogCaptures>("match");
  catalogue.add("finding.*", ValueType::text, "What the code that found it says.");
  return catalogue;
}

Result<Knowledge> load_knowledge(const std::vector<DataFile>& files, bool signatures) {
  RawKinds kinds;
  std::list<DataDocument> documents;  // its nodes stay where they are
  simdjson::dom::parser parser;
  for (const DataFile& file : files) {
    auto document = DataDocument::parse(file.text, file.name, parser);
    if (!document) return document.error();
    documents.push_back(*std::move(document));
    if (auto error = collect(file, documents.back().root(), kinds)) return *error;
  }

  const FactCatalogue catalogue = data_catalogue();
  Knowledge knowledge;
  std::optional<Error> error;
  read_kind(kinds, "gpus", read_gpu_product, catalogue, knowledge.gpus, error);
  read_kind(kinds, "models", read_model_card, catalogue, knowledge.models, error);
  read_kind(kinds, "checkpoint-layouts", read_checkpoint_layout, catalogue, knowledge.checkpoint_layouts, error);
  read_kind(kinds, "text-encoders", read_text_encoder, catalogue, knowledge.text_encoders, error);
  read_kind(kinds, "vaes", read_vae, catalogue, knowledge.vaes, error);
  read_kind(kinds, "activations", read_activation, catalogue, knowledge.activations, error);
  read_kind(kinds, "quantizations", read_quantization, catalogue, knowledge.quantizations, error);
  read_kind(kinds, "overheads", read_overhead, catalogue, knowledge.overheads, error);
  read_kind(kinds, "concessions", read_concession, catalogue, knowledge.concessions, error);
  read_kind(kinds, "memory-behaviours", read_memory_behaviour, catalogue, knowledge.memory_behaviours, error);
  read_kind(kinds, "efficiencies", read_efficiency, catalogue, knowledge.efficiencies, error);
  read_kind(kinds, "links", read_link_class, catalogue, knowledge.links, error);
  read_kind(kinds, "timing-constants", read_timing_constant, catalogue, knowledge.timing_constants, error);
  read_kind(kinds, "decode-costs", read_decode_cost, catalogue, knowledge.decode_costs, error);
  read_kind(kinds, "torch-wheels", read_torch_wheel, catalogue, knowledge.torch_wheels, error);
  read_kind(kinds, "cuda-toolkits", read_cuda_toolkit, catalogue, knowledge.cuda_toolkits, error);
  read_kind(kinds, "wheel-pins", read_wheel_pin, catalogue, knowledge.wheel_pins, error);
  read_kind(kinds, "shared-libraries", read_shared_library, catalogue, knowledge.shared_libraries, error);
  read_kind(kinds, "optional-modules", read_optional_modules, catalogue, knowledge.optional_modules, error);
  std::vector<RequirementGroup> groups;
  read_kind(kinds, "requirement-groups", read_requirement_group, catalogue, groups, error);
  read_kind(kinds, "kernels", read_kernel, catalogue, knowledge.kernels, error);
  if (!error) error = include_groups(knowledge.kernels, groups);
  read_kind(kinds, "engines", read_engine, catalogue, knowledge.engines, error);
  read_kind(kinds, "launchers", read_launcher, catalogue, knowledge.launchers, error);
  read_kind(kinds, "node-comparisons", read_node_comparison, catalogue, knowledge.node_comparisons, error);
  read_kind(kinds, "checks", read_check, catalogue, knowledge.checks, error);
  read_kind(kinds, "finding-texts", read_finding_text, catalogue, knowledge.finding_texts, error);
  read_kind(kinds, "assumptions", read_assumption, catalogue, knowledge.assumptions, error);
  if (signatures) read_kind(kinds, "signatures", read_signature, catalogue, knowledge.signatures, error);
  read_texts(kinds, catalogue, knowledge, error);
  if (!error) error = References(knowledge).check();
  if (error) return *error;

  knowledge.gpu_paths = paths_about_gpus(knowledge.kernels);
  knowledge.packages = packages_asked_for(knowledge);
  knowledge.hash = content_hash(files);
  for (const DataFile& file : files) knowledge.files.push_back(file.name);
  return knowledge;
}

}  // namespace diffcheck
