#include "rules/model_on_disk.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "probe/text.h"
#include "rules/engine_variant.h"

namespace diffcheck {
namespace {

constexpr const char* k_option = "--model-dir";
/// Buffers that are stored beside parameters (SD3's table of positions is 2.8 %), and what a fine-tune adds.
constexpr double k_same_params = 0.05;
/// Of a card whose number is itself approximate.
constexpr double k_near_params = 0.15;

bool is_class_of_a_model(const std::string& name, const Knowledge& knowledge) {
  return std::any_of(knowledge.models.begin(), knowledge.models.end(), [&](const ModelCard& card) {
    return std::find(card.classes.begin(), card.classes.end(), name) != card.classes.end();
  });
}

using Parts = std::vector<const CheckpointPart*>;

Parts parts_of(const Checkpoint& checkpoint, std::string_view component, const Knowledge& knowledge) {
  Parts parts;
  for (const CheckpointPart& part : checkpoint.parts) {
    if (component_of(part, knowledge) == component) parts.push_back(&part);
  }
  return parts;
}

/// The denoiser as the folder tells it: of experts, which are alike, the first.
struct Denoiser {
  const CheckpointPart* part = nullptr;
  std::int64_t experts = 0;
};

/// A known number of the folder beside what the card has.
struct Comparison {
  const char* what;
  std::optional<std::int64_t> card;
  const Fact<std::int64_t>* disk;

  bool differs() const { return card && disk->is_known() && disk->value() != *card; }
};

/// What a model cannot differ in and stay the same model.
std::array<Comparison, 3> identity_of(const ModelCard& card, const CheckpointConfig& config) {
  return {{{"models.heads", card.heads, &config.heads},
           {"models.head-dim", card.head_dim, &config.head_dim},
           {"models.hidden", card.hidden, &config.hidden}}};
}

/// What people prune, extend and fine-tune.
std::array<Comparison, 3> extent_of(const ModelCard& card, const CheckpointConfig& config) {
  return {{{"models.layers", card.layers, &config.layers},
           {"models.ffn", card.ffn, &config.ffn},
           {"models.in-channels", card.in_channels, &config.in_channels}}};
}

bool is_of_class(const ModelCard& card, const CheckpointConfig& config) {
  return !config.class_name.is_known() || card.classes.empty() ||
         std::find(card.classes.begin(), card.classes.end(), config.class_name.value()) != card.classes.end();
}

bool has_params_of(const ModelCard& card, const CheckpointPart& part) {
  if (!part.params.is_known()) return true;
  const auto params = static_cast<double>(card.params);
  const double share = card.params_exact ? k_same_params : k_near_params;
  return std::abs(static_cast<double>(part.params.value()) - params) <= share * params;
}

/// How many things the folder tells otherwise than the card.
std::size_t mismatches(const ModelCard& card, const Denoiser& denoiser) {
  const CheckpointConfig& config = denoiser.part->config;
  const auto differs = [](const Comparison& comparison) { return comparison.differs(); };
  const auto identity = identity_of(card, config);
  const auto extent = extent_of(card, config);
  return static_cast<std::size_t>(std::count_if(identity.begin(), identity.end(), differs) +
                                  std::count_if(extent.begin(), extent.end(), differs)) +
         (is_of_class(card, config) ? 0 : 1) + (has_params_of(card, *denoiser.part) ? 0 : 1) +
         (card.experts == denoiser.experts ? 0 : 1);
}

/// Whether the checkpoint's path, or where it says it came from, names the model.
bool is_named(const ModelCard& card, const Checkpoint& checkpoint, const CheckpointConfig& config) {
  std::vector<std::string> names = {card.id, card.name};
  names.insert(names.end(), card.aliases.begin(), card.aliases.end());
  std::vector<std::string> texts;
  texts.push_back(lower_case(checkpoint.folder.value()));
  for (const std::string_view step : split(checkpoint.folder.value(), '/')) texts.emplace_back(lower_case(step));
  for (const Fact<std::string>* told : {&checkpoint.name, &config.name}) {
    if (told->is_known()) texts.push_back(lower_case(told->value()));
  }
  for (std::string name : names) {
    name = lower_case(name);
    std::string cached = "models--" + name;  // Hugging Face's cache writes "--" for "/".
    if (const std::size_t slash = cached.find('/'); slash != std::string::npos) cached.replace(slash, 1, "--");
    for (const std::string& text : texts) {
      if (text == name || text == cached || text.ends_with("/" + name)) return true;
    }
  }
  return false;
}

/// The cards that fit, the most certain alone where there is one: that of the exact number of parameters, or of the
/// name.
std::vector<const ModelCard*> fitting_cards(const Checkpoint& checkpoint, const Denoiser& denoiser,
                                            const Knowledge& knowledge) {
  std::vector<const ModelCard*> cards;
  const CheckpointPart& part = *denoiser.part;
  if (!part.config.class_name.is_known()) return cards;
  for (const ModelCard& card : knowledge.models) {
    if (!card.classes.empty() && mismatches(card, denoiser) == 0) cards.push_back(&card);
  }
  const auto narrow = [&](const auto& keep) {
    if (cards.size() < 2 || std::none_of(cards.begin(), cards.end(), keep)) return;
    std::erase_if(cards, [&](const ModelCard* card) { return !keep(card); });
  };
  narrow([&](const ModelCard* card) { return part.params.is_known() && part.params.value() == card->params; });
  narrow([&](const ModelCard* card) { return is_named(*card, checkpoint, part.config); });
  narrow([&](const ModelCard* card) {
    return checkpoint.pipeline.is_known() && std::find(card->pipelines.begin(), card->pipelines.end(),
                                                       checkpoint.pipeline.value()) != card->pipelines.end();
  });
  narrow([&](const ModelCard* card) { return card->params_exact; });
  return cards;
}

std::string shown(const std::optional<std::int64_t>& value) { return value ? std::to_string(*value) : "?"; }
std::string shown(const Fact<std::int64_t>& value) { return value.is_known() ? std::to_string(value.value()) : "?"; }

std::string shape_text(const CheckpointPart& part, std::int64_t experts) {
  const CheckpointConfig& config = part.config;
  const std::string name = config.class_name.is_known() ? config.class_name.value() : "a model of no named class";
  return name + " with " + shown(config.layers) + " layers, " + shown(config.heads) + " heads of " +
         shown(config.head_dim) + ", " + shown(config.in_channels) + " input channels, " + shown(part.params) +
         " parameters" + (experts > 1 ? ", " + std::to_string(experts) + " experts" : "");
}

std::string shape_text(const ModelCard& card) {
  return card.id + " (" + shown(card.layers) + " layers, " + shown(card.heads) + " heads of " + shown(card.head_dim) +
         ", " + shown(card.in_channels) + " input channels, " + std::to_string(card.params) + " parameters" +
         (card.experts > 1 ? ", " + std::to_string(card.experts) + " experts" : "") + ")";
}

std::string ids_text(const std::vector<const ModelCard*>& cards) {
  std::string text;
  for (std::size_t i = 0; i < cards.size(); ++i)
    text += (i == 0 ? "" : i + 1 == cards.size() ? " and " : ", ") + cards[i]->id;
  return text;
}

Error refused(const Checkpoint& checkpoint, std::string what) {
  return {Error::Kind::invalid, std::string(k_option) + " " + checkpoint.folder.value(), std::move(what)};
}

Error fits_none(const Checkpoint& checkpoint, const Denoiser& denoiser, const Knowledge& knowledge) {
  const ModelCard* nearest = nullptr;
  for (const ModelCard& card : knowledge.models) {
    if (!is_of_class(card, denoiser.part->config) || card.classes.empty()) continue;
    if (nearest == nullptr || mismatches(card, denoiser) < mismatches(*nearest, denoiser)) nearest = &card;
  }
  const CheckpointPart& part = *denoiser.part;
  if (!part.config.class_name.is_known()) {
    return refused(checkpoint,
                   "no config.json says what " + part.path.value() + " is; expected the model with --model");
  }
  const std::string what =
      part.path.value() + " is " + shape_text(part, denoiser.experts) + ", which no known model is";
  return refused(checkpoint, nearest == nullptr ? what
                                                : what + "; the nearest is " + shape_text(*nearest) +
                                                      "; --model names the one to go by");
}

Result<Denoiser> denoiser_of(const Checkpoint& checkpoint, const Knowledge& knowledge) {
  Parts parts = parts_of(checkpoint, "transformer", knowledge);
  // A file that stands alone is what it was named for.
  if (parts.empty() && checkpoint.parts.size() == 1) parts.push_back(&checkpoint.parts.front());
  std::string names;
  for (const CheckpointPart& part : checkpoint.parts) names += (names.empty() ? "" : ", ") + part.path.value();
  if (parts.empty())
    return refused(checkpoint, "holds no transformer that is known by its name or class, but " + names);
  const auto like_first = [&](const CheckpointPart* part) {
    return part->config == parts.front()->config && part->params == parts.front()->params;
  };
  const auto shape = [](const CheckpointPart* part) {
    return std::pair(part->config.class_name.is_known() ? part->config.class_name.value() : "",
                     part->params.is_known() ? part->params.value() : 0);
  };
  const bool alike = std::all_of(parts.begin(), parts.end(), [&](const CheckpointPart* part) {
    return like_first(part) || shape(part) == shape(parts.front());
  });
  if (!alike) return refused(checkpoint, "holds several models: " + names + "; expected the folder or file of one");
  return Denoiser{parts.front(), static_cast<std::int64_t>(parts.size())};
}

std::optional<Error> contradiction(const Checkpoint& checkpoint, const Denoiser& denoiser, const ModelCard& card,
                                   const std::string& fits) {
  const CheckpointConfig& config = denoiser.part->config;
  const auto identity = identity_of(card, config);
  const bool same = is_of_class(card, config) &&
                    std::none_of(identity.begin(), identity.end(), [](const auto& each) { return each.differs(); });
  const std::string hint = fits.empty() || fits == card.id ? "" : "; it is what " + fits + " is";
  if (!same) {
    return refused(checkpoint, denoiser.part->path.value() + " is " + shape_text(*denoiser.part, denoiser.experts) +
                                   "; expected " + shape_text(card) + hint);
  }
  if (!config.class_name.is_known() && !has_params_of(card, *denoiser.part)) {
    return refused(checkpoint, denoiser.part->path.value() + " holds " + shown(denoiser.part->params) +
                                   " parameters, and no config.json says what it is; expected the " +
                                   std::to_string(card.params) + " of the transformer of " + card.id);
  }
  if (denoiser.experts != card.experts) {
    return refused(checkpoint, "holds " + std::to_string(denoiser.experts) + " of the transformers of " + card.id +
                                   "; expected " + std::to_string(card.experts) + hint);
  }
  return std::nullopt;
}

WeightsOnDisk weights_of(const Parts& parts) {
  WeightsOnDisk weights;
  weights.params = weights.tensor_bytes = 0;
  std::int64_t most_bytes = -1;
  for (const CheckpointPart* part : parts) {
    ++weights.parts;
    weights.disk_bytes += part->disk_bytes.value().count;
    weights.params = weights.params && part->params.is_known() ? std::optional(*weights.params + part->params.value())
                                                               : std::nullopt;
    weights.tensor_bytes = weights.tensor_bytes && part->tensor_bytes.is_known()
                               ? std::optional(*weights.tensor_bytes + part->tensor_bytes.value().count)
                               : std::nullopt;
    if (part->config.quantization.is_known()) weights.quantization = part->config.quantization.value();
    if (std::exchange(most_bytes, std::max(most_bytes, part->disk_bytes.value().count)) >=
        part->disk_bytes.value().count)
      continue;
    weights.dtype = part->dtype.is_known() ? part->dtype.value() : "";
    weights.source = part->disk_bytes.source();
  }
  return weights;
}

void replace(std::optional<std::int64_t>& value, const Fact<std::int64_t>& disk) {
  if (disk.is_known()) value = disk.value();
}

/// The card with what the folder tells; what it does not tell stays as it was.
void take_from_disk(ModelOnDisk& model, const Denoiser& denoiser, const Knowledge& knowledge) {
  ModelCard& card = model.card;
  const CheckpointPart& part = *denoiser.part;
  const CheckpointConfig& config = part.config;
  for (const Comparison& each : extent_of(card, config)) {
    if (each.differs())
      model.differences.push_back({each.what, shown(each.card), shown(*each.disk), each.disk->source()});
  }
  if (!has_params_of(card, part))
    model.differences.push_back(
        {"models.params", std::to_string(card.params), std::to_string(part.params.value()), part.params.source()});
  if (part.params.is_known()) {
    card.params = part.params.value();
    card.params_exact = true;
  }
  replace(card.layers, config.layers);
  replace(card.heads, config.heads);
  replace(card.head_dim, config.head_dim);
  replace(card.hidden, config.hidden);
  replace(card.ffn, config.ffn);
  replace(card.in_channels, config.in_channels);
  for (const char* component : {"transformer", "text_encoder", "vae"}) {
    Parts parts = parts_of(model.checkpoint, component, knowledge);
    if (parts.empty() && component == std::string_view("transformer")) parts.push_back(&part);
    if (!parts.empty()) card.on_disk[component] = weights_of(parts);
  }
  const std::string& dtype = card.on_disk["transformer"].dtype;
  if (find_entry(knowledge.quantizations, dtype) != nullptr) card.checkpoint_dtype = dtype;
  card.origin = model.checkpoint.folder.value() + " (" + card.origin + ")";
}

}  // namespace

std::string component_of(const CheckpointPart& part, const Knowledge& knowledge) {
  for (const CheckpointLayout& layout : knowledge.checkpoint_layouts) {
    if (matches_any(layout.paths, part.path.value())) return layout.component;
  }
  const Fact<std::string>& name = part.config.class_name;
  return name.is_known() && is_class_of_a_model(name.value(), knowledge) ? "transformer" : "other";
}

Result<ModelOnDisk> fit_checkpoint(Checkpoint checkpoint, const Fact<std::string>& model, const Knowledge& knowledge) {
  ModelOnDisk on_disk;
  on_disk.checkpoint = std::move(checkpoint);
  const auto denoiser = denoiser_of(on_disk.checkpoint, knowledge);
  if (!denoiser) return denoiser.error();
  const std::vector<const ModelCard*> fitting = fitting_cards(on_disk.checkpoint, *denoiser, knowledge);
  const ModelCard* card = model.is_known() ? find_entry(knowledge.models, model.value()) : nullptr;
  if (card != nullptr) {
    const bool fits = std::find(fitting.begin(), fitting.end(), card) != fitting.end();
    if (!fits && fitting.size() == 1) on_disk.fits = fitting.front()->id;
    if (auto error = contradiction(on_disk.checkpoint, *denoiser, *card, on_disk.fits)) return *error;
  } else if (fitting.empty()) {
    return fits_none(on_disk.checkpoint, *denoiser, knowledge);
  } else if (fitting.size() > 1) {
    return refused(on_disk.checkpoint, "fits " + ids_text(fitting) + " alike; expected one of them with --model");
  } else {
    card = fitting.front();
  }
  on_disk.card = *card;
  take_from_disk(on_disk, *denoiser, knowledge);
  return on_disk;
}

}  // namespace diffcheck
