#include "probe/native_file_cache.h"

#include <algorithm>
#include <utility>

namespace diffcheck {
namespace {

constexpr const char* k_name = "native-files";
// To be raised whenever a file would be read otherwise than before: other headers, another bound, another rule.
constexpr const char* k_reader = "1";

ResultKey reader_key() {
  return ResultKey::of(std::string("diffcheck " DIFFCHECK_VERSION " reader ") + k_reader + "\n" +
                       binary_bytes_layout());
}

KeptResults load(const System& system) {
  auto bytes = system.kept(k_name);
  return bytes ? KeptResults::parse(*std::move(bytes), reader_key()) : KeptResults(reader_key());
}

/// Lengths in front, so that no two lists of paths spell the same.
void append(std::string& text, const std::string& path, const FileIdentity& identity) {
  text += std::to_string(path.size()) + ":" + path;
  for (const std::int64_t number : {static_cast<std::int64_t>(identity.inode), identity.size_bytes,
                                    identity.modified_unix_nanoseconds, identity.changed_unix_nanoseconds})
    text += std::to_string(number) + ",";
}

}  // namespace

NativeFileCache::NativeFileCache(const System& system) : system_(system), results_(load(system)) {}

std::optional<BinaryFacts> NativeFileCache::facts_of(const NativeFile& file, const ReadFile& read) {
  const auto key = key_of("facts", file.path, {});
  if (const auto bytes = key ? results_.find(*key) : std::nullopt) {
    if (bytes->empty()) return std::nullopt;
    if (auto facts = binary_from_bytes(*bytes, file.path)) {
      facts->path = known(file.path, file.path);
      facts->package = known(file.package, file.path);
      return facts;
    }
  }
  auto facts = read();
  if (!key || !is_unchanged(file.path)) return facts;
  auto bytes = facts ? to_bytes(*facts, file.path) : std::string();
  if (bytes) results_.keep(*key, *std::move(bytes));
  return facts;
}

NamesFact NativeFileCache::names_of(const std::string& path, const std::vector<std::string>& others,
                                    const ReadNames& read) {
  const auto key = key_of("names", path, others);
  if (const auto bytes = key ? results_.find(*key) : std::nullopt) {
    if (auto names = names_from_bytes(*bytes, path)) return *std::move(names);
  }
  NamesFact names = read();
  const auto stayed = [&](const std::string& file) { return is_unchanged(file); };
  if (!key || !stayed(path) || !std::all_of(others.begin(), others.end(), stayed)) return names;
  if (auto bytes = to_bytes(names, path)) results_.keep(*key, *std::move(bytes));
  return names;
}

void NativeFileCache::keep() const {
  if (results_.has_new()) system_.keep(k_name, results_.to_bytes());
}

std::optional<ResultKey> NativeFileCache::key_of(const char* question, const std::string& path,
                                                 const std::vector<std::string>& others) {
  const auto& own = identity(path);
  if (!own) return std::nullopt;
  std::string text = question;
  append(text, path, *own);
  for (const std::string& other : others) {
    const auto& found = identity(other);
    if (!found) return std::nullopt;
    append(text, other, *found);
  }
  return ResultKey::of(text);
}

const std::optional<FileIdentity>& NativeFileCache::identity(const std::string& path) {
  const auto [entry, is_new] = identities_.try_emplace(path);
  if (is_new) entry->second = system_.identity(path);
  return entry->second;
}

/// Bytes of a file that was replaced meanwhile may be of either.
bool NativeFileCache::is_unchanged(const std::string& path) { return system_.identity(path) == identity(path); }

}  // namespace diffcheck
