#include "tests/report/example.h"

#include <gtest/gtest.h>

namespace diffcheck {
namespace {

constexpr std::int64_t k_gib = 1LL << 30;

template <class T>
Fact<T> told(T value) {
  return known(std::move(value), "test");
}
Fact<Bytes> bytes(std::int64_t count) { return known(Bytes{count}, "test"); }
Fact<Version> version(const char* text) { return known(*Version::parse(text), "test"); }

Message message(const char* english, const char* chinese) { return {english, chinese}; }

Snapshot t4_machine() {
  Snapshot machine;
  machine.os.name = told<std::string>("linux");
  machine.os.distribution = told<std::string>("ubuntu");
  machine.os.version = told<std::string>("22.04");
  machine.os.kernel = told<std::string>("5.15.0-91-generic");
  machine.os.machine = told<std::string>("x86_64");
  machine.cpu.model = told<std::string>("Intel(R) Xeon(R) CPU @ 2.30GHz");
  machine.cpu.usable_cpus = told<std::int64_t>(8);
  machine.memory.total_bytes = bytes(52 * k_gib);
  machine.memory.available_bytes = bytes(49 * k_gib);
  machine.memory.limit_bytes = bytes(24 * k_gib);
  GpuFacts gpu;
  gpu.vendor = told<std::string>("nvidia");
  gpu.name = told<std::string>("Tesla T4");
  gpu.compute_capability = known(ComputeCapability{7, 5, '\0'}, "test");
  gpu.memory.total_bytes = bytes(15 * k_gib);
  gpu.memory.free_bytes = bytes(14 * k_gib);
  machine.gpus = {gpu};
  machine.complete.gpus = told(true);
  machine.complete.packages = told(true);
  machine.drivers.nvidia.version = version("550.90.07");
  machine.drivers.nvidia.cuda_version = version("12.4");
  machine.python.version = version("3.10.12");
  machine.python.executable = told<std::string>("/venv/bin/python");
  machine.packages["torch"].version = version("2.5.1+cu121");
  machine.packages["torch"].cuda = version("12.1");
  machine.packages["flash-attn"].version = version("2.7.4");
  return machine;
}

Reason dtype_reason() {
  Reason reason;
  reason.condition = "flash-attn-2/arch";
  reason.text = message("needs compute capability 8.0; this GPU has 7.5", "需要计算能力 8.0；这块 GPU 是 7.5");
  reason.truth = Truth::no;
  reason.evidence = {{"gpus.0.compute_capability", ">= 8.0", "7.5", "test", Truth::no}};
  reason.error_text = "FlashAttention only supports Ampere GPUs or newer.";
  reason.source = "data/kernels/flash-attn.json";
  return reason;
}

Finding kernel_finding() {
  Finding finding;
  finding.id = "default-kernel-refused";
  finding.category = "kernel-unsupported-arch";
  finding.severity = Severity::error;
  finding.title = message("diffsynth will pick flash-attn-2, which does not run here",
                          "diffsynth 会选用 flash-attn-2，但它在这里无法运行");
  finding.why = message(
      "It picks the kernel by what is installed, not by what the GPU can run: needs compute capability 8.0; this GPU "
      "has 7.5.",
      "它按安装了什么来选择内核，而不看 GPU 能否运行：需要计算能力 8.0，而这块 GPU 是 7.5。");
  finding.evidence = dtype_reason().evidence;
  finding.fix = {message("use fp16 with memory-efficient SDPA", "使用 fp16 与 memory-efficient SDPA"),
                 {"diffcheck emit-config --format shell"}};
  finding.links = {"https://github.com/modelscope/DiffSynth-Studio/issues/380"};
  finding.affects = {"diffsynth", "wan2.1-t2v-1.3b"};
  finding.source = "data/findings/finding-texts.json#default-kernel-refused";
  finding.avoided_by_plan = true;
  return finding;
}

Estimate estimate(std::int64_t low, std::int64_t middle, std::int64_t high) {
  return {low * k_gib, middle * k_gib, high * k_gib};
}

MemoryPlan fitting_memory() {
  MemoryPlan memory;
  memory.choice.mode = "none";
  memory.dtype = "fp16";
  memory.peak = estimate(6, 7, 8);
  memory.limit_bytes = 14 * k_gib;
  memory.limit_source = "free memory of gpus.0, less contexts";
  memory.fits = Truth::yes;
  memory.host_bytes = 11 * k_gib;
  memory.grade = Grade::formula;
  using Kind = MemoryTerm::Kind;
  const auto term = [](Kind kind, const char* name, Estimate bytes) {
    return MemoryTerm{kind, name, bytes, Grade::formula};
  };
  memory.reserved = estimate(6, 8, 9);
  memory.device = estimate(6, 8, 10);
  memory.stages = {
      {"text_encode", {term(Kind::weights, "text_encoder", estimate(5, 5, 5))}},
      {"denoise",
       {term(Kind::weights, "transformer", estimate(3, 3, 3)),
        term(Kind::activations, "activations", estimate(2, 3, 4)),
        term(Kind::attention, "log-sum-exp", estimate(1, 1, 1))}},
      {"vae_decode", {term(Kind::weights, "vae", estimate(1, 1, 1)), term(Kind::other, "decode", estimate(3, 3, 3))}}};
  memory.rejected = {{{"keep-all", "", false}, estimate(15, 16, 17), Truth::no}};
  return memory;
}

Workload wan_workload() {
  Workload workload;
  workload.engine = told<std::string>("diffsynth");
  workload.variant = told<std::string>("diffsynth-1.1.3");
  workload.model = told<std::string>("wan2.1-t2v-1.3b");
  workload.width = told<std::int64_t>(832);
  workload.height = told<std::int64_t>(480);
  workload.frames = told<std::int64_t>(81);
  workload.steps = told<std::int64_t>(50);
  workload.dtype = told<std::string>("fp16");
  return workload;
}

Plan wan_plan() {
  Plan plan;
  plan.attention.engine_default = {
      "flash-attn-2", "bf16", Truth::no, {dtype_reason()}, "FlashAttention only supports Ampere GPUs or newer.",
      std::nullopt};
  KernelCandidate efficient;
  efficient.kernel = "sdpa-efficient";
  efficient.dtype = "fp16";
  efficient.verdict = Truth::yes;
  efficient.returns_lse = true;
  efficient.rank = 40;
  KernelCandidate flash;
  flash.kernel = "flash-attn-2";
  flash.dtype = "fp16";
  flash.verdict = Truth::no;
  flash.rank = 80;
  flash.reasons = {dtype_reason()};
  plan.attention.chosen = efficient;
  plan.attention.candidates = {efficient, flash};
  plan.layout.chosen = Layout{};
  plan.layout.candidates = {{Layout{}, true, {}}};
  Reason heads;
  heads.condition = "diffsynth-1.1.3/heads";
  heads.text = message("12 heads do not divide by 8", "12 个头不能被 8 整除");
  heads.truth = Truth::no;
  plan.layout.rejected = {{Layout{.world_size = 8, .ulysses = 8}, true, {heads}}};
  plan.memory = fitting_memory();
  plan.possible = Truth::yes;
  return plan;
}

}  // namespace

Diagnosis planned_example() {
  Diagnosis diagnosis;
  diagnosis.snapshot = t4_machine();
  diagnosis.request.engine = told<std::string>("diffsynth");
  diagnosis.request.model = told<std::string>("wan2.1-t2v-1.3b");
  diagnosis.request.pins["offload"] = known(std::string("none"), "--offload");
  diagnosis.workload = wan_workload();
  diagnosis.chosen_gpus = {0};
  diagnosis.plan = wan_plan();
  diagnosis.findings = {kernel_finding()};
  diagnosis.assumptions = {
      message("DiffSynth-Studio: version not found; 1.1.3 is assumed", "DiffSynth-Studio：未找到版本，按 1.1.3 处理")};
  diagnosis.launch_argv = {"python", "examples/wanvideo/wan_1.3b.py"};
  Setting dtype;
  dtype.kind = Setting::Kind::kwarg;
  dtype.name = "torch_dtype";
  dtype.value = "torch.float16";
  diagnosis.settings = {dtype};
  diagnosis.knowledge_hash = "0123456789abcdef";
  diagnosis.packages = {"flash-attn", "torch", "xformers"};
  diagnosis.tool_version = "0.0.0";
  return diagnosis;
}

Diagnosis bare_example() {
  Diagnosis diagnosis;
  diagnosis.snapshot = t4_machine();
  Snapshot& machine = diagnosis.snapshot;
  machine.packages.clear();
  machine.complete.packages = unknown<bool>("/venv", "permission denied");
  machine.python = {};
  machine.python.executable = unknown<std::string>("PATH", "no python in PATH");
  machine.drivers.nvidia = {};
  machine.drivers.nvidia.version = absent<Version>("/proc/driver/nvidia/version");
  machine.gpus.push_back(machine.gpus.front());
  machine.gpus.push_back(machine.gpus.front());
  machine.gpus.back().name = told<std::string>("NVIDIA \033[31mL4\xff");
  diagnosis.simulated = true;
  diagnosis.kernels = {{"sdpa-math", "bf16", Truth::yes, {}},
                       {"sdpa-math", "fp16", Truth::yes, {}},
                       {"flash-attn-2", "bf16", Truth::no, {dtype_reason()}},
                       {"xformers",
                        "fp16",
                        Truth::unknown,
                        {{"xformers/installed",
                          message("xformers is not known to be installed", "不知道是否安装了 xformers"),
                          Truth::unknown,
                          {},
                          "",
                          ""}}}};
  diagnosis.models = {{"wan2.1-t2v-1.3b", "diffsynth", "sdpa-efficient", Truth::yes, fitting_memory()},
                      {"flux.1-dev", "diffsynth", "", Truth::no, {}}};
  Finding finding;
  finding.id = "packages-unknown";
  finding.category = "probe";
  finding.severity = Severity::warning;
  finding.title = message("the installed packages could not be read", "无法读取已安装的软件包");
  finding.undecided = true;
  diagnosis.findings = {finding};
  diagnosis.knowledge_hash = "0123456789abcdef";
  diagnosis.packages = {"flash-attn", "torch", "xformers"};
  diagnosis.tool_version = "0.0.0";
  return diagnosis;
}

Diagnosis instructed_example() {
  Diagnosis diagnosis = planned_example();
  diagnosis.launch_argv = {"torchrun", "--nproc_per_node=2", "run me.py", "--prompt", "it's $HOME; `x`", ""};
  const auto setting = [](Setting::Kind kind, std::string name, std::string value, std::vector<std::string> items) {
    Setting made;
    made.kind = kind;
    made.name = std::move(name);
    made.value = std::move(value);
    made.items = std::move(items);
    made.text = kind == Setting::Kind::env ? Message{} : message("because it is in the way", "因为它碍事");
    return made;
  };
  diagnosis.settings = {setting(Setting::Kind::env, "TORCH_CUDNN_SDPA_ENABLED", "0", {}),
                        setting(Setting::Kind::env, "B", "two words", {}),
                        setting(Setting::Kind::flag, "", "", {"--ulysses_degree", "2"}),
                        setting(Setting::Kind::kwarg, "tiled", "true", {}),
                        setting(Setting::Kind::config, "attention.backend", "sdpa", {}),
                        setting(Setting::Kind::config, "attention.split", "2", {}),
                        setting(Setting::Kind::block_import, "", "", {"flash_attn", "flash_attn_interface"}),
                        setting(Setting::Kind::uninstall, "", "", {"flash-attn"}),
                        setting(Setting::Kind::install, "", "", {"torch>=2.6"}),
                        setting(Setting::Kind::checkout, "", "0451d08", {}),
                        setting(Setting::Kind::edit, "", "", {})};
  return diagnosis;
}

const Knowledge& built_in_knowledge() {
  static const Knowledge knowledge = [] {
    auto loaded = load_knowledge(embedded_data_files());
    if (!loaded) ADD_FAILURE() << to_string(loaded.error());
    return loaded ? *std::move(loaded) : Knowledge();
  }();
  return knowledge;
}

Phrases words_in(Language language) { return {built_in_knowledge().texts, language}; }

}  // namespace diffcheck
