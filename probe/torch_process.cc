#include "probe/torch_process.h"

#include <algorithm>
#include <utility>

#include "probe/file_path.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr std::int64_t k_longest_source_bytes = 1 << 20;  // torch/__init__.py has about 100 kB
constexpr std::size_t k_most_preloads = 64;

/// The texts between double quotes in a line.
std::vector<std::string_view> quoted_texts(std::string_view line) {
  std::vector<std::string_view> texts;
  for (std::size_t begin = line.find('"'); begin != line.npos; begin = line.find('"', begin)) {
    const std::size_t end = line.find('"', begin + 1);
    if (end == line.npos) break;
    texts.push_back(line.substr(begin + 1, end - begin - 1));
    begin = end + 1;
  }
  return texts;
}

/// A folder and a pattern in one line: `"cublas": "libcublas.so.*[0-9]",` or `("cublas", "libcublas.so.*[0-9]")`.
std::optional<TorchPreload> preload_in(std::string_view line) {
  const auto texts = quoted_texts(line);
  if (texts.size() != 2 || !texts[1].starts_with("lib")) return std::nullopt;
  const std::size_t star = texts[1].find('*');
  if (star == texts[1].npos || !texts[1].substr(0, star).ends_with(".so.")) return std::nullopt;
  if (texts[0].find('/') != texts[0].npos || texts[0].starts_with('.')) return std::nullopt;
  return TorchPreload{std::string(texts[0]), std::string(texts[1].substr(0, star))};
}

std::optional<std::string> library_in(const System& system, const std::string& folder, const TorchPreload& preload) {
  const auto names = system.list(folder);
  if (!names) return std::nullopt;
  const auto found = std::find_if(names->begin(), names->end(), [&](const std::string& name) {
    return name.starts_with(preload.name_start) && name.size() > preload.name_start.size() && name.back() >= '0' &&
           name.back() <= '9';
  });
  return found == names->end() ? std::nullopt : std::optional(joined_path(folder, *found));
}

/// In NVIDIA's packages, which are laid out by library or (from CUDA 13 on) by CUDA version.
std::optional<std::string> path_of(const System& system, const TorchPreload& preload,
                                   const std::vector<std::string>& sys_path, const std::optional<std::string>& cuda) {
  for (const std::string& site : sys_path) {
    std::vector<std::string> folders = {site + "/nvidia/" + preload.folder + "/lib"};
    if (cuda) folders.push_back(site + "/nvidia/cu" + cuda->substr(0, cuda->find('.')) + "/lib");
    folders.push_back(site + "/" + preload.folder + "/lib");
    for (const std::string& folder : folders) {
      if (auto path = library_in(system, folder, preload)) return path;
    }
  }
  return std::nullopt;
}

bool is_loaded(const LinkedProcess& process, const std::vector<std::string>& markers) {
  return std::any_of(process.objects().begin(), process.objects().end(), [&](const LoadedObject& object) {
    const std::string path = normal_path(object.path);
    return std::any_of(markers.begin(), markers.end(),
                       [&](const std::string& marker) { return path.find(marker) != std::string::npos; });
  });
}

bool holds_for(const TorchPreloads& preloads, const std::optional<std::string>& cuda) {
  return preloads.cuda.empty() ||
         (cuda && std::find(preloads.cuda.begin(), preloads.cuda.end(), *cuda) != preloads.cuda.end());
}

/// As a Python loop that an exception ends. False: it ended so.
bool load_all(const System& system, LinkedProcess& process, const std::vector<TorchPreload>& preloads,
              const std::vector<std::string>& sys_path, const std::optional<std::string>& cuda) {
  return std::all_of(preloads.begin(), preloads.end(), [&](const TorchPreload& preload) {
    const auto path = path_of(system, preload, sys_path, cuda);
    return path && process.load(*path).loads();
  });
}

bool names_one_of(const LoadOutcome& outcome, const std::vector<TorchPreload>& preloads) {
  if (outcome.defects.empty()) return false;
  const LinkDefect& first = outcome.defects.front();
  return std::any_of(preloads.begin(), preloads.end(), [&](const TorchPreload& preload) {
    const std::string stem = preload.name_start.substr(0, preload.name_start.find('.'));
    return first.name.find(stem) != std::string::npos || first.library.find(stem) != std::string::npos;
  });
}

TorchPreloads read_preloads(const System& system, const std::string& path) {
  const auto source = system.open(path);
  const auto text = source ? source->read_some(0, k_longest_source_bytes) : Result<std::string>(source.error());
  return text ? parse_torch_preloads(*text) : TorchPreloads();
}

}  // namespace

TorchPreloads parse_torch_preloads(std::string_view text) {
  TorchPreloads preloads;
  std::vector<TorchPreload> called;
  bool calls_all = false;
  while (const auto whole = take_line(text)) {
    const std::string_view line = trim(*whole);
    if (line.starts_with('#')) continue;
    if (line == "_preload_cuda_deps()") calls_all = true;
    const auto texts = quoted_texts(line);
    if (line.find(" in _maps") != line.npos && !texts.empty()) preloads.markers.emplace_back(texts.front());
    if (line.find("version.cuda in [") != line.npos) preloads.cuda.assign(texts.begin(), texts.end());
    const auto preload = preload_in(line);
    if (!preload || preloads.instead.size() + called.size() >= k_most_preloads) continue;
    if (line.starts_with("_preload_cuda_deps("))
      called.push_back(*preload);
    else if (!line.starts_with("_preload_cuda_lib("))
      preloads.instead.push_back(*preload);
  }
  preloads.after = calls_all ? preloads.instead : std::move(called);
  return preloads;
}

LoadOutcome load_torch(const System& system, LinkedProcess& process, const TorchPlace& place,
                       const std::vector<std::string>& sys_path, const std::optional<std::string>& cuda) {
  const TorchPreloads preloads = read_preloads(system, place.site + "/torch/__init__.py");
  const std::string global = place.site + "/torch/lib/libtorch_global_deps.so";
  const LoadOutcome first = process.load(global);
  if (first.unknown && first.unknown->kind != Error::Kind::absent) return first;
  if (!first.defects.empty()) {
    if (!names_one_of(first, preloads.instead)) return first;
    if (!load_all(system, process, preloads.instead, sys_path, cuda)) return first;
    if (LoadOutcome again = process.load(global); !again.loads()) return again;
  } else if (holds_for(preloads, cuda) && is_loaded(process, preloads.markers)) {
    load_all(system, process, preloads.after, sys_path, cuda);
  }
  return process.load(place.module);
}

}  // namespace diffcheck
