// One report found in a paste: the facts it tells, and where it stands. A paste may hold several.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/pasted/pasted_text.h"
#include "probe/snapshot.h"

namespace diffcheck::pasted {

/// A paste with more reports of one kind than this is no longer one issue.
inline constexpr std::size_t k_most_parts = 16;

struct Gpu {
  std::optional<std::int64_t> index;  ///< nvidia-smi's number; a torch program's "cuda:0" is facts.cuda_index.
  GpuFacts facts;
};

/// A connection between two GPUs, by nvidia-smi's numbers.
struct Link {
  std::int64_t from = 0;
  std::int64_t to = 0;
  GpuLinkFacts facts;
  std::string source;
};

struct Part {
  std::string format;          ///< "collect_env", "nvidia-smi" ...
  std::size_t first_line = 0;  ///< From 1; 0 while no line was taken.
  std::size_t last_line = 0;
  Snapshot facts;  ///< Without `gpus`.
  std::vector<Gpu> gpus;
  std::vector<Link> links;
  bool lists_conda_torch = false;

  explicit Part(std::string name) : format(std::move(name)) {}

  /// Takes line `index` (from 0) into the part; returns the source of the facts that it tells:
  /// "pasted collect_env, line 12".
  std::string take(std::size_t index);
  bool is_empty() const { return first_line == 0; }
};

/// Known, or unknown because it is no version.
Fact<Version> version_fact(std::string_view text, const std::string& source);
/// Known, or unknown because there is no text.
Fact<std::string> text_fact(std::string_view text, const std::string& source);
/// Known, or unknown where it was masked ("GPU-00000000-...", "GPU-xxxx"): then it is no identity.
Fact<std::string> uuid_fact(std::string_view text, const std::string& source);
/// "81559 MiB", "81559MiB"; nullopt for anything else. Whole mebibytes, as nvidia-smi prints them.
std::optional<Bytes> parse_mebibytes(std::string_view text);
/// "300.00 W", "350.50"; nullopt for anything else.
std::optional<double> parse_watts(std::string_view text);
/// The mebibytes, or unknown with the text.
Fact<Bytes> mebibytes_fact(std::string_view text, const std::string& source);

/// A package of the Python environment, by any spelling of its name.
PackageFacts& package(Snapshot& facts, std::string_view name);
/// "not installed" makes it absent, a version known.
void set_package_version(Snapshot& facts, std::string_view name, std::string_view version, const std::string& source);

/// "nvidia" or "amd" where the name begins with it, unknown for other names.
Fact<std::string> vendor_of_name(std::string_view name, const std::string& source);

}  // namespace diffcheck::pasted
