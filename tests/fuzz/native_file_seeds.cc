// Writes small native files from which fuzzing starts: `fuzz_seeds_native_file FOLDER`.
#include <map>
#include <string>

#include "tests/elf_builder.h"
#include "tests/fuzz/seed_files.h"

namespace {

using diffcheck::ElfBuilder;

std::map<std::string, std::string> seeds() {
  using namespace diffcheck;
  const std::string containers = fatbin_for({"sm_80", "compute_90a"}) +
                                 fatbin({{.target = "sm_100f", .header_bytes = 112}, {.target = "sm_120a"}});
  const std::string bundles =
      offload_bundle({"host-x86_64-unknown-linux-gnu-", "hipv4-amdgcn-amd-amdhsa--gfx90a:xnack-"});
  const auto extension = [] {
    return ElfBuilder()
        .needed("libc10.so")
        .soname("_C.so")
        .rpath("$ORIGIN/../nvidia/cublas/lib")
        .runpath("$ORIGIN")
        .version_need("libc.so.6", "GLIBC_2.32")
        .version_need("libstdc++.so.6", "GLIBCXX_3.4.29", true)
        .version_definition("MINE_1")
        .symbol("memcpy", false, "GLIBC_2.32")
        .symbol("_ZN3c105ErrorC2ENS_14SourceLocationESs", false)
        .symbol("go", true, "MINE_1");
  };
  const std::string note =
      le32(4) + le32(16) + le32(5) + std::string("GNU\0", 4) + le32(0xc0008002) + le32(4) + le32(7) + le32(0);
  return {
      {"fatbin", containers},
      {"bundle", bundles},
      {"compressed_bundle", compressed_bundle(100)},
      {"extension", extension().section(".nv_fatbin", containers).section(".note.gnu.property", note).build()},
      {"linked_on_device",
       ElfBuilder().section(".nv_fatbin", containers).section("__nv_relfatbin", containers).build()},
      {"rocm", extension().section(".hip_fatbin", bundles).build()},
      {"stripped", extension().without_section_headers().build()},
  };
}

}  // namespace

int main(int count, char** arguments) { return diffcheck::write_seeds(count, arguments, seeds()); }
