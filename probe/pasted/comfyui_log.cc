#include "probe/pasted/comfyui_log.h"

#include <algorithm>
#include <array>

#include "probe/pasted/part_series.h"
#include "probe/pasted/size_text.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::string_view k_format = "ComfyUI log";
constexpr std::size_t k_widest_gap_lines = 60;
/// A log line may have a time and a level before what it says.
constexpr std::size_t k_longest_prefix_bytes = 64;

class Reader {
 public:
  explicit Reader(const Text& text) : text_(text) {}

  std::vector<Part> read() {
    return series_.read(
        text_, [&](std::size_t i) { read_line(text_.lines[i], i); }, [&] { series_.finish(); });
  }

 private:
  struct Phrase {
    std::string_view words;  ///< In lower case.
    bool is_own;
    void (Reader::*read)(std::string_view value, const std::string& source);
  };
  static const std::array<Phrase, 17> k_phrases;

  void read_line(std::string_view raw, std::size_t index) {
    std::string line(raw.substr(0, 1024));
    std::erase(line, '*');
    const std::string lower = lower_case(line);
    for (const Phrase& phrase : k_phrases) {
      const std::size_t at = lower.find(phrase.words);
      if (at == std::string::npos || at > k_longest_prefix_bytes) continue;
      const std::string_view value = trim(std::string_view(line).substr(at + phrase.words.size()));
      if (value.empty()) return;
      if (phrase.is_own) series_.count_own_line();
      (this->*phrase.read)(value, part_.take(index));
      return;
    }
  }

  Gpu& current_gpu(const std::string& source) {
    if (part_.gpus.empty()) part_.gpus.emplace_back().facts.visible = known(true, source);
    return part_.gpus.back();
  }

  void read_torch(std::string_view value, const std::string& source) {
    PackageFacts& torch = package(part_.facts, "torch");
    if (!torch.version.is_known()) torch.version = version_fact(first_word(value), source);
  }
  void read_xformers(std::string_view value, const std::string& source) {
    if (!part_.facts.packages.contains("xformers")) set_package_version(part_.facts, "xformers", value, source);
  }
  void read_python(std::string_view value, const std::string& source) {
    if (!part_.facts.python.version.is_known()) part_.facts.python.version = version_fact(first_word(value), source);
  }
  void read_python_file(std::string_view value, const std::string& source) {
    part_.facts.python.executable = text_fact(value, source);
  }
  void read_os(std::string_view value, const std::string& source) {
    const std::string name = lower_case(first_word(value));
    OsFacts& os = part_.facts.os;
    if (name == "nt" || name == "win32" || name == "windows") {
      os.name = known<std::string>("windows", source);
      os.wsl = known(false, source);
    } else if (name == "linux" || name == "darwin") {
      os.name = known<std::string>(name == "darwin" ? "macos" : name, source);
    }
  }
  /// "24564 MB, total RAM 128568 MB"
  void read_memory(std::string_view value, const std::string& source) {
    const std::size_t comma = value.find(',');
    current_gpu(source).facts.memory.total_bytes = size_fact(value.substr(0, comma), source);
    constexpr std::string_view mark = "total RAM ";
    const std::size_t at = value.find(mark);
    if (at != std::string_view::npos)
      part_.facts.memory.total_bytes = size_fact(value.substr(at + mark.size()), source);
  }
  void read_vram_total(std::string_view value, const std::string& source) {
    current_gpu(source).facts.memory.total_bytes = size_fact(value, source);
  }
  void read_vram_free(std::string_view value, const std::string& source) {
    current_gpu(source).facts.memory.free_bytes = size_fact(value, source);
  }
  void read_ram_total(std::string_view value, const std::string& source) {
    part_.facts.memory.total_bytes = size_fact(value, source);
  }
  void read_ram_free(std::string_view value, const std::string& source) {
    part_.facts.memory.available_bytes = size_fact(value, source);
  }
  /// "0 NVIDIA GeForce RTX 4090 : cudaMallocAsync"
  void read_device(std::string_view value, const std::string& source) {
    const auto number = whole_number(first_word(value));
    if (!number) return;
    std::string_view name = value.substr(first_word(value).size());
    name = trim(name.substr(0, name.rfind(" : ")));
    // A second device of the list.
    const bool is_other = !part_.gpus.empty() && part_.gpus.back().facts.cuda_index.is_known() &&
                          part_.gpus.back().facts.cuda_index.value() != *number;
    GpuFacts& gpu = is_other ? part_.gpus.emplace_back().facts : current_gpu(source).facts;
    gpu.visible = known(true, source);
    gpu.cuda_index = known(*number, source);
    gpu.name = text_fact(name, source);
    gpu.vendor = vendor_of_name(name, source);
  }
  void read_amd_target(std::string_view value, const std::string& source) {
    current_gpu(source).facts.gfx_target = text_fact(first_word(value), source);
  }
  void read_nothing(std::string_view, const std::string&) {}

  const Text& text_;
  PartSeries series_{k_format, k_widest_gap_lines};
  Part& part_ = series_.part();
};

const std::array<Reader::Phrase, 17> Reader::k_phrases = {{
    {"total vram ", true, &Reader::read_memory},
    {"set vram state to: ", true, &Reader::read_nothing},
    {"comfyui version: ", true, &Reader::read_nothing},
    {"device: cuda:", true, &Reader::read_device},
    {"name: cuda:", true, &Reader::read_device},
    {"amd arch: ", true, &Reader::read_amd_target},
    {"torch vram ", true, &Reader::read_nothing},
    {"vram total: ", true, &Reader::read_vram_total},
    {"vram free: ", true, &Reader::read_vram_free},
    {"ram total: ", false, &Reader::read_ram_total},
    {"ram free: ", false, &Reader::read_ram_free},
    {"xformers version: ", false, &Reader::read_xformers},
    {"python version: ", false, &Reader::read_python},
    {"python executable: ", false, &Reader::read_python_file},
    {"pytorch version: ", false, &Reader::read_torch},
    {"platform: ", false, &Reader::read_os},
    {"os: ", false, &Reader::read_os},
}};

}  // namespace

std::vector<Part> read_comfyui_logs(const Text& text) { return Reader(text).read(); }

}  // namespace diffcheck::pasted
