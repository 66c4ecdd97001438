#include "report/text_machine.h"

#include <algorithm>
#include <numeric>

#include "report/fact_text.h"
#include "report/text_memory.h"
#include "rules/node_set.h"

namespace diffcheck {
namespace {

/// Known parts of a row joined; unknown ones named with their reason, absent ones left out.
class Parts {
 public:
  explicit Parts(const Phrases& words) : words_(words) {}

  template <class T>
  Parts& add(const Fact<T>& fact, const std::string& key = "%1") {
    if (fact.is_known()) {
      const std::string value = to_text(Value(fact.value()));
      parts_.push_back(key == "%1" ? value : words_(key, {value}));
      any_known_ = true;
    } else if (fact.is_unknown() && !fact.is_unset()) {
      unknown_ = unknown_.empty() ? words_.unknown(fact.why()) : unknown_;
    }
    return *this;
  }

  Mark mark() const { return any_known_ ? Mark::good : unknown_.empty() ? Mark::plain : Mark::unknown; }
  std::string text() const {
    if (any_known_) return joined(parts_);
    return unknown_.empty() ? words_("not-looked-for") : unknown_;
  }

 private:
  const Phrases& words_;
  std::vector<std::string> parts_;
  std::string unknown_;
  bool any_known_ = false;
};

void write_row(Page& page, const Phrases& words, const std::string& label, const Parts& parts) {
  page.row(parts.mark(), words(label), parts.text());
}

/// The one fact that a row stands or falls with: known, absent or unknown, each said so.
template <class T>
void write_missing(Page& page, const Phrases& words, const std::string& label, const Fact<T>& fact,
                   const std::string& absent_key) {
  page.row(fact.is_absent() ? Mark::plain : Mark::unknown, words(label),
           fact.is_absent() ? words(absent_key) : words.unknown(fact.why()));
}

void write_system(Page& page, const Snapshot& snapshot, const Phrases& words) {
  Parts os(words);
  os.add(snapshot.os.distribution.is_known() ? snapshot.os.distribution : snapshot.os.name).add(snapshot.os.version);
  os.add(snapshot.os.kernel, "os.kernel").add(snapshot.os.machine).add(snapshot.os.glibc, "os.glibc");
  if (snapshot.container.inside.is_known() && snapshot.container.inside.value())
    os.add(snapshot.container.runtime, "os.container");
  write_row(page, words, "machine.os", os);

  Parts cpu(words);
  cpu.add(snapshot.cpu.model).add(snapshot.cpu.sockets, "cpu.sockets").add(snapshot.cpu.physical_cores, "cpu.cores");
  cpu.add(snapshot.cpu.usable_cpus, "cpu.usable")
      .add(snapshot.cpu.quota_cpus, "cpu.quota")
      .add(snapshot.cpu.psabi_level);
  write_row(page, words, "machine.cpu", cpu);

  Parts memory(words);
  memory.add(snapshot.memory.total_bytes).add(snapshot.memory.available_bytes, "memory.available");
  memory.add(snapshot.memory.limit_bytes, "memory.limit");
  write_row(page, words, "machine.memory", memory);
}

/// GPUs of one kind in a row: nobody reads eight equal lines.
struct GpuGroup {
  std::size_t first = 0;
  std::size_t count = 1;
};

bool look_alike(const GpuFacts& left, const GpuFacts& right) {
  const auto same_text = [](const auto& a, const auto& b) {
    return a.is_known() && b.is_known() && a.value() == b.value();
  };
  return same_text(left.name, right.name) && left.visible.is_known() == right.visible.is_known() &&
         (!left.visible.is_known() || left.visible.value() == right.visible.value()) &&
         same_text(left.memory.total_bytes, right.memory.total_bytes);
}

std::vector<GpuGroup> grouped(const std::vector<GpuFacts>& gpus) {
  std::vector<GpuGroup> groups;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    if (!groups.empty() && look_alike(gpus[groups.back().first], gpus[i])) {
      ++groups.back().count;
    } else {
      groups.push_back({i, 1});
    }
  }
  return groups;
}

/// What the fullest GPU of the group has free.
Fact<Bytes> least_free(const std::vector<GpuFacts>& gpus, const GpuGroup& group) {
  Fact<Bytes> least = gpus[group.first].memory.free_bytes;
  for (std::size_t i = group.first; i < group.first + group.count; ++i) {
    const Fact<Bytes>& free = gpus[i].memory.free_bytes;
    if (least.is_known() && free.is_known() && free.value() < least.value()) least = free;
  }
  return least;
}

void write_gpus(Page& page, const Snapshot& snapshot, const Phrases& words) {
  for (const GpuGroup& group : grouped(snapshot.gpus)) {
    const GpuFacts& gpu = snapshot.gpus[group.first];
    Parts parts(words);
    parts.add(gpu.name).add(gpu.compute_capability, "gpu.capability").add(gpu.gfx_target).add(gpu.memory.total_bytes);
    parts.add(least_free(snapshot.gpus, group), group.count == 1 ? "gpu.free" : "gpu.least-free");
    const bool hidden = gpu.visible.is_known() && !gpu.visible.value();
    const std::string last = std::to_string(group.first + group.count - 1);
    const std::string label =
        group.count == 1 ? words("machine.gpu", {last}) : words("machine.gpus", {std::to_string(group.first), last});
    const std::string times = group.count == 1 ? "" : std::to_string(group.count) + " x ";
    page.row(hidden ? Mark::warning : parts.mark(), label,
             times + parts.text() + (hidden ? ", " + words("gpu.hidden") : ""));
  }
  const Fact<bool>& complete = snapshot.complete.gpus;
  const bool sure = complete.is_known() && complete.value();
  if (!sure) {
    page.row(Mark::unknown, words("machine.gpu-list"), words("machine.gpus-incomplete", {complete.why()}));
  } else if (snapshot.gpus.empty()) {
    page.row(Mark::plain, words("machine.gpu-list"), words("machine.no-gpu"));
  }
}

void write_driver(Page& page, const Snapshot& snapshot, const Phrases& words) {
  const NvidiaDriverFacts& nvidia = snapshot.drivers.nvidia;
  if (nvidia.version.is_known()) {
    Parts parts(words);
    parts.add(nvidia.version).add(nvidia.cuda_version, "driver.cuda").add(nvidia.module_flavor, "driver.flavor");
    write_row(page, words, "machine.nvidia-driver", parts);
  } else {
    write_missing(page, words, "machine.nvidia-driver", nvidia.version, "not-installed");
  }
  const AmdDriverFacts& amd = snapshot.drivers.amd;
  if (amd.version.is_known() || amd.rocm_version.is_known()) {
    Parts parts(words);
    parts.add(amd.version).add(amd.rocm_version, "driver.rocm");
    write_row(page, words, "machine.amd-driver", parts);
  }
}

void write_python(Page& page, const Snapshot& snapshot, const Phrases& words) {
  const PythonFacts& python = snapshot.python;
  if (python.version.is_known() || python.executable.is_known()) {
    Parts parts(words);
    parts.add(python.version).add(python.executable);
    write_row(page, words, "machine.python", parts);
  } else {
    write_missing(page, words, "machine.python", python.executable, "not-installed");
  }
}

void write_torch(Page& page, const Snapshot& snapshot, const Phrases& words) {
  const Fact<Version> version = package_version(snapshot, "torch");
  if (!version.is_known()) {
    write_missing(page, words, "machine.torch", version, "not-installed");
    return;
  }
  const PackageFacts& facts = snapshot.packages.at("torch");
  Parts parts(words);
  parts.add(facts.version).add(facts.cuda, "torch.cuda").add(facts.hip, "torch.hip");
  parts.add(snapshot.cuda.cudnn_version, "torch.cudnn").add(snapshot.cuda.nccl_version, "torch.nccl");
  write_row(page, words, "machine.torch", parts);
}

/// Those that some knowledge asks for; torch has its own row.
void write_packages(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  std::vector<std::string> found;
  Fact<Version> missing;
  for (const std::string& name : diagnosis.packages) {
    if (name == "torch") continue;
    const Fact<Version> version = package_version(diagnosis.snapshot, name);
    if (version.is_known()) {
      found.push_back(name + " " + version.value().text());
    } else if (!missing.is_unknown() || missing.is_unset()) {
      missing = version;
    }
  }
  if (!found.empty()) {
    page.row(Mark::good, words("machine.packages"), joined(found));
  } else {
    write_missing(page, words, "machine.packages", missing, "machine.no-packages");
  }
}

/// The dtypes in which a kernel runs, and why it does not in the first where it does not.
struct KernelRow {
  std::string kernel;
  std::vector<std::string> runs;
  std::vector<std::string> may_run;
  std::string why_not;
};

std::vector<KernelRow> kernel_rows(const Diagnosis& diagnosis, const Phrases& words) {
  std::vector<KernelRow> rows;
  for (const KernelOnMachine& entry : diagnosis.kernels) {
    auto row =
        std::find_if(rows.begin(), rows.end(), [&](const KernelRow& other) { return other.kernel == entry.kernel; });
    if (row == rows.end()) row = rows.insert(rows.end(), {entry.kernel, {}, {}, {}});
    if (entry.verdict == Truth::yes) row->runs.push_back(entry.dtype);
    if (entry.verdict == Truth::unknown) row->may_run.push_back(entry.dtype);
    if (row->why_not.empty() && !entry.reasons.empty()) row->why_not = words(entry.reasons.front().text);
  }
  return rows;
}

void write_kernels(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  page.heading(words("kernels.heading"));
  std::vector<std::pair<std::string, std::vector<std::string>>> refused;  // By reason: often it is the same for all.
  for (const KernelRow& row : kernel_rows(diagnosis, words)) {
    if (!row.runs.empty()) {
      page.row(Mark::good, row.kernel, joined(row.runs));
    } else if (!row.may_run.empty()) {
      page.row(Mark::unknown, row.kernel, row.why_not);
    } else {
      auto same =
          std::find_if(refused.begin(), refused.end(), [&](const auto& group) { return group.first == row.why_not; });
      if (same == refused.end()) same = refused.insert(refused.end(), {row.why_not, {}});
      same->second.push_back(row.kernel);
    }
  }
  for (const auto& [reason, kernels] : refused) {
    if (kernels.size() == 1) {
      page.row(Mark::bad, kernels.front(), reason);
    } else {
      page.item(Mark::bad, words("pair", {joined(kernels), reason}));
    }
  }
}

void write_usable_memory(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  const auto known = std::find_if(diagnosis.models.begin(), diagnosis.models.end(),
                                  [](const ModelOnMachine& model) { return model.memory.limit_bytes.has_value(); });
  if (known == diagnosis.models.end()) return;
  page.paragraph(words("models.room", {gibibytes(*known->memory.limit_bytes), known->memory.limit_source}));
}

/// What the engine has to give up for the model to fit; where nothing fits, that is not told.
std::string given_up_text(const MemoryPlan& memory, const Phrases& words) {
  if (memory.fits == Truth::no) return "";
  if (memory.concessions.empty()) return words("models.as-is");
  return joined(memory.concessions);
}

void write_models(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  page.heading(words("models.heading"));
  write_usable_memory(page, diagnosis, words);
  Table table;
  table.columns = {{words("column.model")},    {words("column.runs")},  {words("column.peak"), true},
                   {words("column.gives-up")}, {words("column.dtype")}, {words("column.kernel")},
                   {words("column.engine")}};
  for (const ModelOnMachine& model : diagnosis.models) {
    // Without a plan the memory is that of what the engine does by itself, which decides nothing.
    const Truth fits = model.possible == Truth::yes ? model.memory.fits : model.possible;
    const std::string runs = truth_text(fits, words);
    if (model.kernel.empty()) {  // without a kernel there is no peak
      table.rows.push_back({model.model, runs, "", "", "", "", model.engine});
      continue;
    }
    const std::string peak = model.memory.stages.empty() ? "" : gibibytes(model.memory.peak.bytes);
    table.rows.push_back(
        {model.model, runs, peak, given_up_text(model.memory, words), model.memory.dtype, model.kernel, model.engine});
  }
  page.table(table);
}

}  // namespace

void write_nodes(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  const NodeSet* set = diagnosis.request.node_set.get();
  if (set == nullptr) return;
  std::vector<std::size_t> all(set->nodes.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  page.heading(words("nodes.heading"));
  page.row(Mark::plain, std::to_string(all.size()), names_of(*set, all));
  if (set->kinds.size() > 1) page.row(Mark::warning, words("nodes.weakest"), set->nodes[set->weakest].name);
}

void write_machine(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  page.heading(words("machine.heading"));
  const Snapshot& snapshot = diagnosis.snapshot;
  write_system(page, snapshot, words);
  write_gpus(page, snapshot, words);
  write_driver(page, snapshot, words);
  write_python(page, snapshot, words);
  write_torch(page, snapshot, words);
  write_packages(page, diagnosis, words);
}

void write_abilities(Page& page, const Diagnosis& diagnosis, const Phrases& words) {
  if (!diagnosis.kernels.empty()) write_kernels(page, diagnosis, words);
  if (!diagnosis.models.empty()) write_models(page, diagnosis, words);
}

}  // namespace diffcheck
