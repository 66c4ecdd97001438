// Everything diffcheck knows: typed contents of data/, each entry with the file it came from. Loaded from the embedded
// copy, then from overlay folders; entries merge by id, later wins.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/checkout.h"
#include "probe/compute_capability.h"
#include "probe/fact_table.h"
#include "probe/result.h"
#include "probe/version.h"
#include "rules/condition.h"
#include "rules/entry.h"
#include "rules/finding.h"
#include "rules/log_pattern.h"
#include "rules/memory_knowledge.h"
#include "rules/message.h"
#include "rules/plan.h"
#include "rules/timing_tables.h"

namespace diffcheck {

struct Requirement {
  std::string id;
  std::optional<Condition> when;  ///< Asked only where this is not no.
  Condition needs;
  Message message;         ///< Why it fails, with what was found.
  std::string error_text;  ///< What the software prints itself, verbatim.
  std::string category;
  std::string source;
};

struct GpuProduct : Entry {
  std::string name;
  std::vector<std::string> aliases;
  std::string vendor;
  std::string architecture;
  std::optional<ComputeCapability> compute_capability;
  std::string gfx_target;
  std::vector<std::string> pci_ids;
  std::int64_t memory_bytes = 0;
  std::optional<std::int64_t> usable_memory_bytes;
  std::optional<double> memory_bandwidth_gbps;
  std::optional<double> half_dense_tflops;  ///< fp16 with fp32 accumulation.
  std::optional<double> bf16_dense_tflops;
  std::string link_kind;
  bool link_is_bridge = false;  ///< Joins neighbours only.
  std::optional<double> link_bidirectional_gbps;
  std::optional<std::int64_t> pcie_generation, pcie_lanes;
  std::int64_t devices_per_package = 1;
};

/// Weights of one component as they lie on disk.
struct WeightsOnDisk {
  std::int64_t parts = 0;              ///< Folders or files: two for a mixture of two experts.
  std::optional<std::int64_t> params;  ///< Of all parts; unset where packed or not opened.
  std::string dtype;                   ///< That most bytes are in; "" where it is not known.
  std::int64_t disk_bytes = 0;
  std::optional<std::int64_t> tensor_bytes;
  std::string quantization;  ///< As config.json calls it; "" for none.
  std::string source;
};

/// What a folder or file of a checkpoint is, by its name.
struct CheckpointLayout : Entry {
  std::string component;           ///< transformer, text_encoder, vae or other.
  std::vector<std::string> paths;  ///< Globs; the first entry with one that matches decides.
};

struct ModelCard : Entry {
  std::string name;
  std::vector<std::string> aliases;
  std::string family;
  std::string kind;
  std::vector<std::string> tasks;
  std::int64_t params = 0;
  bool params_exact = true;
  std::string grade;
  std::int64_t experts = 1;
  std::optional<std::int64_t> layers, heads, head_dim, hidden, ffn, in_channels;
  std::int64_t single_layers = 0;      ///< Of `layers`, those with one stream: attention and feed-forward side by side.
  std::vector<std::string> classes;    ///< As config.json calls it.
  std::vector<std::string> pipelines;  ///< As model_index.json calls it; empty: not known.
  std::int64_t ffn_matrices = 2;       ///< 3 where the feed-forward network is gated.
  std::string checkpoint_dtype;
  std::vector<std::string> text_encoders;
  std::int64_t text_tokens = 0;
  std::string vae;
  std::int64_t spatial = 8, temporal = 1, patch_t = 1, patch_h = 1, patch_w = 1;
  bool causal_first_frame = false;  ///< The first frame has a latent frame of its own.
  bool frames_in_batch = false;
  /// Images that an editing model reads at once, and the area to which each is scaled; their tokens join the output's.
  std::int64_t reference_images = 0, reference_pixels = 0;
  bool joint_attention = false, dense_mask = false;
  std::string guidance;  ///< batched, sequential, distilled or none.
  std::int64_t guidance_passes = 1;
  std::int64_t width = 0, height = 0, frames = 1, steps = 0;
  std::string dtype;
  std::vector<std::string> sizes;  ///< "1280*720"; empty: any.
  std::int64_t frame_multiple = 1, frame_plus = 0;
  std::map<std::string, WeightsOnDisk> on_disk;  ///< By component; filled in from a checkpoint, never from data.
};

struct TorchWheel : Entry {
  Version torch;  ///< major.minor
  std::optional<Version> cuda, hip;
  std::string platform;
  std::optional<std::vector<std::string>> arch_list;
  std::optional<Version> cudnn;
  std::optional<bool> cxx11_abi;
};

struct CudaToolkit : Entry {
  Version version;
  std::optional<Version> driver_min_linux;
  std::optional<Version> driver_min_windows;
  Version minor_compat_driver_min;
  Version ptx;  ///< Version of PTX that its compiler writes.
};

struct RankRule {
  std::optional<Condition> when;
  int value = 0;
};

struct ScoreMemory {
  std::optional<Condition> when;
  double buffer_bytes = 0;  ///< Per score element; the first allocation that fails asks for exactly this.
  double low_bytes = 0;     ///< Per score element, held at once at least.
  double high_bytes = 0;    ///< Per score element, held at once at most.
  bool of_dtype = false;    ///< The three are multiples of the dtype's size.
  std::string source;
};

struct DispatchOrder {
  std::optional<Condition> when;
  std::vector<std::string> kernels;
  std::string source;
};

/// A pair of packages that only work together, told by neither's metadata or more exactly than by it.
struct WheelPin : Entry {
  struct Need {
    std::string package;
    std::string specifier;  ///< PEP 440; "" for any version.
    bool optional = false;  ///< Only where it is installed.
  };
  std::string package;
  std::string version;       ///< PEP 440 specifier; "" for a source tree.
  std::string present_file;  ///< Only where the package holds this file; "" otherwise.
  std::vector<Need> needs;
  std::vector<Version> cuda;  ///< Toolkits of the wheels; empty where they do not matter.
  std::string python;         ///< PEP 440 specifier of the Pythons that there are wheels for; "" for any.
  std::string wheel;          ///< Address of the wheels, with placeholders; "" where it is not known.
  std::string basis;          ///< built, wheels, declared, checked or observed.
};

/// A shared library by the name under which files ask for it, and who brings it.
struct SharedLibrary : Entry {
  std::string name;
  std::string cuda;      ///< The major CUDA version that alone has it; "" where several do.
  std::string pip;       ///< What pip installs; "" for none.
  std::string pip_cuda;  ///< The major CUDA version of that package.
  std::string system;    ///< Debian's package, or "nvidia-driver"; "" for none.
};

/// Compiled files that a package tries to load and does without, such as one for each release of a codec library.
struct OptionalModules : Entry {
  std::string package;
  std::string files;  ///< Pattern of their names, with "*".
};

/// Requirements that several kernels share.
struct RequirementGroup : Entry {
  std::vector<Requirement> requires_all;
};

struct Kernel : Entry {
  Message title;
  std::vector<std::string> aliases;  ///< What engines and people call it: "fa2", "sageattn".
  std::string family;
  std::string package;  ///< Python package that it comes with; "" for those of torch.
  bool exact = true;
  std::optional<Condition> returns_lse;   ///< Absent: never.
  std::vector<std::string> includes;      ///< Requirement groups.
  std::vector<Requirement> requires_all;  ///< Those of the groups first.
  std::vector<ScoreMemory> score_memory;  ///< Empty: no score matrix is built.
  std::vector<RankRule> rank;
  std::vector<DispatchOrder> dispatch;  ///< Not empty: this is no kernel but chooses one (torch's SDPA).
};

struct SelectionStep {
  std::string value;  ///< Kernel or dtype id; "none" where the engine gives up.
  std::optional<Condition> when;
  std::string error_text;  ///< What the engine prints then, verbatim.
};

/// A value that can be chosen, and how the engine is told.
struct Choice {
  std::string value;
  std::optional<Condition> when;
  std::vector<Setting> set;
  Message note;
};

struct Axis {
  std::string name;
  std::vector<std::string> models;    ///< Globs of model ids; empty: all.
  std::vector<std::int64_t> degrees;  ///< Allowed degrees; empty: any.
  std::optional<Condition> when;
  std::vector<Setting> set;  ///< How a degree above 1 is told.
  std::vector<std::string>
      divides;  ///< weights, text_weights, activations, attention, guidance, vae: what each rank holds less of.
};

struct LaunchArgument {
  std::optional<Condition> when;
  std::vector<std::string> arguments;
};

struct EngineVariant {
  std::string id;
  Message title;
  std::optional<Condition> when;
  bool assumed = false;  ///< Taken, and said so, where the version is unknown.
  std::vector<SelectionStep> dtype_selection;
  std::vector<Choice> dtype_choices;
  std::vector<SelectionStep> attention_selection;
  std::vector<Choice> attention_choices;
  std::vector<Axis> axes;
  std::vector<std::string> mesh;  ///< Axes in the order in which it counts ranks, the fastest first; see rules/mesh.h.
  std::string mesh_source;
  std::vector<Requirement> layout_constraints;
  std::vector<Requirement> workload_constraints;
  std::string memory;  ///< Id of its MemoryBehaviour.
  std::vector<LaunchArgument> launch;
  std::vector<Setting> launch_settings;  ///< Always told.
  std::string source;
};

struct Engine : Entry {
  Message title;
  std::string repository;
  std::string package;                  ///< Distribution name; "" for a source tree only.
  std::vector<std::string> models;      ///< Globs of model ids that it runs.
  bool downloads_to_hub_cache = false;  ///< It takes the name of a model and downloads that to Hugging Face's cache.
  std::vector<SourceMarker> markers;
  std::vector<EngineVariant> variants;
};

/// What starts the engine's command on every node of a run: srun, mpirun.
struct Launcher : Entry {
  Message title;
  std::vector<std::string> argv;  ///< "{command}" stands for the command.
  std::string forward_env;        ///< Option that hands on a variable, before its name; "" where all are.
  std::string first_node;         ///< Shell command that prints the name of the first node; "" where there is none.
};

/// A fact in which nodes of one run should agree.
struct NodeComparison : Entry {
  std::string fact;     ///< Path in the snapshot, or below `gpu.` of each chosen GPU.
  std::string finding;  ///< Id of the finding's text.
};

/// A rule that gives a finding where `when` is yes.
struct Check : Entry {
  std::string category;
  Severity severity = Severity::warning;
  bool undecided = false;  ///< It names what is not known and would decide, and why that matters here.
  std::optional<Condition> applies;
  Condition when;
  std::string
      each;  ///< A list: one finding for each item for which `when` is yes; the item's name is as in conditions.
  std::string alias;
  Message title, why;
  Fix fix;
  std::vector<std::string> links;
  std::vector<std::string> gives_way_to;  ///< Checks that know more: where one of them speaks, this one is silent.
};

/// One thing that a message can mean. Which one it is, the facts of the machine say.
struct SignatureCause {
  std::string id;        ///< Within its signature; "" where it is the only one.
  std::string category;  ///< The signature's, where the cause names none.
  /// Yes confirms it, no refutes it. None: the facts cannot tell.
  std::optional<Condition> when;
  std::vector<std::string> findings;  ///< Checks that confirm it where they speak.
  Message why;
  Fix fix;
};

/// A message that software prints when it fails, and what it means.
struct Signature : Entry {
  std::string category;
  int specificity = 3;                ///< 1: says that something failed; 3: says what; 5: says why.
  bool decides_as_warning = false;    ///< It is the reason also where it is printed as a warning.
  std::vector<LogPattern> match;      ///< Any of them.
  std::vector<std::string> examples;  ///< Texts that it explains, verbatim.
  std::string grade;                  ///< read, derived or inferred.
  Message title;
  std::vector<SignatureCause> causes;  ///< The likeliest first.
  std::vector<std::string> links;
};

/// A fact that is taken for granted on a machine that was only named (--machine), and said so.
struct Assumption : Entry {
  std::optional<Condition> when;
  std::string fact;
  std::string value;
  Message text;
};

/// Text of the findings that code decides: kernel refused, silent fallback, out of memory ...
struct FindingText : Entry {
  std::string category;
  Severity severity = Severity::error;
  Message title, why;
  Fix fix;
};

struct Knowledge {
  std::vector<GpuProduct> gpus;
  std::vector<ModelCard> models;
  std::vector<CheckpointLayout> checkpoint_layouts;
  std::vector<TextEncoder> text_encoders;
  std::vector<Vae> vaes;
  std::vector<Activation> activations;
  std::vector<Quantization> quantizations;
  std::vector<Overhead> overheads;
  std::vector<Concession> concessions;
  std::vector<MemoryBehaviour> memory_behaviours;
  std::vector<Efficiency> efficiencies;
  std::vector<LinkClass> links;
  std::vector<TimingConstant> timing_constants;
  std::vector<DecodeCost> decode_costs;
  std::vector<TorchWheel> torch_wheels;
  std::vector<CudaToolkit> cuda_toolkits;
  std::vector<WheelPin> wheel_pins;
  std::vector<SharedLibrary> shared_libraries;
  std::vector<OptionalModules> optional_modules;
  std::vector<Kernel> kernels;
  std::vector<Engine> engines;
  std::vector<Launcher> launchers;
  std::vector<NodeComparison> node_comparisons;
  std::vector<Check> checks;
  std::vector<Assumption> assumptions;
  std::vector<FindingText> finding_texts;
  std::vector<Signature> signatures;
  std::map<std::string, Message> texts;  ///< Words of the reports, by key.
  std::vector<std::string> gpu_paths;    ///< The facts of a GPU that kernels ask for, sorted.
  std::vector<std::string> packages;     ///< Those that any entry asks for, sorted.
  std::string hash;                      ///< Of all files that were loaded.
  std::vector<std::string> files;        ///< In the order in which they were loaded.
};

/// The entry with that id, or nullptr.
template <class T>
const T* find_entry(const std::vector<T>& entries, std::string_view id) {
  for (const T& entry : entries) {
    if (entry.id == id) return &entry;
  }
  return nullptr;
}

struct DataFile {
  std::string name;  ///< "data/kernels/sdpa.json", or a path on disk.
  std::string_view text;
  std::shared_ptr<const std::string> read = nullptr;  ///< Holds the text, unless it is part of the program.
};

/// The copy that was built in.
std::vector<DataFile> embedded_data_files();
/// Every *.json below `folder`, sorted. Errors: not a folder, unreadable, too many or too large files.
Result<std::vector<DataFile>> read_data_folder(const std::string& folder);

/// All facts that data may name: the snapshot, request, workload, model, candidate, call, derived, engine and the item
/// names of lists.
FactCatalogue data_catalogue();

/// Errors: file and JSON path, what is wrong, what was expected; a reference to an entry that does not exist.
/// Without `signatures`, those are left out: they are a quarter of all knowledge, and only error messages ask for them.
Result<Knowledge> load_knowledge(const std::vector<DataFile>& files, bool signatures = true);

}  // namespace diffcheck
