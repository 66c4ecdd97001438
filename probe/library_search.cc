#include "probe/library_search.h"

#include <algorithm>
#include <array>
#include <utility>

#include "probe/file_path.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr std::size_t k_most_folders = 512;
constexpr std::size_t k_longest_path_bytes = 4096;
constexpr const char* k_cache = "/etc/ld.so.cache";

struct Linker {
  std::string_view interpreter;
  std::uint16_t machine;
  std::string_view multiarch;
  std::string_view platform;
};
// Other linkers (musl, those of Nix and Guix) look in other places.
constexpr std::array<Linker, 3> k_linkers = {{
    {"/lib64/ld-linux-x86-64.so.2", ElfFile::machine_x86_64, "x86_64-linux-gnu", "x86_64"},
    {"/lib/ld-linux-x86-64.so.2", ElfFile::machine_x86_64, "x86_64-linux-gnu", "x86_64"},
    {"/lib/ld-linux-aarch64.so.1", ElfFile::machine_aarch64, "aarch64-linux-gnu", "aarch64"},
}};

void replace_token(std::string& text, std::string_view token, const std::string& value) {
  for (const std::string& form : {"${" + std::string(token) + "}", "$" + std::string(token)}) {
    for (std::size_t at = text.find(form); at != text.npos && text.size() < k_longest_path_bytes;
         at = text.find(form, at + value.size()))
      text.replace(at, form.size(), value);
  }
}

std::optional<LdCache> read_cache(const System& system, std::optional<Error>& gap) {
  const auto source = system.open(k_cache);
  if (!source) {
    if (source.error().kind != Error::Kind::absent) gap = source.error();
    return std::nullopt;
  }
  if (source->size_bytes() > LdCache::largest_file_bytes) {
    gap = Error{Error::Kind::too_large, k_cache, "is larger than that of any machine"};
    return std::nullopt;
  }
  auto bytes = source->read_at(0, source->size_bytes());
  auto cache = bytes ? LdCache::parse(k_cache, *std::move(bytes)) : Result<LdCache>(bytes.error());
  if (cache) return *std::move(cache);
  gap = cache.error();
  return std::nullopt;
}

using Found = std::optional<FoundLibrary>;

}  // namespace

std::string_view name_of(FoundBy found_by) {
  constexpr std::array<std::string_view, 7> names = {"already-loaded", "path",     "rpath",        "ld-library-path",
                                                     "runpath",        "ld-cache", "system-folder"};
  return names.at(static_cast<std::size_t>(found_by));
}

Result<const LinkObject*> LinkObjects::open(const std::string& path, std::uint16_t machine) {
  auto found = objects_.find(path);
  if (found == objects_.end()) {
    const auto source = system_.open(path);
    if (!source) return source.error();
    const auto other = is_for_another_machine(*source, machine);
    if (!other) return other.error();
    if (*other) return nullptr;
    found = objects_.emplace(path, read_link_object(*source)).first;
  }
  if (!found->second) return found->second.error();
  return found->second->machine == machine ? &*found->second : nullptr;
}

SearchSettings search_settings(const System& system, const std::string& interpreter, std::uint16_t machine) {
  SearchSettings settings;
  settings.machine = machine;
  const auto* linker = std::find_if(k_linkers.begin(), k_linkers.end(), [&](const Linker& item) {
    return item.interpreter == interpreter && item.machine == machine;
  });
  if (linker == k_linkers.end()) {
    settings.gap = Error{Error::Kind::failed, interpreter, "is a dynamic linker whose folders are not known"};
  } else {
    // What a linker was built with cannot be asked; a folder that a distribution does not have does not exist there.
    const std::string multiarch(linker->multiarch);
    settings.system_folders = {"/lib/" + multiarch, "/usr/lib/" + multiarch, "/lib64", "/usr/lib64", "/lib",
                               "/usr/lib"};
    settings.lib_token = system.exists("/usr/lib/" + multiarch) ? "lib/" + multiarch : "lib64";
    settings.platform_token = std::string(linker->platform);
    settings.cache = read_cache(system, settings.gap);
  }
  const auto variable = system.env("LD_LIBRARY_PATH");
  if (variable && !variable->empty()) settings.ld_library_path = folders_of_list(*variable, ":;", "", settings);
  return settings;
}

std::vector<std::string> folders_of_list(std::string_view list, std::string_view separators, const std::string& origin,
                                         const SearchSettings& settings) {
  std::vector<std::string> folders;
  while (folders.size() < k_most_folders) {
    const std::size_t end = std::min(list.find_first_of(separators), list.size());
    std::string folder(list.substr(0, std::min(end, k_longest_path_bytes)));
    replace_token(folder, "ORIGIN", origin);
    replace_token(folder, "LIB", settings.lib_token);
    replace_token(folder, "PLATFORM", settings.platform_token);
    folders.push_back(folder.empty() ? "." : std::move(folder));
    if (end == list.size()) break;
    list.remove_prefix(end + 1);
  }
  return folders;
}

LibrarySearch::Outcome LibrarySearch::look_at(const std::string& path, FoundBy rule) {
  // A package's file is known by its plain name.
  std::string plain = path.find("/../") != path.npos ? normal_path(path) : std::string();
  const bool is_known = !plain.empty() && objects_.holds(plain);
  const auto object = objects_.open(is_known ? plain : path, settings_.machine);
  if (object) return *object == nullptr ? Found() : Found(FoundLibrary{path, rule, *object});
  switch (object.error().kind) {
    case Error::Kind::absent:
      return Found();
    case Error::Kind::denied:
      passed_over_ = object.error();  // the linker passes over it as well, but may run as somebody else
      return Found();
    default:
      return object.error();
  }
}

LibrarySearch::Outcome LibrarySearch::look_in(const std::vector<std::string>& folders, const std::string& name,
                                              FoundBy rule) {
  for (const std::string& folder : folders) {
    auto found = look_at(folder + "/" + name, rule);
    if (!found || found->has_value()) return found;
  }
  return Found();
}

/// Of every object up to the program. One that has a DT_RUNPATH hides its own DT_RPATH, and that of all others where it
/// is the asking one.
LibrarySearch::Outcome LibrarySearch::look_along_rpaths(const std::string& name, const Asking& asking) {
  if (asking.dynamic->runpath) return Found();
  for (const Asking* object = &asking; object != nullptr; object = object->loader) {
    if (!object->dynamic->rpath || object->dynamic->runpath) continue;
    auto found =
        look_in(folders_of_list(*object->dynamic->rpath, ":", object->folder, settings_), name, FoundBy::rpath);
    if (!found || found->has_value()) return found;
  }
  return Found();
}

LibrarySearch::Outcome LibrarySearch::look_in_cache(const std::string& name) {
  if (!settings_.cache) return Found();
  for (const std::string& path : settings_.cache->find(name, settings_.machine)) {
    auto found = look_at(path, FoundBy::ld_cache);
    if (!found || found->has_value()) return found;
  }
  return Found();
}

LibrarySearch::Outcome LibrarySearch::find(const std::string& name, const Asking& asking) {
  passed_over_.reset();
  if (name.find('/') != name.npos) {
    std::string path = name;
    replace_token(path, "ORIGIN", asking.folder);
    replace_token(path, "LIB", settings_.lib_token);
    replace_token(path, "PLATFORM", settings_.platform_token);
    return look_at(path, FoundBy::path);
  }
  auto found = look_along_rpaths(name, asking);
  if (found && !found->has_value()) found = look_in(settings_.ld_library_path, name, FoundBy::ld_library_path);
  if (found && !found->has_value() && asking.dynamic->runpath)
    found = look_in(folders_of_list(*asking.dynamic->runpath, ":", asking.folder, settings_), name, FoundBy::runpath);
  if (found && !found->has_value()) found = look_in_cache(name);
  if (found && !found->has_value()) found = look_in(settings_.system_folders, name, FoundBy::system_folder);
  if (!found || found->has_value()) return found;
  if (passed_over_) return *passed_over_;
  if (settings_.gap) return *settings_.gap;
  return found;
}

}  // namespace diffcheck
