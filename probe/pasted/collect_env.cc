#include "probe/pasted/collect_env.h"

#include <algorithm>
#include <array>

#include "probe/cuda_version_file.h"
#include "probe/environment.h"
#include "probe/file_path.h"
#include "probe/merge_facts.h"
#include "probe/pasted/gpu_list.h"
#include "probe/pasted/package_line.h"
#include "probe/pasted/part_series.h"
#include "probe/pasted/platform.h"
#include "probe/pasted/shell_variables.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::string_view k_format = "collect_env";
/// lscpu's part and a long flags line lie between two lines of the report; more means that it has ended.
constexpr std::size_t k_widest_gap_lines = 150;
constexpr std::string_view k_could_not = "Could not collect";

bool says_nothing(std::string_view value) { return value.empty() || value == "N/A" || value == k_could_not; }

/// One report being read. The members named read_... take the line at `index`.
class Reader {
 public:
  explicit Reader(const Text& text) : text_(text) {}

  std::vector<Part> read() {
    return series_.read(
        text_, [&](std::size_t i) { read_line(i); }, [&] { finish(); });
  }

 private:
  struct Key {
    std::string_view name;
    bool is_own;  ///< No other report has it.
    void (Reader::*read)(std::string_view value, const std::string& source);
  };
  static const std::array<Key, 17> k_keys;

  void finish() {
    settle_visibility();
    series_.finish();
    seen_.clear();
    glibc_of_platform_ = {};
    cuda_available_.reset();
    lists_gpus_ = lists_cudnn_ = lists_variables_ = false;
  }

  void read_line(std::size_t index) {
    const std::string_view line = text_.lines[index];
    if (read_package(line, index) || read_listed(line, index)) return;
    const KeyValue told = key_value(line);
    const auto* key = std::find_if(k_keys.begin(), k_keys.end(), [&](const Key& one) { return one.name == told.key; });
    if (key == k_keys.end() || line.starts_with("- ")) return;
    // The same line again: another report begins.
    if (std::find(seen_.begin(), seen_.end(), told.key) != seen_.end()) finish();
    seen_.push_back(told.key);
    if (key->is_own) series_.count_own_line();
    index_ = index;
    lists_gpus_ = lists_cudnn_ = lists_variables_ = false;
    (this->*key->read)(told.value, part_.take(index));
  }

  /// "[pip3] torch==2.5.1+cu121", "[conda] pytorch 2.1.0 py3.10_cuda12.1_cudnn8.9.2_0 pytorch"
  bool read_package(std::string_view line, std::size_t index) {
    line = trim(line);
    const bool is_pip = line.starts_with("[pip");
    const std::size_t close = line.find(']');
    if ((!is_pip && !line.starts_with("[conda]")) || close == std::string_view::npos) return false;
    const auto listed = is_pip ? parse_freeze_line(line.substr(close + 1)) : parse_conda_line(line.substr(close + 1));
    if (!listed) return true;
    series_.count_own_line();
    const std::string source = part_.take(index);
    Snapshot facts;
    add_listed_package(*listed, source, facts);
    part_.lists_conda_torch = part_.lists_conda_torch || is_conda_torch(*listed);
    // The version that `import torch` told is the one that counts.
    for (auto& [name, from] : facts.packages) {
      if (PackageFacts& into = part_.facts.packages[name]; !into.version.is_known()) fill_from(into, from);
    }
    return true;
  }

  /// Lines below "GPU models", "cuDNN version" and "Environment Variables".
  bool read_listed(std::string_view line, std::size_t index) {
    if (lists_gpus_ && read_gpu_line(line, index, part_)) return true;
    if (lists_cudnn_ && trim(line).starts_with('/')) {
      add_cudnn(trim(line), part_.take(index));
      return true;
    }
    if (trim(line) == "Environment Variables") {
      lists_variables_ = series_.has_own_line();
      return true;
    }
    return lists_variables_ && read_variable(trim(line), index);
  }

  bool read_variable(std::string_view line, std::size_t index) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string name(line.substr(0, equals));
    if (!is_allowed_environment_variable(name)) return false;
    return add_variable(name, trim(line.substr(equals + 1)), part_.take(index), part_.facts);
  }

  void add_cudnn(std::string_view path, const std::string& source) {
    const auto parsed = parse_library_file_name(file_name(path));
    if (!parsed || parsed->stem != "libcudnn") return;  // cuDNN 8 and 9 list one file for each of their parts.
    RuntimeLibraryFacts library;
    library.name = known<std::string>("cudnn", source);
    library.path = text_fact(path, source);
    library.provider = known<std::string>(path.find("/cuda") == std::string_view::npos ? "system" : "toolkit", source);
    library.version = version_fact(parsed->version, source);
    part_.facts.cuda.libraries.push_back(std::move(library));
  }

  // ---- one line each ----

  void read_torch(std::string_view value, const std::string& source) {
    package(part_.facts, "torch").version = says_nothing(value)
                                                ? unknown<Version>(source, "torch could not be imported")
                                                : version_fact(first_word(value), source);
  }
  void read_cuda_built(std::string_view value, const std::string& source) {
    PackageFacts& torch = package(part_.facts, "torch");
    if (value == "None") torch.cuda = absent<Version>(source);
    if (!says_nothing(value) && value != "None") torch.cuda = version_fact(first_word(value), source);
  }
  void read_hip_built(std::string_view value, const std::string& source) {
    PackageFacts& torch = package(part_.facts, "torch");
    if (!torch.version.is_known()) return;
    if (value == "N/A" || value == "None") {
      torch.hip = absent<Version>(source);
    } else if (!says_nothing(value)) {
      torch.hip = version_fact(value.substr(0, value.find('-')), source);
      if (torch.cuda.is_unset()) torch.cuda = absent<Version>(source);
    }
  }
  void read_os(std::string_view value, const std::string& source) { read_os_name(value, source, part_.facts.os); }
  void read_libc(std::string_view value, const std::string& source) {
    if (value.starts_with("glibc-")) part_.facts.os.glibc = version_fact(value.substr(6), source);
  }
  void read_python(std::string_view value, const std::string& source) {
    if (!says_nothing(value)) part_.facts.python.version = version_fact(first_word(value), source);
    settle_glibc();
  }
  void read_python_platform(std::string_view value, const std::string& source) {
    OsFacts& os = part_.facts.os;
    read_platform(value, source, os);
    glibc_of_platform_ = glibc_of_platform(value, source);
    settle_glibc();
  }
  /// Both tell the same from Python 3.9 on; before, neither is sure.
  void settle_glibc() {
    const auto& python = part_.facts.python.version;
    if (python.is_known() && python.value() >= *Version::parse("3.9") && glibc_of_platform_.is_known())
      part_.facts.os.glibc = glibc_of_platform_;
  }
  void read_available(std::string_view value, const std::string& source) {
    if (value == "True" || value == "False") cuda_available_ = known(value == "True", source);
  }
  /// Which GPUs torch sees is told only where there is one. Where it sees none, the reason is not in the report.
  void settle_visibility() {
    if (!cuda_available_) return;
    const std::string& source = cuda_available_->source();
    for (Gpu& gpu : part_.gpus) {
      if (!cuda_available_->value()) {
        gpu.facts.visible = unknown<bool>(source, "torch says that CUDA is not available");
      } else if (part_.gpus.size() == 1) {
        gpu.facts.visible = known(true, source);
      }
    }
  }
  void read_nvcc(std::string_view value, const std::string& source) {
    const auto version = Version::parse(first_word(value));
    if (!version) return;
    CudaToolkitFacts toolkit;
    toolkit.version = known(*version, source);
    toolkit.nvcc = known(true, source);
    part_.facts.cuda.toolkits.push_back(std::move(toolkit));
  }
  void read_gpus(std::string_view value, const std::string&) {
    lists_gpus_ = value.empty() || read_gpu_line(value, index_, part_);
    if (!lists_gpus_ && !says_nothing(value) && value != "No CUDA") read_torch_device(value, index_, part_);
  }
  void read_driver(std::string_view value, const std::string& source) {
    if (!says_nothing(value) && value != "No CUDA")
      part_.facts.drivers.nvidia.version = version_fact(first_word(value), source);
  }
  void read_cudnn(std::string_view value, const std::string& source) {
    lists_cudnn_ = value.starts_with("Probably one of");
    if (value.starts_with('/')) add_cudnn(value, source);
  }
  void read_vllm(std::string_view value, const std::string& source) {
    if (!says_nothing(value)) set_package_version(part_.facts, "vllm", value, source);
  }
  void read_nothing(std::string_view, const std::string&) {}

  const Text& text_;
  PartSeries series_{k_format, k_widest_gap_lines};
  Part& part_ = series_.part();
  std::size_t index_ = 0;
  std::vector<std::string_view> seen_;
  Fact<Version> glibc_of_platform_;
  std::optional<Fact<bool>> cuda_available_;
  bool lists_gpus_ = false;
  bool lists_cudnn_ = false;
  bool lists_variables_ = false;
};

const std::array<Reader::Key, 17> Reader::k_keys = {{
    {"PyTorch version", true, &Reader::read_torch},
    {"Is debug build", true, &Reader::read_nothing},
    {"CUDA used to build PyTorch", true, &Reader::read_cuda_built},
    {"ROCM used to build PyTorch", true, &Reader::read_hip_built},
    {"OS", false, &Reader::read_os},
    {"GCC version", false, &Reader::read_nothing},
    {"Libc version", false, &Reader::read_libc},
    {"Python version", false, &Reader::read_python},
    {"Python platform", true, &Reader::read_python_platform},
    {"Is CUDA available", true, &Reader::read_available},
    {"CUDA runtime version", true, &Reader::read_nvcc},
    {"GPU models and configuration", true, &Reader::read_gpus},
    {"Nvidia driver version", true, &Reader::read_driver},
    {"cuDNN version", true, &Reader::read_cudnn},
    {"HIP runtime version", true, &Reader::read_nothing},
    {"Is XNNPACK available", true, &Reader::read_nothing},
    {"vLLM Version", true, &Reader::read_vllm},
}};

}  // namespace

std::vector<Part> read_collect_env(const Text& text) { return Reader(text).read(); }

}  // namespace diffcheck::pasted
