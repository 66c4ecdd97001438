#include "rules/kernel_findings.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "rules/attention.h"
#include "rules/judged_finding.h"
#include "rules/layout.h"
#include "rules/untold_kernel.h"

namespace diffcheck {
namespace {

using Rows = std::vector<const KernelOnMachine*>;

/// What a kernel says about the GPU itself. Versions that do not fit are told by the findings about packages.
constexpr std::array<std::string_view, 4> k_about_the_gpu = {"kernel-unsupported-arch", "no-kernel-image", "dtype-arch",
                                                             "non-nvidia"};

class KernelFindings {
 public:
  KernelFindings(const JudgedCase& judged, const std::vector<KernelOnMachine>& kernels)
      : judged_(judged), kernels_(kernels) {}

  std::vector<Finding> all() {
    pinned();
    engine_pick_without_model();
    if (findings_.empty()) installed();
    return std::move(findings_);
  }

 private:
  /// Of that kernel, in the dtype that the user fixed or in any.
  Rows rows_of(const std::string& kernel) const {
    const auto dtype = judged_.request.pin("dtype");
    Rows rows;
    for (const KernelOnMachine& row : kernels_) {
      if (row.kernel == kernel && (!dtype || row.dtype == *dtype)) rows.push_back(&row);
    }
    return rows;
  }

  static bool refused(const Rows& rows) {
    return !rows.empty() &&
           std::all_of(rows.begin(), rows.end(), [](const KernelOnMachine* row) { return row->verdict == Truth::no; });
  }

  void pinned() {
    const auto kernel = judged_.request.pin("attention");
    if (!kernel) return;
    const Rows rows = rows_of(*kernel);
    const bool runs =
        std::any_of(rows.begin(), rows.end(), [](const KernelOnMachine* row) { return row->verdict == Truth::yes; });
    if (runs || rows.empty() || rows.front()->reasons.empty()) return;
    if (refused(rows)) {
      const Reason* in_every_dtype = common_reason(rows, [](const Reason&) { return true; });
      const Reason& reason = in_every_dtype != nullptr ? *in_every_dtype : rows.front()->reasons.front();
      findings_.push_back(refused_pin(judged_, *kernel, reason, what_runs()));
    } else if (const auto open = std::find_if(rows.begin(), rows.end(), may_run); open != rows.end()) {
      findings_ =
          untold_kernel(judged_, *find_entry(judged_.knowledge.kernels, *kernel), (*open)->reasons, what_runs());
    }
  }

  static bool may_run(const KernelOnMachine* row) { return row->verdict == Truth::unknown && !row->reasons.empty(); }

  void engine_pick_without_model() {
    if (judged_.variant == nullptr || judged_.model != nullptr) return;
    const auto options = dtype_options(judged_);
    if (options.empty()) return;
    const EngineDefault by_itself = engine_default(judged_, options.front().dtype, requested_layout(judged_.request));
    if (by_itself.verdict == Truth::no) findings_.push_back(refused_default(judged_, by_itself, what_runs(), {}));
  }

  /// A package that imports although none of its kernels runs is what engines and people stumble over.
  void installed() {
    if (!torch_runs()) return;
    std::vector<std::string> told;
    for (const Kernel& kernel : judged_.knowledge.kernels) {
      if (std::find(told.begin(), told.end(), kernel.package) != told.end() || !is_installed(kernel.package)) continue;
      told.push_back(kernel.package);
      if (const Reason* reason = refusal_of(kernel.package)) add_installed(kernel.package, *reason);
    }
  }

  /// Whether anything of torch's own does; else torch is what has to be told about.
  bool torch_runs() const {
    return std::any_of(kernels_.begin(), kernels_.end(), [&](const KernelOnMachine& row) {
      return row.verdict != Truth::no && find_entry(judged_.knowledge.kernels, row.kernel)->package.empty();
    });
  }

  bool is_installed(const std::string& package) const {
    const auto found = judged_.snapshot.packages.find(package);
    return !package.empty() && found != judged_.snapshot.packages.end() && found->second.version.is_known();
  }

  /// Why no kernel of the package runs on the GPU, by the kernel that the installed release holds; nullptr where one
  /// may run, or where the GPU is not the reason.
  const Reason* refusal_of(const std::string& package) const {
    const Reason* decisive = nullptr;
    for (const Kernel& kernel : judged_.knowledge.kernels) {
      if (kernel.package != package || !kernel.dispatch.empty()) continue;
      const Rows rows = rows_of(kernel.id);
      if (!refused(rows)) return nullptr;
      if (!holds(kernel, *rows.front())) continue;
      const Reason* about_gpu = common_reason(rows, [&](const Reason& reason) { return is_about_gpu(reason); });
      if (about_gpu == nullptr) return nullptr;
      if (decisive == nullptr) decisive = about_gpu;
    }
    return decisive;
  }

  /// The installed release is one that brings this kernel.
  static bool holds(const Kernel& kernel, const KernelOnMachine& row) {
    return std::none_of(row.reasons.begin(), row.reasons.end(), [&](const Reason& reason) {
      return reason.truth == Truth::no && reason.condition == kernel.id + "/package";
    });
  }

  bool is_about_gpu(const Reason& reason) const {
    const std::string category = category_of(judged_, reason, "");
    return std::find(k_about_the_gpu.begin(), k_about_the_gpu.end(), category) != k_about_the_gpu.end();
  }

  /// The first refusal of that kind that stands in every dtype, so that no choice of dtype helps.
  template <class IsWanted>
  static const Reason* common_reason(const Rows& rows, const IsWanted& is_wanted) {
    for (const Reason& reason : rows.front()->reasons) {
      const auto stands_in = [&](const KernelOnMachine* row) {
        return std::any_of(row->reasons.begin(), row->reasons.end(), [&](const Reason& other) {
          return other.truth == Truth::no && other.condition == reason.condition;
        });
      };
      const bool is_refusal = reason.truth == Truth::no && is_wanted(reason);
      if (is_refusal && std::all_of(rows.begin(), rows.end(), stands_in)) return &reason;
    }
    return nullptr;
  }

  void add_installed(const std::string& package, const Reason& reason) {
    const std::string version = judged_.snapshot.packages.at(package).version.value().text();
    Finding finding = finding_about(judged_, "installed-kernel-refused",
                                    {{"package", same_in_both(package + " " + version)},
                                     {"reason", text_with_error(reason)},
                                     {"way_out", what_runs()}});
    finding.category = category_of(judged_, reason, finding.category);
    add_reason(finding, reason);
    findings_.push_back(std::move(finding));
  }

  /// "These run here: sdpa-flash, sdpa-math."
  Message what_runs() const {
    std::vector<std::string> running;
    for (const KernelOnMachine& row : kernels_) {
      const bool is_listed = !running.empty() && running.back() == row.kernel;
      if (row.verdict == Truth::yes && !is_listed) running.push_back(row.kernel);
    }
    if (running.empty()) return say(judged_.knowledge, may_any_run() ? "way-out-unknown" : "way-out-none");
    std::string names;
    for (const std::string& kernel : running) names += (names.empty() ? "" : ", ") + kernel;
    return say(judged_.knowledge, "way-out-kernels", {{"kernels", names}});
  }

  bool may_any_run() const {
    return std::any_of(kernels_.begin(), kernels_.end(),
                       [](const KernelOnMachine& row) { return row.verdict != Truth::no; });
  }

  const JudgedCase& judged_;
  const std::vector<KernelOnMachine>& kernels_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> kernel_findings(const JudgedCase& judged, const std::vector<KernelOnMachine>& kernels) {
  return KernelFindings(judged, kernels).all();
}

}  // namespace diffcheck
