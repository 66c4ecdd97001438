// Writes what the search for libraries reads, in small, from which fuzzing starts: `linking_seeds FOLDER`.
#include <map>
#include <string>

#include "tests/elf_builder.h"
#include "tests/fuzz/seed_files.h"
#include "tests/ld_cache_builder.h"

namespace {

std::map<std::string, std::string> seeds() {
  using namespace diffcheck;
  const auto module = [] {
    return ElfBuilder()
        .needed("libcudart.so.12")
        .soname("_C.so")
        .runpath("$ORIGIN/../nvidia/cuda_runtime/lib:${ORIGIN}/$LIB")
        .version_need("libstdc++.so.6", "GLIBCXX_3.4.29")
        .version_definition("libnvJitLink.so.12")
        .symbol("__nvJitLinkAddData_12_1", true, "libnvJitLink.so.12");
  };
  return {
      {"cache", ld_cache({{"libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6"},
                          {"libcudart.so.12", "/usr/local/cuda/lib64/libcudart.so.12"},
                          {"libcudart.so.12", "/usr/lib/aarch64-linux-gnu/libcudart.so.12", 0x0a03}})},
      {"module", module().build()},
      {"old_hash", module().without_gnu_hash().build()},
      {"program", module().interpreter("/lib64/ld-linux-x86-64.so.2").build()},
      {"preloads",
       "def _preload_cuda_deps(lib_folder, lib_name):\n"
       "    cuda_libs = {\n"
       "        'cublas': 'libcublas.so.*[0-9]',\n"
       "        'cudnn': 'libcudnn.so.*[0-9]',\n"
       "    }\n"
       "    if 'nvidia/cuda_runtime/lib/libcudart.so' in maps: pass\n"},
  };
}

}  // namespace

int main(int count, char** arguments) { return diffcheck::write_seeds(count, arguments, seeds()); }
