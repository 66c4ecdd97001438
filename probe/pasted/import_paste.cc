#include "probe/pasted/import_paste.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "probe/pasted/collect_env.h"
#include "probe/pasted/comfyui_log.h"
#include "probe/pasted/environment_list.h"
#include "probe/pasted/gpu_list.h"
#include "probe/pasted/lscpu.h"
#include "probe/pasted/nccl_topology.h"
#include "probe/pasted/npu_smi.h"
#include "probe/pasted/package_list.h"
#include "probe/pasted/rocm_smi.h"
#include "probe/pasted/rocminfo.h"
#include "probe/pasted/settle.h"
#include "probe/pasted/shell_variables.h"
#include "probe/pasted/smi_csv.h"
#include "probe/pasted/smi_log.h"
#include "probe/pasted/smi_peers.h"
#include "probe/pasted/smi_table.h"
#include "probe/pasted/smi_topology.h"
#include "probe/pasted/xformers_info.h"

namespace diffcheck::pasted {
namespace {

std::vector<Part> parts_of(const std::vector<SmiLog>& logs, const std::string& format) {
  std::vector<Part> parts;
  for (const SmiLog& log : logs) parts.push_back(part_of(log, format));
  return parts;
}

std::vector<Part> read_smi_xml(const Text& text) { return parts_of(read_smi_query_xml(text), "nvidia-smi -q -x"); }
std::vector<Part> read_smi_query(const Text& text) { return parts_of(read_smi_query_text(text), "nvidia-smi -q"); }

/// Most exact first. A tool that failed is believed before one that worked: it is why people wrote.
constexpr std::array<std::vector<Part> (*)(const Text&), 21> k_readers = {
    read_smi_failures,   read_smi_xml,         read_smi_query,     read_smi_csv,       read_smi_tables,
    read_gpu_lists,      read_rocm_smi,        read_rocminfo,      read_npu_smi,       read_smi_topologies,
    read_smi_peers,      read_nccl_topologies, read_collect_env,   read_xformers_info, read_environment_lists,
    read_comfyui_logs,   read_package_tables,  read_package_shows, read_freezes,       read_lscpu,
    read_shell_variables};

/// The same lines read as two formats: `pip freeze` under its command.
bool is_inside(const Part& part, const std::vector<Part>& others) {
  return std::ranges::any_of(others, [&](const Part& other) {
    return other.format.starts_with("pip") && part.format.starts_with("pip") && other.first_line <= part.first_line &&
           part.last_line <= other.last_line;
  });
}

}  // namespace

std::string_view understood_formats() {
  return "torch collect_env (also vLLM's), diffusers-cli env, transformers env, accelerate env, python -m "
         "xformers.info, "
         "nvidia-smi (table, -L, -q, -q -x, --query-gpu, topo -m, topo -p2p), NCCL_TOPO_DUMP_FILE, rocm-smi, rocminfo, "
         "npu-smi info, pip "
         "list, pip freeze, pip show, conda list, lscpu, ComfyUI's log and error report, variables set in a shell";
}

PasteImport import_paste(std::string_view pasted_text) {
  PasteImport result;
  const Text text = clean_text(pasted_text);
  result.is_cut = text.is_cut;
  std::vector<Part> parts;
  for (const auto read : k_readers) {
    std::vector<Part> read_parts = read(text);
    std::erase_if(read_parts, [&](const Part& part) { return part.is_empty() || is_inside(part, parts); });
    std::ranges::move(read_parts, std::back_inserter(parts));
  }
  result.snapshot =
      settled(merge_parts(parts, result.disagreements), std::ranges::any_of(parts, &Part::lists_conda_torch));
  for (const Part& part : parts) result.found.push_back({part.format, part.first_line, part.last_line});
  std::ranges::stable_sort(result.found, {}, &FoundReport::first_line);
  return result;
}

}  // namespace diffcheck::pasted
