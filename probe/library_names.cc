#include "probe/library_names.h"

#include <algorithm>
#include <array>

namespace diffcheck {
namespace {

constexpr std::array<std::string_view, 2> k_torch_libraries = {"libtorch", "libc10"};
constexpr std::array<std::string_view, 16> k_vendor_libraries = {
    "libcuda.so", "libcudart", "libcublas",    "libcudnn",    "libcufft", "libcurand",  "libcusolver", "libcusparse",
    "libnccl",    "libnvrtc",  "libnvJitLink", "libamdhip64", "libhip",   "librocblas", "libMIOpen",   "librccl"};

bool starts_with_one_of(std::string_view name, const auto& starts) {
  return std::any_of(starts.begin(), starts.end(), [&](std::string_view start) { return name.starts_with(start); });
}

constexpr std::string_view k_tag = ".cpython-";

}  // namespace

bool is_torch_library(std::string_view name) { return starts_with_one_of(name, k_torch_libraries); }

bool is_gpu_library(std::string_view name) {
  return is_torch_library(name) || starts_with_one_of(name, k_vendor_libraries);
}

ModuleName module_name_of(std::string_view file_name, const Version& python) {
  if (!file_name.ends_with(".so")) return ModuleName::other;
  if (file_name.ends_with(".abi3.so")) return ModuleName::module;
  if (const std::size_t tag = file_name.find(k_tag); tag != file_name.npos) {
    const std::string_view digits = file_name.substr(tag + k_tag.size());
    const std::string wanted = std::to_string(python.component(0)) + std::to_string(python.component(1));
    const bool is_ours = digits.starts_with(wanted) && digits.size() > wanted.size() &&
                         (digits[wanted.size()] == '-' || digits[wanted.size()] == 't' || digits[wanted.size()] == '.');
    return is_ours ? ModuleName::module : ModuleName::other;
  }
  return file_name.starts_with("lib") ? ModuleName::maybe_library : ModuleName::maybe_module;
}

std::string name_without_digits(std::string_view file_name) {
  std::string name(file_name.substr(0, file_name.find('.')));
  std::erase_if(name, [](char letter) { return letter >= '0' && letter <= '9'; });
  return name;
}

}  // namespace diffcheck
