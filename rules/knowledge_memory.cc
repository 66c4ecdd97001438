// Components, live tensors, memory modes and what is given up with them.
#include <array>
#include <string_view>

#include "rules/entry_reader.h"

namespace diffcheck {
namespace {

constexpr std::array<const char*, 4> k_stages = {"text_encode", "vae_encode", "denoise", "vae_decode"};
constexpr std::array<const char*, 4> k_components = {"text_encoder", "transformer", "transformer_inactive", "vae"};

Grade read_grade(EntryReader& reader) {
  const std::string text = reader.text("grade");
  for (const Grade grade :
       {Grade::measured, Grade::published, Grade::formula, Grade::derived, Grade::fitted, Grade::assumed}) {
    if (text == name_of(grade)) return grade;
  }
  reader.fail("grade", "expected measured, published, formula, derived, fitted or assumed");
  return Grade::assumed;
}

ElementCount read_elements(EntryReader& reader) {
  return {reader.optional_number("constant").value_or(0), reader.optional_number("frame").value_or(0),
          reader.optional_number("pixel").value_or(0), reader.optional_number("pixel_frame").value_or(0)};
}

VaeWorkspace read_workspace(EntryReader& reader) {
  VaeWorkspace workspace;
  workspace.implementation = reader.text("implementation");
  workspace.encodes = reader.text("call") == "encode";
  workspace.tiled = reader.boolean_or("tiled", false);
  workspace.half = reader.list<ElementCount>("half", read_elements);
  workspace.fp32 = reader.list<ElementCount>("fp32", read_elements);
  workspace.low_factor = reader.number("low_factor");
  workspace.high_factor = reader.number("high_factor");
  workspace.reserved_factor = reader.number("reserved_factor");
  workspace.grade = read_grade(reader);
  return workspace;
}

std::map<std::string, std::string> read_weight_dtypes(EntryReader& reader) {
  std::map<std::string, std::string> dtypes;
  reader.object("weight_dtypes", [&](EntryReader& inner) {
    for (const char* component : {"transformer", "text_encoder", "vae"}) {
      if (inner.has(component)) dtypes[component] = inner.text(component);
    }
  });
  return dtypes;
}

/// {"transformer": 1} or {"transformer": {"blocks": 2}}
std::vector<ResidentPart> read_parts(EntryReader& reader) {
  std::vector<ResidentPart> parts;
  for (const char* component : k_components) {
    const auto json = reader.find(component);
    if (!json) continue;
    ResidentPart part{component};
    if (json->is_object()) {
      reader.object(component, [&](EntryReader& amount) {
        part.fraction = amount.optional_number("fraction").value_or(0);
        part.blocks = amount.integer_or("blocks", 0);
        part.modules = amount.integer_or("modules", 0);
      });
    } else {
      part.fraction = reader.number(component);
    }
    parts.push_back(std::move(part));
  }
  return parts;
}

MemoryMode read_mode(EntryReader& reader) {
  MemoryMode mode;
  reader.entry_fields(mode);
  mode.title = reader.message("title");
  mode.aliases = reader.texts("aliases");
  mode.concession = reader.text("concession");
  mode.when = reader.optional_condition("when");
  reader.object("resident", [&](EntryReader& resident) {
    for (const char* stage : k_stages)
      resident.object(stage, [&](EntryReader& parts) { mode.resident[stage] = read_parts(parts); });
  });
  reader.object("host", [&](EntryReader& host) {
    for (const char* component : k_components) {
      if (const auto copies = host.optional_number(component)) mode.host[component] = *copies;
    }
  });
  mode.weight_dtypes = read_weight_dtypes(reader);
  mode.set = read_settings(reader);
  return mode;
}

QuantizationChoice read_choice(EntryReader& reader) {
  return {reader.text("id"), reader.texts("components"), reader.optional_condition("when"), read_settings(reader)};
}

}  // namespace

TextEncoder read_text_encoder(EntryReader& reader) {
  TextEncoder encoder;
  reader.entry_fields(encoder);
  encoder.name = reader.text_or("name", encoder.id);
  encoder.grade = reader.text_or("grade", "");
  encoder.params = reader.integer("params");
  encoder.params_exact = reader.text_or("params_grade", "computed") == "computed";
  encoder.reads_text = reader.boolean_or("reads_text", true);
  encoder.embedding_params = reader.integer_or("embedding_params", 0);
  return encoder;
}

Vae read_vae(EntryReader& reader) {
  Vae vae;
  reader.entry_fields(vae);
  vae.name = reader.text_or("name", vae.id);
  vae.grade = reader.text_or("grade", "");
  vae.params = reader.optional_integer("params");
  vae.params_exact = reader.text_or("params_grade", "computed") == "computed";
  vae.spatial = reader.integer("spatial");
  vae.temporal = reader.integer("temporal");
  vae.latent_channels = reader.integer("latent_channels");
  vae.dtype = reader.text_or("dtype", "");
  vae.decodes = reader.text_or("decodes", "");
  vae.tile_pixels = reader.integer_or("tile_pixels", 0);
  vae.workspaces = reader.list<VaeWorkspace>("workspaces", read_workspace);
  return vae;
}

Activation read_activation(EntryReader& reader) {
  Activation activation;
  reader.entry_fields(activation);
  activation.implementation = reader.text("implementation");
  activation.models = reader.texts("models");
  const bool per_token = reader.has("bytes_per_token");
  activation.per_width = !per_token;
  reader.object(per_token ? "bytes_per_token" : "bytes_per_token_per_width", [&](EntryReader& bytes) {
    activation.half_bytes = bytes.number("half");
    activation.fp32_bytes = bytes.optional_number("fp32").value_or(2 * activation.half_bytes);
  });
  activation.low_factor = reader.number("low_factor");
  activation.high_factor = reader.number("high_factor");
  activation.grade = read_grade(reader);
  return activation;
}

Quantization read_quantization(EntryReader& reader) {
  Quantization quantization;
  reader.entry_fields(quantization);
  quantization.bytes_per_param = reader.number("bytes_per_param");
  quantization.aliases = reader.texts("aliases");
  quantization.offloadable = reader.boolean_or("offloadable", true);
  return quantization;
}

Overhead read_overhead(EntryReader& reader) {
  Overhead overhead;
  reader.entry_fields(overhead);
  if (reader.has("bytes"))
    overhead.bytes = Estimate{reader.integer("low_bytes"), reader.integer("bytes"), reader.integer("high_bytes")};
  overhead.factor_low = reader.optional_number("low_factor").value_or(1);
  overhead.factor = reader.optional_number("factor").value_or(1);
  overhead.factor_high = reader.optional_number("high_factor").value_or(1);
  return overhead;
}

Concession read_concession(EntryReader& reader) {
  Concession concession;
  reader.entry_fields(concession);
  concession.rank = static_cast<int>(reader.integer("rank"));
  concession.changes_results = reader.boolean_or("changes_results", false);
  concession.slows_steps = reader.boolean_or("slows_steps", false);
  concession.title = reader.message("title");
  concession.costs = reader.message("costs");
  return concession;
}

MemoryBehaviour read_memory_behaviour(EntryReader& reader) {
  MemoryBehaviour behaviour;
  reader.entry_fields(behaviour);
  behaviour.implementations = reader.list<Implementation>("implementations", [](EntryReader& implementation) {
    return Implementation{implementation.text("id"), implementation.boolean_or("borrowed", false),
                          implementation.optional_condition("when")};
  });
  behaviour.weight_dtypes = read_weight_dtypes(reader);
  behaviour.weight_dtypes_when = reader.list<WeightDtypes>("weight_dtypes_when", [](EntryReader& inner) {
    return WeightDtypes{inner.condition("when"), read_weight_dtypes(inner)};
  });
  behaviour.modes = reader.list<MemoryMode>("modes", read_mode);
  reader.object("vae_tiling", [&](EntryReader& tiling) {
    behaviour.tiling = TilingSwitch{tiling.boolean_or("default", false), tiling.optional_condition("default_when"),
                                    tiling.optional_condition("when"), read_settings(tiling)};
  });
  behaviour.quantizations = reader.list<QuantizationChoice>("quantizations", read_choice);
  return behaviour;
}

}  // namespace diffcheck
