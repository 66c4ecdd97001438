#include "rules/request_check.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/text.h"
#include "rules/nearest.h"
#include "rules/size_check.h"

namespace diffcheck {
namespace {

/// Beyond these a request is a slip of the hand, and products of its numbers would no longer be exact.
constexpr std::int64_t k_most_pixels_a_side = 65'536;
constexpr std::int64_t k_most_frames = 1'000'000;
constexpr std::int64_t k_most_steps = 100'000;
constexpr std::int64_t k_most_batch = 10'000;
constexpr std::int64_t k_most_nodes = 4'096;
constexpr std::int64_t k_most_ranks = 65'536;
constexpr double k_most_guidance = 1'000;
constexpr std::size_t k_longest_quoted = 80;

constexpr std::array<std::string_view, 8> k_axes = {"data",       "cfg",    "ulysses", "ring",
                                                    "pipefusion", "tensor", "fsdp",    "vae"};

template <class T>
std::vector<std::string> ids_of(const std::vector<T>& entries) {
  std::vector<std::string> ids;
  for (const T& entry : entries) ids.push_back(entry.id);
  return ids;
}

class RequestCheck {
 public:
  RequestCheck(const Request& request, const Knowledge& knowledge) : request_(request), knowledge_(knowledge) {}

  std::optional<Error> run() {
    check_numbers();
    check_names();
    check_sizes();
    check_pins();
    return error_;
  }

 private:
  void fail(const std::string& where, std::string what) {
    if (!error_) error_ = Error{Error::Kind::invalid, where, std::move(what)};
  }

  void check_range(const Fact<std::int64_t>& fact, const char* what, std::int64_t most) {
    if (!fact.is_known() || (fact.value() >= 1 && fact.value() <= most)) return;
    fail(fact.source(), std::string("expected ") + what + " from 1 to " + std::to_string(most) + ", not " +
                            std::to_string(fact.value()));
  }

  void check_numbers() {
    check_range(request_.width, "a width", k_most_pixels_a_side);
    check_range(request_.height, "a height", k_most_pixels_a_side);
    check_range(request_.frames, "frames", k_most_frames);
    check_range(request_.steps, "steps", k_most_steps);
    check_range(request_.batch, "a batch", k_most_batch);
    check_range(request_.nodes, "nodes", k_most_nodes);
    check_range(request_.gpus, "GPUs", k_most_ranks);
    const Fact<double>& guidance = request_.guidance_scale;
    // Written so that not-a-number fails.
    if (guidance.is_known() && !(guidance.value() >= 0 && guidance.value() <= k_most_guidance)) {
      fail(guidance.source(),
           "expected a guidance scale from 0 to " + std::to_string(static_cast<int>(k_most_guidance)));
    }
  }

  void check_name(const Fact<std::string>& name, const char* kind, const std::vector<std::string>& known_names) {
    if (!name.is_known() || std::find(known_names.begin(), known_names.end(), name.value()) != known_names.end())
      return;
    const std::string wanted = name.value().substr(0, k_longest_quoted);
    fail(name.source(),
         std::string("no ") + kind + " is called \"" + wanted + "\"" + nearest_clause(wanted, known_names));
  }

  void check_names() {
    check_name(request_.engine, "engine", ids_of(knowledge_.engines));
    check_name(request_.model, "model", ids_of(knowledge_.models));
    check_name(request_.task, "task", tasks());
    check_name(request_.objective, "objective", {"latency", "throughput", "cost", "memory"});
  }

  void check_sizes() {
    const ModelCard* model =
        request_.model.is_known() ? find_entry(knowledge_.models, request_.model.value()) : nullptr;
    if (model == nullptr || error_) return;
    error_ = check_size(request_, *model);
  }

  std::vector<std::string> tasks() const {
    std::vector<std::string> tasks;
    for (const ModelCard& model : knowledge_.models) tasks.insert(tasks.end(), model.tasks.begin(), model.tasks.end());
    return tasks;
  }

  /// Names of memory modes, of the engine that was named or of all.
  std::vector<std::string> modes() const {
    std::vector<std::string> names;
    for (const Engine& engine : knowledge_.engines) {
      if (request_.engine.is_known() && request_.engine.value() != engine.id) continue;
      for (const EngineVariant& variant : engine.variants) {
        const MemoryBehaviour& behaviour = *find_entry(knowledge_.memory_behaviours, variant.memory);
        for (const MemoryMode& mode : behaviour.modes) {
          names.push_back(mode.id);
          names.insert(names.end(), mode.aliases.begin(), mode.aliases.end());
        }
      }
    }
    return names;
  }

  void check_pins() {
    std::vector<std::string> names = {"attention", "dtype",      "quantization", "text_quantization",
                                      "offload",   "vae_tiling", "compile"};
    names.insert(names.end(), k_axes.begin(), k_axes.end());
    for (const auto& [name, value] : request_.pins) {
      check_name(known(name, value.source()), "pin", names);
      check_pin(name, value);
    }
  }

  void check_pin(const std::string& name, const Fact<std::string>& value) {
    if (std::find(k_axes.begin(), k_axes.end(), name) != k_axes.end()) {
      const auto degree = value.is_known() ? parse_integer<std::int64_t>(value.value()) : std::nullopt;
      if (degree) {
        check_range(known(*degree, value.source()), (name + " degrees").c_str(), k_most_ranks);
      } else {
        fail(value.source(), "expected a whole number for " + name);
      }
    }
    if (name == "attention") check_name(value, "kernel", kernels());
    if (name == "dtype") check_name(value, "dtype", {"bf16", "fp16", "fp32"});
    if (name == "quantization" || name == "text_quantization") check_name(value, "quantization", quantizations());
    if (name == "offload") check_name(value, "memory mode", modes());
    if (name == "vae_tiling" || name == "compile") check_name(value, "choice", {"on", "off"});
  }

  std::vector<std::string> quantizations() const {
    std::vector<std::string> names = {"none"};
    for (const Quantization& entry : knowledge_.quantizations) {
      names.push_back(entry.id);
      names.insert(names.end(), entry.aliases.begin(), entry.aliases.end());
    }
    return names;
  }

  /// What can be pinned is a kernel, not what chooses between kernels.
  std::vector<std::string> kernels() const {
    std::vector<std::string> kernels;
    for (const Kernel& kernel : knowledge_.kernels) {
      if (kernel.dispatch.empty()) kernels.push_back(kernel.id);
    }
    return kernels;
  }

  const Request& request_;
  const Knowledge& knowledge_;
  std::optional<Error> error_;
};

std::string what_there_is(const Snapshot& snapshot, std::int64_t usable, bool simulated) {
  const std::string machine = simulated ? "the simulated machine" : "this machine";
  const std::size_t present = snapshot.gpus.size();
  const Fact<bool>& complete = snapshot.complete.gpus;
  std::string text = machine + " has " + (present == 0 ? "none" : std::to_string(present));
  if (!complete.is_known() || !complete.value())
    text = "only " + std::to_string(present) + " could be found on " + machine;
  if (usable != static_cast<std::int64_t>(present)) text += ", of which a process sees " + std::to_string(usable);
  const bool named = present > 0 && snapshot.gpus.front().name.is_known();
  if (named) text += " (" + snapshot.gpus.front().name.value() + ")";
  return text;
}

}  // namespace

std::optional<Error> check_request(const Request& request, const Knowledge& knowledge) {
  return RequestCheck(request, knowledge).run();
}

std::optional<Error> check_gpu_count(const Request& request, const Snapshot& snapshot, bool simulated) {
  if (!request.gpus.is_known()) return std::nullopt;
  const auto usable = std::count_if(snapshot.gpus.begin(), snapshot.gpus.end(),
                                    [](const GpuFacts& gpu) { return !gpu.visible.is_known() || gpu.visible.value(); });
  if (request.gpus.value() <= usable) return std::nullopt;
  return Error{
      Error::Kind::invalid, request.gpus.source(),
      "asked for " + std::to_string(request.gpus.value()) + " GPUs, but " + what_there_is(snapshot, usable, simulated)};
}

}  // namespace diffcheck
