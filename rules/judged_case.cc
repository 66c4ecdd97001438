#include "rules/judged_case.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "rules/budget.h"
#include "rules/engine_variant.h"
#include "rules/gpu_products.h"
#include "rules/memory_case.h"
#include "rules/model_on_disk.h"
#include "rules/node_set.h"
#include "rules/torch_support.h"

namespace diffcheck {
namespace {

constexpr const char* k_from_request = "request";

template <class T>
Fact<T> or_default(const Fact<T>& asked, T otherwise, const std::string& source) {
  return asked.is_known() ? asked : known(std::move(otherwise), source);
}

}  // namespace

std::vector<std::size_t> usable_gpus(const Snapshot& snapshot) {
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < snapshot.gpus.size(); ++i) {
    const GpuFacts& gpu = snapshot.gpus[i];
    const bool hidden = gpu.visible.is_known() && !gpu.visible.value();
    if (!hidden) chosen.push_back(i);
  }
  const auto index = [&](std::size_t i) {
    const auto& fact = snapshot.gpus[i].cuda_index;
    return fact.is_known() ? fact.value() : static_cast<std::int64_t>(i);
  };
  std::stable_sort(chosen.begin(), chosen.end(), [&](std::size_t a, std::size_t b) { return index(a) < index(b); });
  return chosen;
}

namespace {

/// The GPUs that the run would use: as many as were asked for.
std::vector<std::size_t> choose_gpus(const Snapshot& snapshot, const Request& request) {
  std::vector<std::size_t> chosen = usable_gpus(snapshot);
  if (request.gpus.is_known() && request.gpus.value() >= 0 &&
      chosen.size() > static_cast<std::size_t>(request.gpus.value())) {
    chosen.resize(static_cast<std::size_t>(request.gpus.value()));
  }
  return chosen;
}

Workload workload_of(const JudgedCase& judged) {
  const Request& request = judged.request;
  Workload workload;
  workload.engine = request.engine;
  workload.model = request.model;
  workload.batch = or_default<std::int64_t>(request.batch, 1, "default");
  workload.guidance_scale = request.guidance_scale;
  if (judged.variant != nullptr) workload.variant = known(judged.variant->id, judged.engine->origin);
  if (judged.model == nullptr) return workload;

  const ModelCard& model = *judged.model;
  workload.width = or_default(request.width, model.width, model.origin);
  workload.height = or_default(request.height, model.height, model.origin);
  workload.frames = or_default(request.frames, model.frames, model.origin);
  workload.steps = or_default(request.steps, model.steps, model.origin);
  const bool guidance_off = request.guidance_scale.is_known() && request.guidance_scale.value() <= 1.0;
  workload.guidance_batch = known<std::int64_t>(model.guidance == "batched" && !guidance_off ? 2 : 1, model.origin);
  return workload;
}

ModelFacts facts_of_model(const ModelCard& model) {
  const auto optional = [&](const std::optional<std::int64_t>& value) {
    return value ? known(*value, model.origin) : unknown<std::int64_t>(model.origin, "not in the model's card");
  };
  ModelFacts facts;
  facts.id = known(model.id, model.origin);
  facts.family = known(model.family, model.origin);
  facts.kind = known(model.kind, model.origin);
  facts.heads = optional(model.heads);
  facts.head_dim = optional(model.head_dim);
  facts.layers = optional(model.layers);
  facts.experts = known(model.experts, model.origin);
  facts.text_tokens = known(model.text_tokens, model.origin);
  facts.patch_rows = known(model.patch_h, model.origin);
  facts.guidance = known(model.guidance, model.origin);
  facts.joint_attention = known(model.joint_attention, model.origin);
  facts.sizes = model.sizes.empty() ? absent<std::vector<std::string>>(model.origin) : known(model.sizes, model.origin);
  facts.frame_multiple = known(model.frame_multiple, model.origin);
  facts.frame_plus = known(model.frame_plus, model.origin);
  return facts;
}

std::int64_t divided_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

/// An image that is edited, at the area to which some releases scale it.
std::int64_t tokens_of_a_reference(const ModelCard& model) {
  return model.reference_pixels / (model.spatial * model.patch_h * model.spatial * model.patch_w);
}

/// Tokens and score sizes. A token is a patch of the latent grid.
WorkloadNumbers numbers_of(const JudgedCase& judged) {
  const std::string source = "computed from the model's card";
  WorkloadNumbers numbers;
  numbers.gpus = known(static_cast<std::int64_t>(judged.gpus.size()), "visible GPUs");
  const GpuRoom room = room_on_gpus(judged);
  numbers.usable_gpu_bytes =
      room.bytes ? known(Bytes{room.bytes->bytes}, room.source) : unknown<Bytes>("gpus", room.source);
  if (judged.model == nullptr) return numbers;
  const ModelCard& model = *judged.model;
  const Workload& workload = judged.workload;

  const std::int64_t latent_frames =
      model.frames_in_batch ? workload.frames.value() : (workload.frames.value() - 1) / model.temporal + 1;
  const std::int64_t latent_height = workload.height.value() / model.spatial;
  const std::int64_t latent_width = workload.width.value() / model.spatial;
  const std::int64_t frames_attended = model.frames_in_batch ? 1 : divided_up(latent_frames, model.patch_t);
  const std::int64_t output = frames_attended * (latent_height / model.patch_h) * (latent_width / model.patch_w);
  const std::int64_t visual = output + model.reference_images * std::max(output, tokens_of_a_reference(model));
  const std::int64_t tokens = visual + (model.joint_attention ? model.text_tokens : 0);
  const std::int64_t batch =
      workload.batch.value() * workload.guidance_batch.value() * (model.frames_in_batch ? latent_frames : 1);
  numbers.latent_frames = known(latent_frames, source);
  numbers.latent_height = known(latent_height, source);
  numbers.latent_width = known(latent_width, source);
  numbers.tokens_visual = known(visual, source);
  numbers.tokens = known(tokens, source);
  numbers.attention_batch = known(batch, source);
  if (const auto element_bytes = bytes_per_element(judged.knowledge, model.dtype)) {
    numbers.transformer_bytes = known(Bytes{std::llround(static_cast<double>(model.params) * *element_bytes)}, source);
  }
  if (model.heads) {
    const auto length = static_cast<double>(tokens);
    const double elements = static_cast<double>(batch) * static_cast<double>(*model.heads) * length * length;
    numbers.score_elements = known(elements, source);
    constexpr double fp32_bytes = 4;
    numbers.score_buffer_bytes = known(Bytes{whole_bytes(elements * fp32_bytes)}, source);
    std::vector<std::string> degrees;
    for (std::int64_t degree = 1; degree <= *model.heads; ++degree) {
      if (*model.heads % degree == 0) degrees.push_back(std::to_string(degree));
    }
    numbers.ulysses_degrees = known(std::move(degrees), source);
  }
  return numbers;
}

/// The facts of a GPU that kernels ask for, as one text.
std::string signature(const JudgedCase& judged, std::size_t chosen, const std::vector<std::string>& paths) {
  std::string text;
  for (const std::string& path : paths) {
    const AnyFact& fact = judged.gpu_facts[chosen]->find(path);
    text += (fact.is_known() ? to_text(fact.value()) : std::to_string(static_cast<int>(fact.state()))) + ";";
  }
  return text;
}

std::vector<std::size_t> distinct_gpus(const JudgedCase& judged) {
  std::vector<std::string> seen;
  std::vector<std::size_t> distinct;
  for (std::size_t i = 0; i < judged.gpus.size(); ++i) {
    std::string text = signature(judged, i, judged.knowledge.gpu_paths);
    if (std::find(seen.begin(), seen.end(), text) != seen.end()) continue;
    seen.push_back(std::move(text));
    distinct.push_back(i);
  }
  return distinct;
}

EngineFacts engine_facts(const JudgedCase& judged) {
  return judged.engine == nullptr ? EngineFacts{} : find_engine(*judged.engine, judged.snapshot, judged.request);
}

/// The facts of the chosen GPUs do not depend on the rest of the request.
void add_gpu_facts(JudgedCase& judged, const JudgedCase* like) {
  if (like != nullptr && like->gpus == judged.gpus) {
    judged.gpu_facts = like->gpu_facts;
    judged.distinct_gpus = like->distinct_gpus;
    return;
  }
  for (const std::size_t index : judged.gpus) {
    const GpuFacts& gpu = judged.snapshot.gpus[index];
    auto facts = std::make_shared<FactTable>();
    facts->add_all("gpu", gpu);
    facts->add_all("device", torch_on_gpu(judged.snapshot, gpu, judged.knowledge));
    judged.gpu_facts.push_back(std::move(facts));
  }
  judged.distinct_gpus = distinct_gpus(judged);
}

/// One machine, whatever others there are. `like`: a case on the same machine, if there is one.
JudgedCase judge_machine(const JudgedCase* like, const Knowledge& knowledge, const Snapshot& snapshot,
                         const Request& request, std::shared_ptr<const FactTable> machine,
                         std::optional<std::size_t> most_gpus) {
  JudgedCase judged{knowledge, snapshot,           request, {}, nullptr, nullptr, nullptr, {},
                    {},        std::move(machine), {},      {}, {},      {},      nullptr, {}};
  if (request.engine.is_known()) judged.engine = find_entry(knowledge.engines, request.engine.value());
  if (request.model.is_known()) judged.model = find_entry(knowledge.models, request.model.value());
  if (request.on_disk != nullptr && judged.model != nullptr && request.on_disk->card.id == judged.model->id) {
    judged.on_disk = request.on_disk;
    judged.model = &judged.on_disk->card;
  }
  judged.gpus = choose_gpus(snapshot, request);
  if (most_gpus && judged.gpus.size() > *most_gpus) judged.gpus.resize(*most_gpus);

  judged.facts.add_all("request", request);
  judged.facts.set_complete("request.pins", k_from_request);
  const EngineFacts engine = engine_facts(judged);
  judged.facts.add_all("engine", engine);
  if (judged.engine != nullptr)
    judged.variant = choose_variant(knowledge, *judged.engine, engine, judged.scope(), judged.assumptions);
  judged.workload = workload_of(judged);
  judged.numbers = numbers_of(judged);
  judged.facts.add_all("workload", judged.workload);
  judged.facts.add_all("derived", judged.numbers);
  if (judged.model != nullptr) judged.facts.add_all("model", facts_of_model(*judged.model));
  add_gpu_facts(judged, like);
  return judged;
}

}  // namespace

std::shared_ptr<const FactTable> facts_of(const Snapshot& snapshot) {
  auto facts = std::make_shared<FactTable>();
  facts->add_all("", snapshot);
  const auto complete = [](const Fact<bool>& fact) { return fact.is_known() && fact.value(); };
  if (complete(snapshot.complete.packages)) facts->set_complete("packages", snapshot.complete.packages.source());
  if (complete(snapshot.complete.env)) facts->set_complete("env", snapshot.complete.env.source());
  facts->set_list_size("binaries", snapshot.binaries.size(), complete(snapshot.complete.binaries));
  facts->set_list_size("gpus", snapshot.gpus.size(), complete(snapshot.complete.gpus));
  return facts;
}

Workload with_dtype(Workload workload, const std::string& dtype, const std::string& source) {
  workload.dtype = known(dtype, source);
  return workload;
}

JudgedCase judge_node(const JudgedCase& all, const Node& node) {
  return judge_machine(nullptr, all.knowledge, node.snapshot, all.request, node.facts, all.gpus.size());
}

namespace {

JudgedCase with_other_nodes(JudgedCase judged) {
  if (judged.request.node_set == nullptr) return judged;
  const NodeSet& set = *judged.request.node_set;
  for (const std::size_t kind : set.kinds) {
    if (kind != set.weakest) judged.other_nodes.push_back(judge_node(judged, set.nodes[kind]));
  }
  return judged;
}

}  // namespace

JudgedCase judge_case(const Knowledge& knowledge, const Snapshot& snapshot, const Request& request,
                      std::shared_ptr<const FactTable> machine) {
  return with_other_nodes(judge_machine(nullptr, knowledge, snapshot, request, std::move(machine), std::nullopt));
}

JudgedCase judge_case(const JudgedCase& like, const Request& request) {
  return with_other_nodes(judge_machine(&like, like.knowledge, like.snapshot, request, like.machine, std::nullopt));
}

}  // namespace diffcheck
