#include "rules/gpu_products.h"

#include <algorithm>
#include <cctype>

namespace diffcheck {
namespace {

std::string folded(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return result;
}

std::string without_vendor(std::string name) {
  for (const std::string_view vendor : {"nvidia", "amd"}) {
    if (name.starts_with(vendor)) name.erase(0, vendor.size());
  }
  return name;
}

template <class T>
void fill(Fact<T>& fact, const std::optional<T>& value, const std::string& source) {
  if (fact.is_unknown() && value) fact = known(*value, source);
}

std::optional<std::string> text_or_nothing(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

/// Where several products share a PCI id (cards sold with two memory sizes), the one whose memory is nearest.
const GpuProduct* nearest_by_memory(const std::vector<const GpuProduct*>& products, const GpuFacts& gpu) {
  if (products.empty()) return nullptr;
  if (!gpu.memory.total_bytes.is_known()) return products.size() == 1 ? products.front() : nullptr;
  const auto distance = [&](const GpuProduct* product) {
    return std::abs(product->memory_bytes - gpu.memory.total_bytes.value().count);
  };
  return *std::min_element(products.begin(), products.end(),
                           [&](const auto* a, const auto* b) { return distance(a) < distance(b); });
}

bool is_cut(std::string_view name) { return name.ends_with("..."); }

/// nvidia-smi's table cuts long names, and people leave out the form: "NVIDIA GeForce RTX 4080 ..." is some RTX 4080,
/// "A100" one of several. What all products of that name share is filled, and nothing where the cut took the number.
void fill_from_cut_name(const Knowledge& knowledge, GpuFacts& gpu) {
  const std::string beginning = without_vendor(folded(gpu.name.value()));
  if (beginning.find_first_of("0123456789") == std::string::npos) return;
  std::vector<const GpuProduct*> products;
  for (const GpuProduct& product : knowledge.gpus) {
    if (without_vendor(folded(product.name)).starts_with(beginning)) products.push_back(&product);
  }
  if (products.empty()) return;
  const GpuProduct& first = *products.front();
  const auto is_like_first = [&](const GpuProduct* product) {
    return product->compute_capability == first.compute_capability && product->architecture == first.architecture;
  };
  if (!std::all_of(products.begin(), products.end(), is_like_first)) return;
  fill(gpu.compute_capability, first.compute_capability, first.origin + " and all others of that name");
  fill(gpu.architecture, text_or_nothing(first.architecture), first.origin + " and all others of that name");
}

}  // namespace

const GpuProduct* find_gpu_product(const Knowledge& knowledge, std::string_view name) {
  const std::string wanted = without_vendor(folded(name));
  const auto is_called = [&](const std::string& candidate) { return without_vendor(folded(candidate)) == wanted; };
  for (const GpuProduct& product : knowledge.gpus) {
    if (is_called(product.id) || is_called(product.name) ||
        std::any_of(product.aliases.begin(), product.aliases.end(), is_called))
      return &product;
  }
  return nullptr;
}

const GpuProduct* product_of(const Knowledge& knowledge, const GpuFacts& gpu) {
  std::vector<const GpuProduct*> by_id;
  if (gpu.pci_device_id.is_known()) {
    for (const GpuProduct& product : knowledge.gpus) {
      if (std::find(product.pci_ids.begin(), product.pci_ids.end(), gpu.pci_device_id.value()) != product.pci_ids.end())
        by_id.push_back(&product);
    }
  }
  if (!by_id.empty()) return nearest_by_memory(by_id, gpu);
  return gpu.name.is_known() && !is_cut(gpu.name.value()) ? find_gpu_product(knowledge, gpu.name.value()) : nullptr;
}

Snapshot with_product_facts(Snapshot snapshot, const Knowledge& knowledge) {
  for (GpuFacts& gpu : snapshot.gpus) {
    const GpuProduct* product = product_of(knowledge, gpu);
    if (product == nullptr && gpu.name.is_known()) fill_from_cut_name(knowledge, gpu);
    if (product == nullptr) continue;
    fill(gpu.product, text_or_nothing(product->id), product->origin);
    fill(gpu.name, text_or_nothing(product->name), product->origin);
    fill(gpu.vendor, text_or_nothing(product->vendor), product->origin);
    fill(gpu.architecture, text_or_nothing(product->architecture), product->origin);
    fill(gpu.compute_capability, product->compute_capability, product->origin);
    fill(gpu.gfx_target, text_or_nothing(product->gfx_target), product->origin);
    const auto memory = product->usable_memory_bytes.value_or(product->memory_bytes);
    fill(gpu.memory.total_bytes, std::optional<Bytes>(Bytes{memory}), product->origin);
  }
  return snapshot;
}

}  // namespace diffcheck
