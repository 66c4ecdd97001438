#include "probe/kernel_log.h"

#include <algorithm>
#include <optional>

#include "probe/pci_address.h"
#include "probe/text.h"

namespace diffcheck {
namespace {

constexpr std::string_view k_mark = "NVRM: Xid (PCI:";
constexpr const char* k_log = "/dev/kmsg";

std::optional<Xid> parse_line(std::string_view line) {
  const std::size_t mark = line.find(k_mark);
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view rest = line.substr(mark + k_mark.size());
  const std::size_t close = rest.find("): ");
  if (close == std::string_view::npos) return std::nullopt;
  // The driver leaves out the function, which is 0.
  std::string address(rest.substr(0, std::min<std::size_t>(close, 20)));
  if (address.find('.') == std::string::npos) address += ".0";
  const std::string_view after = rest.substr(close + 3);
  const auto number = whole_number(trim(after.substr(0, after.find(','))));
  const auto normalised = normalised_pci_address(address);
  if (!number || !normalised) return std::nullopt;
  return Xid{*normalised, std::to_string(*number)};
}

/// Without what follows the number: names of processes are nobody's business.
Result<std::string> ask_xids() {
  const auto log = read_kernel_log(k_mark);
  if (!log) return log.error();
  std::string text;
  for (const Xid& xid : parse_xids(*log)) {
    text.append(k_mark).append(xid.pci_bus_id).append("): ").append(xid.number).append(",\n");
  }
  return text;
}

}  // namespace

std::vector<Xid> parse_xids(std::string_view log) {
  constexpr std::size_t k_most_xids = 10'000;
  std::vector<Xid> xids;
  while (const auto line = take_line(log)) {
    if (xids.size() == k_most_xids) break;
    if (auto xid = parse_line(*line)) xids.push_back(*std::move(xid));
  }
  return xids;
}

void add_xids(const System& system, std::vector<GpuFacts>& gpus) {
  const auto is_driven = [](const GpuFacts& gpu) {
    return gpu.pci_bus_id.is_known() && gpu.kernel_driver.is_known() && gpu.kernel_driver.value() == "nvidia";
  };
  if (std::ranges::none_of(gpus, is_driven)) return;
  const auto log = system.answer("kernel_log.txt", ask_xids);
  const std::vector<Xid> xids = log ? parse_xids(*log) : std::vector<Xid>();
  for (GpuFacts& gpu : gpus) {
    if (!is_driven(gpu)) continue;
    if (!log) {
      gpu.health.xids = unknown<std::vector<std::string>>(log.error());
      continue;
    }
    std::vector<std::string> numbers;
    for (const Xid& xid : xids) {
      const bool is_new = std::ranges::find(numbers, xid.number) == numbers.end();
      if (xid.pci_bus_id == gpu.pci_bus_id.value() && is_new) numbers.push_back(xid.number);
    }
    gpu.health.xids = known(std::move(numbers), k_log);
  }
}

}  // namespace diffcheck
