#include "probe/pasted/environment_list.h"

#include <algorithm>
#include <array>

#include "probe/pasted/part_series.h"
#include "probe/pasted/platform.h"
#include "probe/pasted/size_text.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::string_view k_format = "environment list";
constexpr std::size_t k_widest_gap_lines = 25;
constexpr std::size_t k_most_gpus = 256;

struct PackageKey {
  std::string_view key;  ///< Before " version", in lower case.
  std::string_view package;
  bool is_own;  ///< People do not write this line by hand.
};
constexpr std::array<PackageKey, 16> k_packages = {{{"diffusers", "diffusers", true},
                                                    {"transformers", "transformers", true},
                                                    {"accelerate", "accelerate", true},
                                                    {"huggingface_hub", "huggingface-hub", true},
                                                    {"pytorch", "torch", false},
                                                    {"flax", "flax", false},
                                                    {"jax", "jax", false},
                                                    {"jaxlib", "jaxlib", false},
                                                    {"tensorflow", "tensorflow", false},
                                                    {"peft", "peft", false},
                                                    {"bitsandbytes", "bitsandbytes", false},
                                                    {"safetensors", "safetensors", false},
                                                    {"xformers", "xformers", false},
                                                    {"numpy", "numpy", false},
                                                    {"deepspeed", "deepspeed", false},
                                                    {"timm", "timm", false}}};

/// "🤗 Diffusers version" and "`diffusers` version" -> "diffusers version".
std::string plain_key(std::string_view key) {
  std::string plain;
  for (const char c : key) {
    if (c != '`' && c != '*' && c >= 0) plain += c;
  }
  return lower_case(trim(plain));
}

class Reader {
 public:
  explicit Reader(const Text& text) : text_(text) {}

  std::vector<Part> read() {
    return series_.read(
        text_, [&](std::size_t i) { read_line(trim(text_.lines[i]), i); }, [&] { finish(); });
  }

 private:
  void finish() {
    series_.finish();
    lists_gpus_ = false;
    seen_.clear();
  }

  void read_line(std::string_view line, std::size_t index) {
    if (lists_gpus_ && read_gpu(line, index)) return;
    if (!line.starts_with("- ") && !line.starts_with("* ")) return;
    lists_gpus_ = false;
    const auto [raw_key, value] = key_value(line);
    const std::string key = plain_key(raw_key);
    if (key.empty()) return;
    const bool is_taken = read_package(key, value, index) || read_machine(key, value, index);
    if (is_taken) seen_.push_back(key);
  }

  /// The same line again: another list begins.
  void begin_anew_at(const std::string& key) {
    if (std::find(seen_.begin(), seen_.end(), key) != seen_.end()) finish();
  }

  bool read_package(const std::string& key, std::string_view value, std::size_t index) {
    constexpr std::string_view mark = " version";
    const std::size_t at = key.find(mark);
    if (at == std::string::npos) return false;
    const std::string_view name = std::string_view(key).substr(0, at);
    const auto* found = std::ranges::find_if(k_packages, [&](const PackageKey& one) { return one.key == name; });
    if (found == k_packages.end()) return false;
    begin_anew_at(key);
    if (found->is_own || key.find("gpu?") != std::string::npos) series_.count_own_line();
    const std::string source = part_.take(index);
    if (!value.empty() && value != "N/A" && value != "NA")
      set_package_version(part_.facts, found->package, value, source);
    return true;
  }

  bool read_machine(const std::string& key, std::string_view value, std::size_t index) {
    constexpr std::array<std::string_view, 8> keys = {
        "platform",   "python version",           "accelerator",          "gpu type",
        "system ram", "running on google colab?", "using gpu in script?", "pytorch xpu available"};
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) return false;
    begin_anew_at(key);
    if (key.ends_with('?') || key == "pytorch xpu available") series_.count_own_line();
    const std::string source = part_.take(index);
    OsFacts& os = part_.facts.os;
    if (key == "platform") {
      read_platform(value, source, os);
      glibc_ = glibc_of_platform(value, source);
    }
    if (key == "python version") part_.facts.python.version = version_fact(first_word(value), source);
    if (key == "system ram") part_.facts.memory.total_bytes = size_fact(value, source);
    if (key == "gpu type" && value != "NA" && !value.empty()) add_torch_gpu(value, source);
    if (key == "accelerator") lists_gpus_ = read_gpu(value, index);
    const auto& python = part_.facts.python.version;
    if (python.is_known() && python.value() >= *Version::parse("3.9") && glibc_.is_known()) os.glibc = glibc_;
    return true;
  }

  /// torch's name for its current device.
  void add_torch_gpu(std::string_view name, const std::string& source) {
    Gpu& gpu = part_.gpus.emplace_back();
    gpu.facts.name = text_fact(name, source);
    gpu.facts.vendor = vendor_of_name(name, source);
    gpu.facts.cuda_index = known<std::int64_t>(0, source);
    gpu.facts.visible = known(true, source);
  }

  /// "NVIDIA A100-SXM4-40GB, 40960 MiB", one a line: what nvidia-smi lists.
  bool read_gpu(std::string_view line, std::size_t index) {
    const std::size_t comma = line.rfind(", ");
    const auto bytes = comma == std::string_view::npos ? std::nullopt : parse_mebibytes(line.substr(comma + 2));
    if (!bytes || part_.gpus.size() >= k_most_gpus) return false;
    const std::string source = part_.take(index);
    Gpu gpu;
    gpu.index = static_cast<std::int64_t>(part_.gpus.size());
    gpu.facts.vendor = known<std::string>("nvidia", source);
    gpu.facts.name = text_fact(line.substr(0, comma), source);
    gpu.facts.memory.total_bytes = known(*bytes, source);
    part_.gpus.push_back(std::move(gpu));
    part_.facts.complete.gpus = known(true, source);
    return true;
  }

  const Text& text_;
  PartSeries series_{k_format, k_widest_gap_lines};
  Part& part_ = series_.part();
  std::vector<std::string> seen_;
  Fact<Version> glibc_;
  bool lists_gpus_ = false;
};

}  // namespace

std::vector<Part> read_environment_lists(const Text& text) { return Reader(text).read(); }

}  // namespace diffcheck::pasted
