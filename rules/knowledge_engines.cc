// Engines: variants, what they pick by themselves, what they can be told, their layouts.
#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "rules/entry_reader.h"
#include "rules/mesh.h"

namespace diffcheck {
namespace {

constexpr std::array<std::pair<std::string_view, Setting::Kind>, 9> k_setting_kinds = {
    {{"env", Setting::Kind::env},
     {"flag", Setting::Kind::flag},
     {"kwarg", Setting::Kind::kwarg},
     {"config", Setting::Kind::config},
     {"block_import", Setting::Kind::block_import},
     {"uninstall", Setting::Kind::uninstall},
     {"install", Setting::Kind::install},
     {"checkout", Setting::Kind::checkout},
     {"edit", Setting::Kind::edit}}};

/// It is written into scripts as it stands.
bool is_variable_name(std::string_view name) {
  const auto is_allowed = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; };
  const bool starts_with_digit = !name.empty() && name.front() >= '0' && name.front() <= '9';
  return !name.empty() && !starts_with_digit && std::all_of(name.begin(), name.end(), is_allowed);
}

Setting read_setting(EntryReader& reader) {
  Setting setting;
  const std::string kind = reader.text("kind");
  const auto* found = std::find_if(k_setting_kinds.begin(), k_setting_kinds.end(),
                                   [&](const auto& entry) { return entry.first == kind; });
  if (found == k_setting_kinds.end()) {
    reader.fail("kind", "expected env, flag, kwarg, config, block_import, uninstall, install, checkout or edit");
    return setting;
  }
  setting.kind = found->second;
  setting.name = reader.text_or("name", "");
  if (setting.kind == Setting::Kind::env && !is_variable_name(setting.name))
    reader.fail("name", "expected the name of an environment variable, in capitals");
  setting.value = reader.template_or("value", "");
  setting.items = reader.templates("items");
  setting.text = reader.optional_message("text");
  return setting;
}

SelectionStep read_step(EntryReader& reader) {
  return {reader.text("value"), reader.optional_condition("when"), reader.text_or("error_text", "")};
}

Choice read_choice(EntryReader& reader) {
  return {reader.text("value"), reader.optional_condition("when"), read_settings(reader),
          reader.optional_message("note")};
}

Axis read_axis(EntryReader& reader) {
  Axis axis;
  axis.name = reader.text("name");
  Layout layout;
  if (!reader.failed() && (layout.axis(axis.name) == nullptr || axis.name == "world_size")) {
    reader.fail("name", "expected data, cfg, ulysses, ring, pipefusion, tensor, fsdp or vae");
  }
  axis.models = reader.texts("models");
  for (const DataJson node : reader.list_nodes("degrees")) {
    axis.degrees.push_back(node.integer().value_or(0));
    if (axis.degrees.back() < 1) reader.fail("degrees", "expected positive whole numbers");
  }
  axis.when = reader.optional_condition("when");
  axis.set = read_settings(reader);
  axis.divides = reader.texts("divides");
  return axis;
}

/// Names every axis whose degrees make the world size, each once, where there is more than one.
void read_mesh(EntryReader& reader, EngineVariant& variant) {
  reader.object("mesh", [&](EntryReader& mesh) {
    variant.mesh = mesh.texts("order");
    variant.mesh_source = mesh.text("source");
  });
  const MeshOrder usual = usual_mesh_order();
  std::set<std::string> counted;
  for (const Axis& axis : variant.axes) {
    if (std::any_of(usual.begin(), usual.end(), [&](auto one) { return axis_name(one) == axis.name; }))
      counted.insert(axis.name);
  }
  const std::set<std::string> named(variant.mesh.begin(), variant.mesh.end());
  const bool needs_order = counted.size() > 1 || !variant.mesh.empty();
  if (needs_order && (named != counted || named.size() != variant.mesh.size()))
    reader.fail("mesh.order", "expected each axis once whose degrees make the world size");
}

LaunchArgument read_conditional_arguments(EntryReader& reader) {
  return {reader.condition("when"), reader.templates("args")};
}

/// Text, or {"when": CONDITION, "args": [...]}.
std::vector<LaunchArgument> read_launch(EntryReader& reader) {
  std::vector<LaunchArgument> arguments;
  const std::vector<DataJson> argv = reader.list_nodes("argv");
  for (std::size_t i = 0; i < argv.size() && !reader.failed(); ++i) {
    const std::string key = "argv." + std::to_string(i);
    if (argv[i].is_text()) {
      arguments.push_back({std::nullopt, {reader.checked_template(argv[i], key)}});
    } else {
      arguments.push_back(reader.node<LaunchArgument>(argv[i], key, read_conditional_arguments));
    }
  }
  return arguments;
}

EngineVariant read_variant(EntryReader& reader) {
  EngineVariant variant;
  variant.id = reader.text("id");
  variant.title = reader.message("title");
  variant.when = reader.optional_condition("when");
  variant.assumed = reader.boolean_or("assumed", false);
  variant.source = reader.text_or("source", "");
  reader.object("dtype", [&](EntryReader& dtype) {
    variant.dtype_selection = dtype.list<SelectionStep>("selection", read_step);
    variant.dtype_choices = dtype.list<Choice>("choices", read_choice);
  });
  reader.object("attention", [&](EntryReader& attention) {
    variant.attention_selection = attention.list<SelectionStep>("selection", read_step);
    variant.attention_choices = attention.list<Choice>("choices", read_choice);
  });
  variant.axes = reader.list<Axis>("axes", read_axis);
  if (!reader.failed()) read_mesh(reader, variant);
  variant.layout_constraints = reader.list<Requirement>("layout_constraints", read_requirement);
  variant.workload_constraints = reader.list<Requirement>("workload_constraints", read_requirement);
  variant.memory = reader.text("memory");
  reader.object("launch", [&](EntryReader& launch) {
    variant.launch = read_launch(launch);
    variant.launch_settings = read_settings(launch);
  });
  return variant;
}

}  // namespace

std::vector<Setting> read_settings(EntryReader& reader) { return reader.list<Setting>("set", read_setting); }

Engine read_engine(EntryReader& reader) {
  Engine engine;
  reader.entry_fields(engine);
  engine.title = reader.message("title");
  engine.repository = reader.text("repository");
  engine.package = reader.text_or("package", "");
  engine.models = reader.texts("models");
  engine.downloads_to_hub_cache = reader.boolean_or("downloads_to_hub_cache", false);
  engine.markers = reader.list<SourceMarker>("source_markers", [](EntryReader& marker) {
    return SourceMarker{marker.text("id"), marker.text("file"), marker.text_or("contains", "")};
  });
  engine.variants = reader.list<EngineVariant>("variants", read_variant);
  return engine;
}

}  // namespace diffcheck
