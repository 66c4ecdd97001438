#include "probe/pasted/gpu_list.h"

#include <algorithm>

#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::size_t k_most_gpus = 256;
constexpr std::size_t k_most_instances = 64;
constexpr std::size_t k_longest_index_digits = 3;

/// The text between "(UUID: " and ")"; "" when there is none.
std::string_view uuid_in(std::string_view line) {
  constexpr std::string_view mark = "(UUID: ";
  const std::size_t at = line.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = line.substr(at + mark.size());
  return rest.substr(0, rest.find(')'));
}

bool read_instance(std::string_view line, std::size_t index, Part& part) {
  const auto words = split_words(line);
  const std::string_view uuid = uuid_in(line);
  if (words.size() < 4 || words[0] != "MIG" || words[2] != "Device" || uuid.empty() || part.gpus.empty()) return false;
  GpuMigFacts& mig = part.gpus.back().facts.mig;
  if (mig.instances.size() >= k_most_instances) return true;
  const std::string source = part.take(index);
  mig.enabled = known(true, source);
  MigInstanceFacts& instance = mig.instances.emplace_back();
  instance.uuid = uuid_fact(uuid, source);
  instance.name = text_fact(words[1], source);
  return true;
}

}  // namespace

bool read_gpu_line(std::string_view line, std::size_t index, Part& part) {
  line = trim(line);
  if (line.starts_with("MIG ")) return read_instance(line, index, part);
  const std::size_t colon = line.find(':');
  if (!line.starts_with("GPU ") || colon == std::string_view::npos || colon > 4 + k_longest_index_digits) return false;
  const auto number = whole_number(line.substr(4, colon - 4));
  const std::string_view rest = line.substr(colon + 1);
  const std::string_view name = trim(rest.substr(0, rest.find("(UUID")));
  if (!number || name.empty()) return false;
  const std::string source = part.take(index);
  const bool is_repeated = std::ranges::any_of(part.gpus, [&](const Gpu& gpu) { return gpu.index == number; });
  if (is_repeated || part.gpus.size() >= k_most_gpus) return true;
  Gpu& gpu = part.gpus.emplace_back();
  gpu.index = number;
  // nvidia-smi lists no others.
  gpu.facts.vendor = known<std::string>("nvidia", source);
  gpu.facts.name = text_fact(name, source);
  if (const auto uuid = uuid_in(rest); !uuid.empty()) gpu.facts.uuid = uuid_fact(uuid, source);
  part.facts.complete.gpus = known(true, source);
  return true;
}

void read_torch_device(std::string_view name, std::size_t index, Part& part) {
  const std::string source = part.take(index);
  Gpu& gpu = part.gpus.emplace_back();
  gpu.facts.cuda_index = known<std::int64_t>(0, source);
  gpu.facts.visible = known(true, source);
  const std::size_t target = name.find("(gfx");
  if (target != std::string_view::npos) {
    const std::string_view isa = name.substr(target + 1);
    gpu.facts.gfx_target = text_fact(isa.substr(0, isa.find_first_of(":)")), source);
    gpu.facts.vendor = known<std::string>("amd", source);
    name = trim(name.substr(0, target));
  } else {
    gpu.facts.vendor = vendor_of_name(name, source);
  }
  if (!name.empty()) gpu.facts.name = text_fact(name, source);
}

std::optional<std::int64_t> gpu_number(std::string_view word) {
  constexpr std::size_t k_longest = 6;
  return word.starts_with("GPU") && word.size() <= k_longest ? whole_number(word.substr(3)) : std::nullopt;
}

std::vector<Part> read_gpu_lists(const Text& text) {
  std::vector<Part> parts;
  Part part("nvidia-smi -L");
  for (std::size_t i = 0; i < text.lines.size(); ++i) {
    const std::string_view line = trim(text.lines[i]);
    const bool is_listed = line.starts_with("MIG ") ? !part.is_empty() : line.find("(UUID: GPU-") != std::string::npos;
    if (is_listed) read_gpu_line(line, i, part);
  }
  if (!part.is_empty()) parts.push_back(std::move(part));
  return parts;
}

}  // namespace diffcheck::pasted
