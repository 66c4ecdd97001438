#include "probe/pasted/smi_log.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "probe/pci_address.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

constexpr std::size_t k_most_instances = 64;

bool says_nothing(std::string_view text) {
  return text.empty() || text == "N/A" || text == "[N/A]" || text.starts_with("Unknown Error") || text == "ERR!" ||
         text.starts_with("Requested functionality");
}

std::string kebab(std::string_view text) {
  std::string result = lower_case(trim(text));
  std::ranges::replace(result, ' ', '-');
  return result;
}

/// Reads facts of one GPU out of its values. Each path is given as `-q` and as `-q -x` spell it.
class GpuReader {
 public:
  GpuReader(const SmiGpu& gpu, Part& part) : gpu_(gpu), part_(part) {}

  GpuFacts read() {
    facts_.vendor = known<std::string>("nvidia", part_.take(gpu_.line));
    read_identity();
    read_memory();
    read_pcie();
    read_health();
    read_errors();
    read_mig();
    return std::move(facts_);
  }

 private:
  using Paths = std::initializer_list<std::string_view>;

  /// Sets `fact` by what `parse` makes of the text; unknown where it makes nothing of it.
  template <class T>
  void set(Fact<T>& fact, Paths paths, auto&& parse) {
    const SmiValue* value = gpu_.find(paths);
    if (value == nullptr) return;
    const std::string source = part_.take(value->line);
    if (std::optional<T> parsed = parse(std::string_view(value->text))) {
      fact = known(*std::move(parsed), source);
    } else {
      fact = unknown<T>(source, "not understood: " + quote(value->text));
    }
  }

  void set_text(Fact<std::string>& fact, Paths paths) {
    set(fact, paths, [](std::string_view text) { return std::optional(printable(text, 256)); });
  }
  void set_bytes(Fact<Bytes>& fact, Paths paths) { set(fact, paths, parse_mebibytes); }
  void set_enabled(Fact<bool>& fact, Paths paths) {
    set(fact, paths, [](std::string_view text) -> std::optional<bool> {
      if (text == "Enabled" || text == "Yes") return true;
      if (text == "Disabled" || text == "No") return false;
      return std::nullopt;
    });
  }
  /// "16x" and "4"
  void set_count(Fact<std::int64_t>& fact, Paths paths) {
    set(fact, paths, [](std::string_view text) {
      if (text.ends_with('x')) text.remove_suffix(1);
      return whole_number(text);
    });
  }
  void set_watts(Fact<double>& fact, Paths paths) {
    set(fact, paths, [](std::string_view text) { return text.ends_with('W') ? parse_watts(text) : std::nullopt; });
  }
  /// "0x233010DE" or "233010DE", device before vendor -> "10de:2330".
  void set_pci_id(Fact<std::string>& fact, Paths paths) {
    set(fact, paths, [](std::string_view text) -> std::optional<std::string> {
      const auto both = parse_hexadecimal(text);
      if (!both || *both > 0xffffffffU) return std::nullopt;
      return pci_id(static_cast<std::uint32_t>(*both & 0xffffU), static_cast<std::uint32_t>(*both >> 16));
    });
  }

  void read_identity() {
    set_text(facts_.name, {"product_name"});
    if (const SmiValue* uuid = gpu_.find({"gpu_uuid", "uuid"}); uuid != nullptr)
      facts_.uuid = uuid_fact(uuid->text, part_.take(uuid->line));
    // "Ada Lovelace" -> "ada"
    set(facts_.architecture, {"product_architecture"},
        [](std::string_view text) { return std::optional(lower_case(first_word(text))); });
    const std::string source = part_.take(gpu_.line);
    if (const auto address = normalised_pci_address(gpu_.address)) facts_.pci_bus_id = known(*address, source);
    set_pci_id(facts_.pci_device_id, {"pci/device_id", "pci/pci_device_id"});
    // Masked, where the vendor is another.
    if (facts_.pci_device_id.is_known() && !facts_.pci_device_id.value().starts_with("10de:"))
      facts_.pci_device_id = unknown<std::string>(facts_.pci_device_id.source(), "not NVIDIA's");
    set_pci_id(facts_.pci_subsystem_id, {"pci/sub_system_id", "pci/pci_sub_system_id"});
  }

  void read_memory() {
    GpuMemoryFacts& memory = facts_.memory;
    set_bytes(memory.total_bytes, {"fb_memory_usage/total"});
    set_bytes(memory.reserved_bytes, {"fb_memory_usage/reserved"});
    set_bytes(memory.used_bytes, {"fb_memory_usage/used"});
    set_bytes(memory.free_bytes, {"fb_memory_usage/free"});
    set_bytes(memory.bar1_total_bytes, {"bar1_memory_usage/total"});
  }

  void read_pcie() {
    set_count(facts_.pcie.generation,
              {"pci/gpu_link_info/pcie_generation/current", "pci/pci_gpu_link_info/pcie_gen/current_link_gen"});
    set_count(facts_.pcie.max_generation,
              {"pci/gpu_link_info/pcie_generation/max", "pci/pci_gpu_link_info/pcie_gen/max_link_gen"});
    set_count(facts_.pcie.width,
              {"pci/gpu_link_info/link_width/current", "pci/pci_gpu_link_info/link_widths/current_link_width"});
    set_count(facts_.pcie.max_width,
              {"pci/gpu_link_info/link_width/max", "pci/pci_gpu_link_info/link_widths/max_link_width"});
  }

  void read_health() {
    GpuHealthFacts& health = facts_.health;
    set(health.compute_mode, {"compute_mode"}, [](std::string_view text) {
      std::string mode = kebab(text);
      std::ranges::replace(mode, '-', '_');
      std::ranges::transform(mode, mode.begin(),
                             [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
      return std::optional(mode);
    });
    set_enabled(health.persistence_mode, {"persistence_mode"});
    set_enabled(health.ecc_enabled, {"ecc_mode/current", "ecc_mode/current_ecc"});
    set_enabled(health.ecc_enabled_after_reboot, {"ecc_mode/pending", "ecc_mode/pending_ecc"});
    set_enabled(health.row_remap_pending, {"remapped_rows/pending", "remapped_rows/remapped_row_pending"});
    set_enabled(health.row_remap_failed,
                {"remapped_rows/remapping_failure_occurred", "remapped_rows/remapped_row_failure"});
    const auto as_kebab = [](std::string_view text) { return std::optional(kebab(text)); };
    set(health.recovery_action, {"gpu_recovery_action"}, as_kebab);
    set(health.fabric_state, {"fabric/state"}, as_kebab);
    set_text(health.fabric_cluster_uuid, {"fabric/clusteruuid", "fabric/cluster_uuid"});
    set_count(health.fabric_clique_id, {"fabric/cliqueid", "fabric/clique_id"});
    set_watts(health.power_limit_watts, {"gpu_power_readings/current_power_limit", "gpu_power_readings/power_limit",
                                         "power_readings/enforced_power_limit"});
    set_watts(health.power_default_limit_watts,
              {"gpu_power_readings/default_power_limit", "power_readings/default_power_limit"});
    read_throttling();
  }

  void read_throttling() {
    constexpr std::array<std::string_view, 2> groups = {"clocks_event_reasons/", "clocks_throttle_reasons/"};
    std::vector<std::string> active;
    std::string source;
    for (const SmiValue& value : gpu_.values) {
      const bool is_reason = std::ranges::any_of(groups, [&](auto group) { return value.path.starts_with(group); });
      if (!is_reason || says_nothing(value.text)) continue;
      source = part_.take(value.line);
      if (value.text == "Active") active.push_back(reason_of(value.path));
    }
    if (!source.empty()) facts_.health.throttle_reasons = known(std::move(active), source);
  }

  /// ".../clocks_event_reason_gpu_idle" and ".../idle" -> "gpu-idle", as NVML's names are spelt elsewhere.
  static std::string reason_of(std::string_view path) {
    path = path.substr(path.rfind('/') + 1);
    for (const std::string_view prefix : {"clocks_event_reason_", "clocks_throttle_reason_"}) {
      if (path.starts_with(prefix)) path.remove_prefix(prefix.size());
    }
    std::string reason(path);
    std::ranges::replace(reason, '_', '-');
    if (reason == "idle") return "gpu-idle";
    if (reason == "display-clocks-setting") return "display-clock-setting";
    return reason;
  }

  /// The sum of what the GPU counts as uncorrectable since its last reset.
  void read_errors() {
    std::int64_t sum = 0;
    std::string source;
    for (const SmiValue& value : gpu_.values) {
      constexpr std::string_view group = "ecc_errors/volatile/";
      if (!value.path.starts_with(group)) continue;
      const std::string_view name = std::string_view(value.path).substr(group.size());
      const bool counts = name.find("uncorrectable") != std::string_view::npos || name == "double_bit/total";
      const auto count = counts ? parse_integer<std::int32_t>(value.text) : std::nullopt;
      if (!count || *count < 0) continue;
      sum += *count;
      source = part_.take(value.line);
    }
    if (!source.empty()) facts_.health.ecc_uncorrected_volatile = known(sum, source);
  }

  void read_mig() {
    set_enabled(facts_.mig.enabled, {"mig_mode/current", "mig_mode/current_mig"});
    set_enabled(facts_.mig.enabled_after_reset, {"mig_mode/pending", "mig_mode/pending_mig"});
    for (const SmiValue& value : gpu_.values) {
      const std::size_t at = value.path.find("mig_device/");
      if (at != std::string::npos) read_instance(std::string_view(value.path).substr(at + 11), value);
    }
  }

  void read_instance(std::string_view name, const SmiValue& value) {
    auto& instances = facts_.mig.instances;
    if (name == "index" && instances.size() < k_most_instances) instances.emplace_back();
    if (instances.empty()) return;
    MigInstanceFacts& instance = instances.back();
    const std::string source = part_.take(value.line);
    const auto number = whole_number(value.text);
    if (name == "gpu_instance_id" && number) instance.gpu_instance = known(*number, source);
    if (name == "compute_instance_id" && number) instance.compute_instance = known(*number, source);
    if (name == "fb_memory_usage/total" || name == "shared_fb_memory_usage/total")
      instance.memory_bytes = mebibytes_fact(value.text, source);
  }

  const SmiGpu& gpu_;
  Part& part_;
  GpuFacts facts_;
};

void read_driver(const SmiLog& log, Part& part) {
  NvidiaDriverFacts& driver = part.facts.drivers.nvidia;
  for (const SmiValue& value : log.values) {
    if (says_nothing(value.text)) continue;
    const std::string source = part.take(value.line);
    // Since 610 the kernel's and the user's side have a version each.
    if (value.path == "driver_version" || value.path == "kmd_version")
      driver.version = version_fact(value.text, source);
    if (value.path == "cuda_version" || value.path == "cuda_umd_version")
      driver.cuda_version = version_fact(value.text, source);
    if (value.path == "attached_gpus") {
      if (const auto count = whole_number(value.text)) driver.nvml_gpus = known(*count, source);
    }
  }
}

}  // namespace

const SmiValue* SmiGpu::find(std::initializer_list<std::string_view> paths) const {
  for (const std::string_view path : paths) {
    for (const SmiValue& value : values) {
      if (value.path == path && !says_nothing(value.text)) return &value;
    }
  }
  return nullptr;
}

Part part_of(const SmiLog& log, const std::string& format) {
  Part part(format);
  const std::string source = part.take(log.first_line);
  part.take(log.last_line);
  NvidiaDriverFacts& driver = part.facts.drivers.nvidia;
  driver.nvml_status = known<std::string>("ok", source);
  read_driver(log, part);
  // `-q -i 1` shows one of several.
  const bool is_all =
      driver.nvml_gpus.is_known() && driver.nvml_gpus.value() == static_cast<std::int64_t>(log.gpus.size());
  if (is_all) part.facts.complete.gpus = known(true, driver.nvml_gpus.source());
  for (std::size_t i = 0; i < log.gpus.size(); ++i) {
    Gpu gpu;
    if (is_all) gpu.index = static_cast<std::int64_t>(i);
    gpu.facts = GpuReader(log.gpus[i], part).read();
    part.gpus.push_back(std::move(gpu));
  }
  return part;
}

}  // namespace diffcheck::pasted
