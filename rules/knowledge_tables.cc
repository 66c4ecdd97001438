// The plain tables of data/: GPUs, models and their parts, libraries.
#include "rules/entry_reader.h"

namespace diffcheck {

GpuProduct read_gpu_product(EntryReader& reader) {
  GpuProduct gpu;
  reader.entry_fields(gpu);
  gpu.name = reader.text("name");
  gpu.aliases = reader.texts("aliases");
  gpu.vendor = reader.text("vendor");
  gpu.architecture = reader.text_or("architecture", "");
  if (reader.has("compute_capability")) {
    gpu.compute_capability = ComputeCapability::parse(reader.text("compute_capability"));
    if (!gpu.compute_capability) reader.fail("compute_capability", "expected a compute capability such as 8.9");
  }
  gpu.gfx_target = reader.text_or("gfx_target", "");
  gpu.pci_ids = reader.texts("pci_ids");
  gpu.memory_bytes = reader.integer("memory_bytes");
  gpu.usable_memory_bytes = reader.optional_integer("usable_memory_bytes");
  gpu.memory_bandwidth_gbps = reader.optional_number("memory_bandwidth_gbps");
  gpu.half_dense_tflops = reader.optional_number("fp16_dense_tflops");
  gpu.bf16_dense_tflops = reader.optional_number("bf16_dense_tflops");
  reader.object("link", [&](EntryReader& link) {
    gpu.link_kind = link.text_or("kind", "");
    gpu.link_is_bridge = link.boolean_or("bridge", false);
    gpu.link_bidirectional_gbps = link.optional_number("bidirectional_gbps");
  });
  if (reader.has("pcie")) {
    reader.object("pcie", [&](EntryReader& pcie) {
      gpu.pcie_generation = pcie.integer("generation");
      gpu.pcie_lanes = pcie.integer("lanes");
    });
  }
  gpu.devices_per_package = reader.integer_or("devices_per_package", 1);
  return gpu;
}

CheckpointLayout read_checkpoint_layout(EntryReader& reader) {
  CheckpointLayout layout;
  reader.entry_fields(layout);
  layout.component = reader.text("component");
  layout.paths = reader.texts("paths");
  return layout;
}

namespace {

void read_transformer(EntryReader& reader, ModelCard& card) {
  card.params = reader.integer("params");
  card.params_exact = reader.text_or("params_grade", "computed") == "computed";
  card.experts = reader.integer_or("experts", 1);
  const auto layers = reader.optional_integer("layers");
  card.single_layers = reader.integer_or("single_layers", 0);
  if (layers) card.layers = *layers + card.single_layers;
  card.heads = reader.optional_integer("heads");
  card.head_dim = reader.optional_integer("head_dim");
  card.hidden = reader.optional_integer("hidden");
  card.ffn = reader.optional_integer("ffn");
  card.in_channels = reader.optional_integer("in_channels");
  card.classes = reader.texts("classes");
  card.ffn_matrices = reader.integer_or("ffn_matrices", 2);
  card.checkpoint_dtype = reader.text_or("checkpoint_dtype", "");
}

/// More would be a slip of the hand, and products with it no longer exact.
constexpr std::int64_t k_most_reference_images = 16, k_most_reference_pixels = 1 << 24;

void read_token_grid(EntryReader& reader, ModelCard& card) {
  card.spatial = reader.integer("spatial");
  card.temporal = reader.integer("temporal");
  std::vector<std::int64_t> patch;
  for (const DataJson node : reader.list_nodes("patch")) patch.push_back(node.integer().value_or(0));
  if (patch.size() != 3) return reader.fail("patch", "expected [frames, rows, columns]");
  card.patch_t = patch[0];
  card.patch_h = patch[1];
  card.patch_w = patch[2];
  card.causal_first_frame = reader.boolean_or("causal_first_frame", false);
  card.frames_in_batch = reader.boolean_or("frames_in_batch", false);
  reader.object("reference_images", [&](EntryReader& images) {
    card.reference_images = images.integer("count");
    card.reference_pixels = images.integer("pixels");
    const bool in_range = card.reference_images >= 1 && card.reference_images <= k_most_reference_images &&
                          card.reference_pixels >= 1 && card.reference_pixels <= k_most_reference_pixels;
    if (!in_range) images.fail("", "expected 1 to 16 images of at most 16777216 pixels");
  });
  if (card.spatial < 1 || card.temporal < 1 || card.patch_t < 1 || card.patch_h < 1 || card.patch_w < 1) {
    reader.fail("", "strides and patch sizes must be positive");
  }
}

}  // namespace

ModelCard read_model_card(EntryReader& reader) {
  ModelCard card;
  reader.entry_fields(card);
  card.name = reader.text("name");
  card.aliases = reader.texts("aliases");
  card.family = reader.text("family");
  card.kind = reader.text("kind");
  card.grade = reader.text_or("grade", "");
  card.tasks = reader.texts("tasks");
  card.pipelines = reader.texts("pipelines");
  reader.object("transformer", [&](EntryReader& transformer) { read_transformer(transformer, card); });
  card.text_encoders =
      reader.list<std::string>("text_encoders", [](EntryReader& encoder) { return encoder.text("id"); });
  card.text_tokens = reader.integer_or("text_tokens", 0);
  card.vae = reader.text("vae");
  reader.object("token_grid", [&](EntryReader& grid) { read_token_grid(grid, card); });
  reader.object("attention", [&](EntryReader& attention) {
    card.joint_attention = attention.boolean_or("joint", false);
    card.dense_mask = attention.boolean_or("mask", false);
  });
  reader.object("guidance", [&](EntryReader& guidance) {
    card.guidance = guidance.text("kind");
    card.guidance_passes = guidance.integer_or("passes", 1);
  });
  reader.object("defaults", [&](EntryReader& defaults) {
    card.width = defaults.integer("width");
    card.height = defaults.integer("height");
    card.frames = defaults.integer("frames");
    card.steps = defaults.integer("steps");
    card.dtype = defaults.text("dtype");
  });
  card.sizes = reader.texts("sizes");
  reader.object("frame_rule", [&](EntryReader& rule) {
    card.frame_multiple = rule.integer("multiple");
    card.frame_plus = rule.integer("plus");
  });
  return card;
}

TorchWheel read_torch_wheel(EntryReader& reader) {
  TorchWheel wheel;
  reader.entry_fields(wheel);
  wheel.torch = reader.version("torch");
  wheel.cuda = reader.optional_version("cuda");
  wheel.hip = reader.optional_version("hip");
  wheel.platform = reader.text("platform");
  if (reader.has("arch_list")) wheel.arch_list = reader.texts("arch_list");
  wheel.cudnn = reader.optional_version("cudnn");
  if (reader.has("cxx11_abi")) wheel.cxx11_abi = reader.boolean_or("cxx11_abi", false);
  return wheel;
}

CudaToolkit read_cuda_toolkit(EntryReader& reader) {
  CudaToolkit toolkit;
  reader.entry_fields(toolkit);
  toolkit.version = reader.version("version");
  toolkit.driver_min_linux = reader.optional_version("driver_min_linux");
  toolkit.driver_min_windows = reader.optional_version("driver_min_windows");
  toolkit.minor_compat_driver_min = reader.version("minor_compat_driver_min");
  toolkit.ptx = reader.version("ptx");
  return toolkit;
}

WheelPin read_wheel_pin(EntryReader& reader) {
  WheelPin pin;
  reader.entry_fields(pin);
  pin.package = reader.text("package");
  pin.version = reader.text_or("version", "");
  pin.present_file = reader.text_or("present_file", "");
  pin.needs = reader.list<WheelPin::Need>("needs", [](EntryReader& need) {
    return WheelPin::Need{need.text("package"), need.text("specifier"), need.boolean_or("optional", false)};
  });
  for (const std::string& text : reader.texts("cuda")) {
    if (auto version = Version::parse(text)) pin.cuda.push_back(*std::move(version));
  }
  pin.python = reader.text_or("python", "");
  pin.wheel = reader.text_or("wheel", "");
  pin.basis = reader.text("basis");
  return pin;
}

SharedLibrary read_shared_library(EntryReader& reader) {
  SharedLibrary library;
  reader.entry_fields(library);
  library.name = reader.text("name");
  library.cuda = reader.text_or("cuda", "");
  library.pip = reader.text_or("pip", "");
  library.pip_cuda = reader.text_or("pip_cuda", "");
  library.system = reader.text_or("system", "");
  return library;
}

OptionalModules read_optional_modules(EntryReader& reader) {
  OptionalModules modules;
  reader.entry_fields(modules);
  modules.package = reader.text("package");
  modules.files = reader.text("files");
  return modules;
}

}  // namespace diffcheck
