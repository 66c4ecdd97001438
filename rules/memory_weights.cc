#include "rules/memory_weights.h"

#include <algorithm>

#include "rules/budget.h"
#include "rules/layout.h"
#include "rules/memory_choices.h"

namespace diffcheck {
namespace {

/// Range around a parameter count that was not summed from the layers.
constexpr double k_approximate_share = 0.10;

bool is_quantized(const MemoryCase& run, const std::string& component) {
  if (run.choice.quantization.empty()) return false;
  const std::string base = component == "transformer_inactive" ? "transformer" : component;
  const QuantizationChoice* choice = quantization_of(run.judged, run.choice);
  if (choice == nullptr) return base == "transformer";
  return std::find(choice->components.begin(), choice->components.end(), base) != choice->components.end();
}

double weight_bytes_per_param(const MemoryCase& run, const std::string& component) {
  if (component == "text_encoder") {
    if (const auto pinned = run.judged.request.pin("text_quantization")) return bytes_of(run, *pinned);
  }
  return bytes_of(run, is_quantized(run, component) ? run.choice.quantization : weight_dtype(run, component));
}

Estimate counted(double bytes, bool exact) {
  return around(bytes, exact ? 1 : 1 - k_approximate_share, exact ? 1 : 1 + k_approximate_share);
}

/// What the user's checkpoint holds of a component, where that was read.
std::optional<double> params_on_disk(const ModelCard& model, const std::string& component) {
  const auto found = model.on_disk.find(component);
  if (found == model.on_disk.end() || !found->second.params) return std::nullopt;
  return static_cast<double>(*found->second.params);
}

/// On one rank. Sharding leaves encoders of pictures and sound whole: they are not wrapped.
Estimate text_encoder_bytes(const MemoryCase& run) {
  Estimate total;
  const double ranks = division_of(run.judged, run.layout, "text_weights");
  const double per_param = weight_bytes_per_param(run, "text_encoder");
  const double embedding_extra = std::max(0.0, bytes_of(run, weight_dtype(run, "text_encoder")) - per_param);
  for (const std::string& id : run.judged.model->text_encoders) {
    const TextEncoder* encoder = find_entry(run.judged.knowledge.text_encoders, id);
    if (encoder == nullptr) continue;
    const double bytes = static_cast<double>(encoder->params) * per_param +
                         static_cast<double>(encoder->embedding_params) * embedding_extra;
    total = total + scaled(counted(bytes, encoder->params_exact), encoder->reads_text ? 1 / ranks : 1);
  }
  return total;
}

/// The largest linear layer of a transformer: into the feed-forward layer or out of a fused block, or the modulation.
double largest_module_params(const MemoryCase& run) {
  const ModelCard& model = *run.judged.model;
  if (!model.hidden) return params_outside_blocks(run);
  const auto width = static_cast<double>(*model.hidden);
  const double ffn = static_cast<double>(model.ffn.value_or(4 * *model.hidden));
  constexpr double modulations = 6;
  return std::max(width * (ffn + width), modulations * width * width);
}

/// What a stage keeps of a component, in bytes.
Estimate resident_bytes(const MemoryCase& run, const ResidentPart& part, const Estimate& all, UnknownTerms& unknown) {
  const ModelCard& model = *run.judged.model;
  const double per_param = weight_bytes_per_param(run, part.component);
  if (part.modules > 0) {
    double params = largest_module_params(run);
    if (part.component == "vae") return all;
    if (part.component == "text_encoder") {
      params = 0;
      for (const std::string& id : model.text_encoders) {
        const TextEncoder* encoder = find_entry(run.judged.knowledge.text_encoders, id);
        if (encoder == nullptr) continue;
        const double known = static_cast<double>(encoder->embedding_params);
        params = std::max(params, known > 0 ? known : static_cast<double>(encoder->params) / 4);
      }
    }
    const double bytes = params * per_param * static_cast<double>(part.modules);
    return {0, std::min(whole_bytes(bytes), all.bytes), std::min(whole_bytes(bytes), all.high)};
  }
  if (part.blocks > 0) {
    if (!model.layers || *model.layers < 1) {
      assume(unknown, "blocks of the model");
      return {0, all.bytes, all.high};
    }
    const double outside = overhead(run.judged, "params-outside-blocks").factor;
    const double share = std::min(1.0, static_cast<double>(part.blocks) / static_cast<double>(*model.layers) + outside);
    // Blocks differ: those with two streams hold up to twice the average.
    return {scaled(all, share * 0.7).low, scaled(all, share).bytes, scaled(all, std::min(1.0, 1.5 * share)).high};
  }
  return scaled(all, part.fraction);
}

}  // namespace

double params_outside_blocks(const MemoryCase& run) {
  return static_cast<double>(run.judged.model->params) * overhead(run.judged, "params-outside-blocks").factor;
}

std::string weight_dtype(const MemoryCase& run, const std::string& component) {
  return weight_dtype_in(run.judged, run.choice, component == "transformer_inactive" ? "transformer" : component,
                         run.dtype);
}

MemoryTerm component_weights(const MemoryCase& run, const std::string& component, UnknownTerms& unknown) {
  const ModelCard& model = *run.judged.model;
  MemoryTerm term{MemoryTerm::Kind::weights, component, {}, Grade::formula};
  if (component == "transformer" || component == "transformer_inactive") {
    const double copies = component == "transformer" ? 1 : static_cast<double>(model.experts - 1);
    const double bytes = static_cast<double>(model.params) * copies * weight_bytes_per_param(run, component);
    term.bytes = scaled(counted(bytes, model.params_exact), 1 / division_of(run.judged, run.layout, "weights"));
    term.grade = model.params_exact ? Grade::formula : Grade::assumed;
    return term;
  }
  if (component == "text_encoder") {
    const auto ranks = division_of(run.judged, run.layout, "text_weights");
    const auto counted_on_disk = params_on_disk(model, component);
    term.bytes = counted_on_disk
                     ? scaled(counted(*counted_on_disk * weight_bytes_per_param(run, component), true), 1 / ranks)
                     : text_encoder_bytes(run);
    return term;
  }
  if (const auto counted_on_disk = params_on_disk(model, component)) {
    term.bytes = counted(*counted_on_disk * weight_bytes_per_param(run, component), true);
    return term;
  }
  const Vae* vae = find_entry(run.judged.knowledge.vaes, model.vae);
  if (vae == nullptr || !vae->params) {
    assume(unknown, "VAE parameter count");
    term.bytes = overhead(run.judged, "uncounted-vae").bytes.value_or(Estimate{});
    term.grade = Grade::assumed;
    return term;
  }
  term.bytes = counted(static_cast<double>(*vae->params) * weight_bytes_per_param(run, "vae"), vae->params_exact);
  return term;
}

MemoryTerm resident_term(const MemoryCase& run, const ResidentPart& part, UnknownTerms& unknown) {
  MemoryTerm term = component_weights(run, part.component, unknown);
  const Quantization* quantization = find_entry(run.judged.knowledge.quantizations, run.choice.quantization);
  const bool stays = quantization != nullptr && !quantization->offloadable && is_quantized(run, part.component);
  if (!stays) term.bytes = resident_bytes(run, part, term.bytes, unknown);
  return term;
}

}  // namespace diffcheck
