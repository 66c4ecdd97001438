#include "probe/environment.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "probe/read_fact.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

// Sorted. Full names only: the environment is never listed, so that no other variable can be seen. No name that could
// hold a secret (token, key, password) belongs here; a test watches that.
constexpr std::array k_allowed = std::to_array<std::string_view>({
    "ASCEND_HOME_PATH",
    "ASCEND_LAUNCH_BLOCKING",
    "ASCEND_OPP_PATH",
    "ASCEND_RT_VISIBLE_DEVICES",
    "ASCEND_TOOLKIT_HOME",
    "ASCEND_VISIBLE_DEVICES",
    "ATTENTION_IMPLEMENTATION",
    "CONDA_PREFIX",
    "CUBLAS_WORKSPACE_CONFIG",
    "CUDA_CACHE_DISABLE",
    "CUDA_CACHE_PATH",
    "CUDA_DEVICE_MAX_CONNECTIONS",
    "CUDA_DEVICE_ORDER",
    "CUDA_DISABLE_PTX_JIT",
    "CUDA_FORCE_PTX_JIT",
    "CUDA_HOME",
    "CUDA_LAUNCH_BLOCKING",
    "CUDA_MODULE_LOADING",
    "CUDA_MPS_ACTIVE_THREAD_PERCENTAGE",
    "CUDA_MPS_PIPE_DIRECTORY",
    "CUDA_PATH",
    "CUDA_ROOT",
    "CUDA_VERSION",
    "CUDA_VISIBLE_DEVICES",
    "CUTE_DSL_ENABLE_TVM_FFI",
    "DIFFSYNTH_ATTENTION_IMPLEMENTATION",
    "DIFFSYNTH_DISK_MAP_BUFFER_SIZE",
    "DIFFSYNTH_DOWNLOAD_SOURCE",
    "DIFFSYNTH_MODEL_BASE_PATH",
    "DIFFSYNTH_SKIP_DOWNLOAD",
    "DIFFUSERS_ATTN_BACKEND",
    "DIFFUSERS_ATTN_CHECKS",
    "DIFFUSERS_SLOW_IMPORT",
    "DTYPE",
    "FASTVIDEO_ATTENTION_BACKEND",
    "FASTVIDEO_ATTENTION_CONFIG",
    "FASTVIDEO_FA4",
    "FLASH_ATTENTION_ARCH",
    "FLASH_ATTENTION_DISABLE_SM80",
    "FLASH_ATTENTION_FORCE_BUILD",
    "FLASH_ATTENTION_SKIP_CUDA_BUILD",
    "FLASH_ATTENTION_TRITON_AMD_AUTOTUNE",
    "FLASH_ATTENTION_TRITON_AMD_ENABLE",
    "FLASH_ATTN_CUDA_ARCHS",
    "GLOO_SOCKET_IFNAME",
    "GPU_DEVICE_ORDINAL",
    "HF_DATASETS_OFFLINE",
    "HF_ENDPOINT",
    "HF_HOME",
    "HF_HUB_CACHE",
    "HF_HUB_DISABLE_SYMLINKS",
    "HF_HUB_ENABLE_HF_TRANSFER",
    "HF_HUB_OFFLINE",
    "HIP_VISIBLE_DEVICES",
    "HSA_ENABLE_SDMA",
    "HSA_OVERRIDE_GFX_VERSION",
    "HUGGINGFACE_HUB_CACHE",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "LOCAL_RANK",
    "LOCAL_WORLD_SIZE",
    "LOG_LEVEL",
    "MASTER_ADDR",
    "MASTER_PORT",
    "MAX_JOBS",
    "MKL_NUM_THREADS",
    "MLU_VISIBLE_DEVICES",
    "MODELSCOPE_CACHE",
    "MODELSCOPE_ENDPOINT",
    "MTHREADS_VISIBLE_DEVICES",
    "MUSA_HOME",
    "MUSA_VISIBLE_DEVICES",
    "NCCL_ALGO",
    "NCCL_ASYNC_ERROR_HANDLING",
    "NCCL_BLOCKING_WAIT",
    "NCCL_BUFFSIZE",
    "NCCL_COMM_ID",
    "NCCL_CONF_FILE",
    "NCCL_CROSS_NIC",
    "NCCL_CUMEM_ENABLE",
    "NCCL_CUMEM_HOST_ENABLE",
    "NCCL_DEBUG",
    "NCCL_DEBUG_FILE",
    "NCCL_DEBUG_SUBSYS",
    "NCCL_DMABUF_ENABLE",
    "NCCL_GRAPH_FILE",
    "NCCL_IB_CUDA_SUPPORT",
    "NCCL_IB_DISABLE",
    "NCCL_IB_GID_INDEX",
    "NCCL_IB_HCA",
    "NCCL_IB_PCI_RELAXED_ORDERING",
    "NCCL_IB_QPS_PER_CONNECTION",
    "NCCL_IB_SL",
    "NCCL_IB_TC",
    "NCCL_IB_TIMEOUT",
    "NCCL_IGNORE_CPU_AFFINITY",
    "NCCL_LAUNCH_MODE",
    "NCCL_MAX_CTAS",
    "NCCL_MAX_NCHANNELS",
    "NCCL_MIN_CTAS",
    "NCCL_MIN_NCHANNELS",
    "NCCL_MNNVL_ENABLE",
    "NCCL_MULTI_RANK_GPU_ENABLE",
    "NCCL_NET",
    "NCCL_NET_GDR_LEVEL",
    "NCCL_NET_GDR_READ",
    "NCCL_NET_PLUGIN",
    "NCCL_NSOCKS_PERTHREAD",
    "NCCL_NTHREADS",
    "NCCL_NVLS_ENABLE",
    "NCCL_OOB_NET_IFNAME",
    "NCCL_P2P_DISABLE",
    "NCCL_P2P_LEVEL",
    "NCCL_PROTO",
    "NCCL_PXN_DISABLE",
    "NCCL_SHM_DISABLE",
    "NCCL_SOCKET_FAMILY",
    "NCCL_SOCKET_IFNAME",
    "NCCL_SOCKET_NTHREADS",
    "NCCL_TOPO_FILE",
    "NCCL_TUNER_PLUGIN",
    "NEUWARE_HOME",
    "NODE_RANK",
    "NPROC_PER_NODE",
    "NVIDIA_DISABLE_REQUIRE",
    "NVIDIA_DRIVER_CAPABILITIES",
    "NVIDIA_REQUIRE_CUDA",
    "NVIDIA_TF32_OVERRIDE",
    "NVIDIA_VISIBLE_DEVICES",
    "NVTE_FLASH_ATTN",
    "NVTE_FUSED_ATTN",
    "OMP_NUM_THREADS",
    "ONEAPI_DEVICE_SELECTOR",
    "PYTHONHASHSEED",
    "PYTHONHOME",
    "PYTHONNOUSERSITE",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "PYTHONUSERBASE",
    "PYTORCH_ALLOC_CONF",
    "PYTORCH_CUDA_ALLOC_CONF",
    "PYTORCH_ENABLE_MPS_FALLBACK",
    "PYTORCH_HIP_ALLOC_CONF",
    "PYTORCH_JIT",
    "PYTORCH_NO_CUDA_MEMORY_CACHING",
    "PYTORCH_NPU_ALLOC_CONF",
    "PYTORCH_NVML_BASED_CUDA_CHECK",
    "PYTORCH_ROCM_ARCH",
    "RANK",
    "ROCM_HOME",
    "ROCM_PATH",
    "ROCR_VISIBLE_DEVICES",
    "SENSITIVE_LAYER_DTYPE",
    "SLURM_GPUS_ON_NODE",
    "SLURM_GPUS_PER_TASK",
    "SLURM_JOB_GPUS",
    "SLURM_JOB_NUM_NODES",
    "SLURM_LOCALID",
    "SLURM_NNODES",
    "SLURM_NODEID",
    "SLURM_NTASKS",
    "SLURM_NTASKS_PER_NODE",
    "SLURM_PROCID",
    "SLURM_STEP_GPUS",
    "TORCHINDUCTOR_CACHE_DIR",
    "TORCHINDUCTOR_COMPILE_THREADS",
    "TORCHINDUCTOR_MAX_AUTOTUNE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
    "TORCH_BLAS_PREFER_CUBLASLT",
    "TORCH_COMPILE_DISABLE",
    "TORCH_CUDA_ARCH_LIST",
    "TORCH_CUDNN_SDPA_DEPRIORITIZED",
    "TORCH_CUDNN_SDPA_ENABLED",
    "TORCH_CUDNN_SDPA_NESTED_TENSOR_ENABLED",
    "TORCH_CUDNN_SDPA_PREFERRED",
    "TORCH_DISTRIBUTED_DEBUG",
    "TORCH_EXTENSIONS_DIR",
    "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",
    "TORCH_FORCE_WEIGHTS_ONLY_LOAD",
    "TORCH_HOME",
    "TORCH_LOGS",
    "TORCH_NCCL_ASYNC_ERROR_HANDLING",
    "TORCH_NCCL_AVOID_RECORD_STREAMS",
    "TORCH_NCCL_BLOCKING_WAIT",
    "TORCH_NCCL_ENABLE_MONITORING",
    "TORCH_NCCL_HEARTBEAT_TIMEOUT_SEC",
    "TORCH_ROCM_AOTRITON_ENABLE_EXPERIMENTAL",
    "TORCH_SHOW_CPP_STACKTRACES",
    "TRANSFORMERS_CACHE",
    "TRANSFORMERS_OFFLINE",
    "TRITON_CACHE_DIR",
    "TRITON_PTXAS_PATH",
    "USE_FLASH_ATTENTION",
    "USE_MEM_EFF_ATTENTION",
    "UV_PROJECT_ENVIRONMENT",
    "VIRTUAL_ENV",
    "WORLD_SIZE",
    "XDIT_FBCACHE_THRESH",
    "XDIT_LOGGING_LEVEL",
    "XFORMERS_DISABLED",
    "XFORMERS_ENABLE_TRITON",
    "XFORMERS_FORCE_DISABLE_TRITON",
    "XFORMERS_IGNORE_FLASH_VERSION_CHECK",
    "XFORMERS_MORE_DETAILS",
    "XFUSER_AITER_FP8_STATIC_SCALE_WITH_DESCALE",
    "XFUSER_AITER_SAGE_V2_BLOCK_R",
    "XPU_VISIBLE_DEVICES",
    "ZES_ENABLE_SYSMAN",
    "ZE_AFFINITY_MASK",
});
static_assert(std::is_sorted(k_allowed.begin(), k_allowed.end()));

/// Where NCCL looks for variables that are not set: the user's file first (misc/param.cc).
std::vector<std::string> nccl_files(const System& system) {
  std::vector<std::string> files;
  if (auto named = system.env("NCCL_CONF_FILE"); named && named->starts_with('/')) {
    files.push_back(*std::move(named));
  } else if (const auto home = system.env("HOME"); home && home->starts_with('/')) {
    files.push_back(*home + "/.nccl.conf");
  }
  files.emplace_back("/etc/nccl.conf");
  return files;
}

/// Lines NAME=value; a variable that is set already stays as it is.
void add_settings(const System& system, const std::string& path, EnvironmentFacts& facts) {
  const auto text = system.read(path);
  if (!text) return;
  for (const std::string_view line : split_lines(*text)) {
    const std::size_t equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string name(trim(line.substr(0, equals)));
    if (!name.starts_with("NCCL_") || !is_allowed_environment_variable(name)) continue;
    facts.try_emplace(name, known(printable(trim(line.substr(equals + 1)), 256), path));
  }
}

}  // namespace

std::span<const std::string_view> allowed_environment_variables() { return k_allowed; }

bool is_allowed_environment_variable(std::string_view name) {
  return std::binary_search(k_allowed.begin(), k_allowed.end(), name);
}

EnvironmentFacts probe_environment(const System& system) {
  EnvironmentFacts facts;
  for (const std::string_view allowed : k_allowed) {
    const std::string name(allowed);
    if (auto value = read_variable(system, name); value.is_known()) facts.emplace(name, std::move(value));
  }
  for (const std::string& path : nccl_files(system)) add_settings(system, path, facts);
  return facts;
}

}  // namespace diffcheck
