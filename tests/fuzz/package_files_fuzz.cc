// What installed packages say in text: METADATA with its requirements and markers, RECORD, direct_url.json, .pth files,
// pyvenv.cfg. Every reader looks at each input.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "probe/package_files.h"
#include "probe/package_metadata.h"
#include "probe/package_name.h"
#include "probe/pth.h"
#include "probe/pyvenv_config.h"
#include "probe/version.h"
#include "rules/marker.h"
#include "rules/package_requirement.h"

namespace {

using namespace diffcheck;

void require(bool condition) {
  if (!condition) std::abort();
}

void read_requirement(std::string_view line, const CoreMetadata& metadata) {
  const auto requirement = parse_requirement(line);
  if (!requirement) return;
  require(!requirement->package.empty());
  if (const auto version = Version::parse(metadata.version)) {
    require(*version == *version && !(*version < *version));
    // A requirement that was read holds specifiers that can be judged.
    require(satisfies(*version, requirement->specifiers).has_value());
  }
  (void)evaluate_marker(requirement->marker, {{"python_version", "3.11"}, {"sys_platform", "linux"}});
}

void read_metadata(std::string_view text) {
  const CoreMetadata metadata = parse_core_metadata(text);
  require(metadata.requires_dist.size() <= text.size());
  for (const auto& line : metadata.requires_dist) read_requirement(line, metadata);
  (void)normalised_package_name(metadata.name);
  (void)parse_python_version(metadata.version);
}

void read_names(std::string_view name) {
  (void)parse_metadata_name(name);
  (void)parse_conda_record_name(name);
  (void)is_leftover_name(name);
  (void)folder_of_file_url(name);
  (void)evaluate_marker(name, {{"python_version", "3.11"}});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_metadata(text);
  read_names(text.substr(0, text.find('\n')));
  require(parse_record_libraries(text).size() <= size);
  (void)parse_direct_url(text, "fuzz");
  (void)parse_pth(text);
  (void)parse_editable_mapping(text);
  (void)parse_pyvenv_config(text);
  return 0;
}
