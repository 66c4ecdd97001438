#include "probe/pasted/merge_parts.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <type_traits>
#include <utility>

#include "probe/fact_table.h"
#include "probe/merge_facts.h"
#include "probe/pasted/same_value.h"

namespace diffcheck::pasted {
namespace {

constexpr std::size_t k_most_disagreements = 50;

/// Facts that are another every second, or that each program tells of itself.
constexpr std::array<std::string_view, 7> k_moving = {"free_bytes",       "used_bytes", "reserved_bytes",
                                                      "available_bytes",  "generation", "throttle_reasons",
                                                      "compute_processes"};

bool is_moving(const std::string& path) {
  const std::string_view name = std::string_view(path).substr(path.rfind('.') + 1);
  return std::find(k_moving.begin(), k_moving.end(), name) != k_moving.end();
}

class Merger {
 public:
  explicit Merger(std::vector<Disagreement>& disagreements) : disagreements_(disagreements) {}

  template <Described T>
  void merge(T& into, const T& from, const std::string& path) {
    std::vector<const void*> members;
    T::describe(from, [&](const char*, const auto& member, const char*) { members.push_back(&member); });
    std::size_t next = 0;
    T::describe(into, [&](const char* name, auto& member, const char*) {
      using Member = std::remove_cvref_t<decltype(member)>;
      // Both walks list the members of the same type in the same order.
      merge_member(member, *static_cast<const Member*>(members[next++]), path.empty() ? name : path + "." + name);
    });
  }

 private:
  template <class Member>
  void merge_member(Member& into, const Member& from, const std::string& path) {
    if constexpr (is_fact<Member>::value) {
      merge_fact(into, from, path);
    } else if constexpr (is_list<Member>::value) {
      if (into.empty()) into = from;
    } else if constexpr (is_dictionary<Member>::value) {
      for (const auto& [key, item] : from) merge_member(into[key], item, path + "." + key);
    } else {
      merge(into, from, path);
    }
  }

  template <class T>
  void merge_fact(Fact<T>& into, const Fact<T>& from, const std::string& path) {
    const bool is_told_twice = into.state() >= Fact<T>::State::absent && from.state() >= Fact<T>::State::absent;
    if (!is_told_twice) {
      if (from.state() > into.state()) into = from;
      return;
    }
    if (into.is_known() && from.is_known() && say_the_same(into.value(), from.value())) {
      if (is_more_exact(from.value(), into.value())) into = from;
    } else if (into.state() != from.state() || into.is_known()) {
      if (!is_moving(path)) disagree(into, from, path);
    }
  }

  template <class T>
  void disagree(Fact<T>& into, const Fact<T>& from, const std::string& path) {
    if (disagreements_.size() >= k_most_disagreements) return;
    const auto text = [](const Fact<T>& fact) {
      return fact.is_known() ? to_text(any(fact).value()) : std::string("absent");
    };
    disagreements_.push_back({path, text(into), into.source(), text(from), from.source()});
    const std::string source = into.source() + "; " + from.source() + " says " + text(from);
    into = into.is_known() ? Fact<T>::known(into.value(), source) : Fact<T>::absent(source);
  }

  std::vector<Disagreement>& disagreements_;
};

template <class T>
bool are_equal(const Fact<T>& left, const Fact<T>& right) {
  return left.is_known() && right.is_known() && left.value() == right.value();
}

bool may_be_one(const Fact<std::string>& left, const Fact<std::string>& right) {
  return !left.is_known() || !right.is_known() || say_the_same(left.value(), right.value());
}

/// The GPU of `gpus` that `gpu` is. A number counts only where the names can be one.
Gpu* find_gpu(std::vector<Gpu>& gpus, const Gpu& gpu) {
  const auto first = [&](auto&& is_it) {
    const auto found = std::ranges::find_if(gpus, is_it);
    return found == gpus.end() ? nullptr : &*found;
  };
  if (Gpu* same = first([&](const Gpu& one) { return are_equal(one.facts.uuid, gpu.facts.uuid); })) return same;
  if (Gpu* same = first([&](const Gpu& one) { return are_equal(one.facts.pci_bus_id, gpu.facts.pci_bus_id); }))
    return same;
  return first([&](const Gpu& one) {
    const bool is_number = gpu.index && one.index == gpu.index;
    return (is_number || are_equal(one.facts.cuda_index, gpu.facts.cuda_index)) &&
           may_be_one(one.facts.name, gpu.facts.name);
  });
}

/// A GPU that only a torch program told of, by its name: which one of several equal ones it is stays open.
void merge_unnumbered(Merger& merger, std::vector<Gpu>& gpus, const Gpu& gpu, bool are_all) {
  std::vector<Gpu*> candidates;
  for (Gpu& one : gpus) {
    if (gpu.facts.name.is_known() && may_be_one(one.facts.name, gpu.facts.name)) candidates.push_back(&one);
  }
  if (candidates.empty()) {
    if (!are_all || gpus.empty()) gpus.push_back(gpu);
    return;
  }
  GpuFacts facts = gpu.facts;
  if (candidates.size() > 1) {
    facts = {};
    facts.name = gpu.facts.name;
    facts.compute_capability = gpu.facts.compute_capability;
    facts.gfx_target = gpu.facts.gfx_target;
  }
  for (Gpu* candidate : candidates) merger.merge(candidate->facts, facts, "gpus");
}

void merge_gpus(Merger& merger, std::vector<Gpu>& gpus, const Part& part, const Fact<bool>& all) {
  const bool are_all = all.is_known() && all.value();
  for (const Gpu& gpu : part.gpus) {
    if (Gpu* same = find_gpu(gpus, gpu)) {
      const std::string path = "gpus." + std::to_string(std::distance(gpus.data(), same));
      merger.merge(same->facts, gpu.facts, path);
      if (!same->index) same->index = gpu.index;
    } else if (gpu.index || gpus.empty()) {
      const auto taken =
          std::ranges::find_if(gpus, [&](const Gpu& one) { return one.index && one.index == gpu.index; });
      if (taken != gpus.end()) {
        // Another machine in the same paste: said, not mixed in.
        GpuFacts name;
        name.name = gpu.facts.name;
        merger.merge(taken->facts, name, "gpus." + std::to_string(std::distance(gpus.begin(), taken)));
      } else if (!are_all || gpus.empty()) {
        gpus.push_back(gpu);
      }
    } else {
      merge_unnumbered(merger, gpus, gpu, are_all);
    }
  }
}

/// Each pair once: a matrix of links and one of P2P tell of the same pair, and the first that knows a fact is believed.
std::vector<Link> one_a_pair(const std::vector<Part>& parts) {
  std::map<std::pair<std::int64_t, std::int64_t>, Link> links;
  for (const Part& part : parts) {
    for (const Link& link : part.links) {
      const auto [place, is_new] = links.try_emplace({link.from, link.to}, link);
      if (!is_new) fill_from(place->second.facts, link.facts);
    }
  }
  std::vector<Link> list;
  for (auto& [pair, link] : links) list.push_back(std::move(link));
  return list;
}

void add_links(std::vector<Gpu>& gpus, const std::vector<Part>& parts) {
  const auto numbered = [&](std::int64_t number) {
    return std::ranges::find_if(gpus, [&](const Gpu& gpu) { return gpu.index == number; });
  };
  for (Link& link : one_a_pair(parts)) {
    const auto from = numbered(link.from);
    const auto to = numbered(link.to);
    if (from == gpus.end() || to == gpus.end()) continue;
    link.facts.peer_pci_bus_id =
        to->facts.pci_bus_id.is_known()
            ? to->facts.pci_bus_id
            : unknown<std::string>(link.source, "no PCI address of GPU" + std::to_string(link.to) + " was pasted");
    from->facts.links.push_back(std::move(link.facts));
  }
}

}  // namespace

Snapshot merge_parts(const std::vector<Part>& parts, std::vector<Disagreement>& disagreements) {
  Merger merger(disagreements);
  Snapshot snapshot;
  std::vector<Gpu> gpus;
  for (const Part& part : parts) {
    const Fact<bool> were_all = snapshot.complete.gpus;
    merger.merge(snapshot, part.facts, "");
    merge_gpus(merger, gpus, part, were_all);
  }
  add_links(gpus, parts);
  std::ranges::stable_sort(gpus, [](const Gpu& left, const Gpu& right) {
    return left.index.value_or(INT64_MAX) < right.index.value_or(INT64_MAX);
  });
  for (Gpu& gpu : gpus) snapshot.gpus.push_back(std::move(gpu.facts));
  return snapshot;
}

}  // namespace diffcheck::pasted
