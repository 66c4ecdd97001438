#include "probe/container.h"

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "probe/mounts.h"
#include "probe/own_status.h"
#include "probe/read_fact.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

struct Sign {
  std::string runtime;  ///< Empty when the sign does not tell which.
  std::string source;
};

struct Mark {
  std::string_view where;
  std::string_view runtime;
};

// What a runtime sets or leaves in its containers. The more specific comes first: Kubernetes runs on top of the others.
constexpr std::array k_variables = {
    Mark{"KUBERNETES_SERVICE_HOST", "kubernetes"},
    Mark{"APPTAINER_CONTAINER", "apptainer"},
    Mark{"SINGULARITY_CONTAINER", "apptainer"},
    Mark{"SINGULARITY_NAME", "apptainer"},
};
constexpr std::array k_files = {
    Mark{"/var/run/secrets/kubernetes.io", "kubernetes"},
    Mark{"/.singularity.d", "apptainer"},
    Mark{"/run/.containerenv", "podman"},
    Mark{"/.dockerenv", "docker"},
};
// Words in group names and in the paths of overlay layers.
constexpr std::array k_words = {
    Mark{"kubepods", "kubernetes"}, Mark{"libpod", "podman"},         Mark{"containers/storage", "podman"},
    Mark{"docker", "docker"},       Mark{"containerd", "containerd"}, Mark{"lxc", "lxc"},
    Mark{"garden", "garden"},
};

std::optional<Sign> sign_in_environment(const System& system) {
  for (const Mark& mark : k_variables) {
    if (system.env(std::string(mark.where))) return Sign{std::string(mark.runtime), "environment"};
  }
  return std::nullopt;
}

std::optional<Sign> sign_in_files(const System& system) {
  for (const Mark& mark : k_files) {
    if (system.exists(std::string(mark.where))) return Sign{std::string(mark.runtime), std::string(mark.where)};
  }
  return std::nullopt;
}

/// The container interface of systemd: a variable for process 1 and its children, or a file for the others.
std::optional<Sign> sign_of_systemd(const System& system) {
  if (const auto name = system.env("container"); name && !name->empty()) return Sign{*name, "environment"};
  const auto file = read_text(system, "/run/systemd/container");
  return file.is_known() ? std::optional(Sign{file.value(), file.source()}) : std::nullopt;
}

std::optional<Sign> sign_in_text(std::string_view text, const std::string& source) {
  for (const Mark& mark : k_words) {
    if (text.find(mark.where) != std::string_view::npos) return Sign{std::string(mark.runtime), source};
  }
  return std::nullopt;
}

std::optional<Sign> sign_in_root_mount(const Result<MountTable>& table) {
  if (!table) return std::nullopt;
  const Mount* root = mount_of(table->mounts, "/");
  if (root == nullptr || (root->filesystem != "overlay" && root->filesystem != "aufs")) return std::nullopt;
  for (const std::string& option : root->super_options) {
    if (auto sign = sign_in_text(option, table->source)) return sign;
  }
  return Sign{{}, table->source};
}

/// gVisor answers in place of Linux, with a version text of its own that has not changed since its first release.
std::optional<Sign> sign_of_gvisor(const System& system) {
  const auto version = read_text(system, "/proc/version");
  if (!version.is_known()) return std::nullopt;
  const std::string_view text = version.value();
  const bool is_gvisor = text.find("gVisor") != std::string_view::npos ||
                         text.find("#1 SMP Sun Jan 10 15:06:54 PST 2016") != std::string_view::npos;
  return is_gvisor ? std::optional(Sign{"gvisor", version.source()}) : std::nullopt;
}

Fact<bool> has_sys_nice(const System& system) {
  const auto text = own_status(system, "CapEff");
  if (!text) return unknown<bool>(text.error());
  constexpr unsigned k_cap_sys_nice = 23;  // include/uapi/linux/capability.h
  const auto set = parse_hexadecimal(*text);
  if (!set) return unknown<bool>(k_own_status_path, "expected a number, found " + quote(*text));
  return known((*set >> k_cap_sys_nice & 1U) != 0, k_own_status_path);
}

/// Images of CUDA say for which they were made: "12.4.1". What they hold of it is of one minor version.
Fact<Version> image_cuda_version(const System& system) {
  const Fact<std::string> text = read_variable(system, "CUDA_VERSION");
  if (!text.is_known())
    return text.is_absent() ? absent<Version>(text.source()) : unknown<Version>(text.source(), text.why());
  const auto version = Version::parse(text.value());
  if (!version || version->release().size() < 2)
    return unknown<Version>(text.source(), "expected a CUDA version, found " + quote(text.value()));
  return known(version->minor(), text.source());
}

}  // namespace

ContainerFacts probe_container(const System& system) {
  ContainerFacts facts;
  facts.nvidia_visible_devices = read_variable(system, "NVIDIA_VISIBLE_DEVICES");
  facts.nvidia_driver_capabilities = read_variable(system, "NVIDIA_DRIVER_CAPABILITIES");
  facts.sys_nice = has_sys_nice(system);
  facts.image_cuda_version = image_cuda_version(system);

  const std::string groups_path = "/proc/1/cgroup";
  const auto groups = system.read(groups_path);
  const auto mounts = read_mounts(system);
  std::optional<Sign> sign = sign_in_environment(system);
  if (!sign) sign = sign_in_files(system);
  if (!sign) sign = sign_of_systemd(system);
  if (!sign && groups) sign = sign_in_text(*groups, groups_path);
  if (!sign) sign = sign_of_gvisor(system);
  if (!sign) sign = sign_in_root_mount(mounts);

  if (sign) {
    facts.inside = known(true, sign->source);
    facts.runtime =
        sign->runtime.empty()
            ? unknown<std::string>(sign->source, "the root folder is an overlay, but nothing names the runtime")
            : known(sign->runtime, sign->source);
  } else if (groups || mounts) {
    facts.inside = known(false, mounts ? mounts->source : groups_path);
    facts.runtime = absent<std::string>(facts.inside.source());
  } else {
    facts.inside = unknown<bool>(mounts.error());
    facts.runtime = unknown<std::string>(mounts.error());
  }
  return facts;
}

}  // namespace diffcheck
