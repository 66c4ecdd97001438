#include "rules/node_findings.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "rules/fabric.h"
#include "rules/judged_finding.h"
#include "rules/node_set.h"
#include "rules/words.h"

namespace diffcheck {
namespace {

constexpr std::string_view k_gpu_prefix = "gpu.";

/// Nodes by what they say, in the order in which it was first said.
class Answers {
 public:
  void add(const std::string& answer, std::size_t node) {
    const auto found = std::find_if(said_.begin(), said_.end(), [&](const auto& one) { return one.first == answer; });
    if (found == said_.end()) {
      said_.push_back({answer, {node}});
    } else {
      found->second.push_back(node);
    }
  }
  bool differ() const { return said_.size() > 1; }
  /// "550.54.15 (a.json, b.json), 535.104.05 (c.json)"
  std::string text(const NodeSet& set) const {
    std::string text;
    for (const auto& [answer, nodes] : said_)
      text += (text.empty() ? "" : ", ") + answer + " (" + names_of(set, nodes) + ")";
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::vector<std::size_t>>> said_;
};

std::string answer_text(const AnyFact& fact) {
  return fact.is_known() ? to_text(fact.value()) : fact.is_absent() ? "absent" : "unknown";
}

/// Of one fact on one node; of a fact of GPUs, what those say that are used, each value once.
std::string answer_of(const Node& node, const std::string& fact, std::size_t gpus_used) {
  if (!fact.starts_with(k_gpu_prefix)) return answer_text(node.facts->find(fact));
  std::vector<std::string> values;
  const std::vector<std::size_t> gpus = usable_gpus(node.snapshot);
  for (std::size_t rank = 0; rank < std::min(gpus.size(), gpus_used); ++rank) {
    const std::string path = "gpus." + std::to_string(gpus[rank]) + "." + fact.substr(k_gpu_prefix.size());
    const std::string value = answer_text(node.facts->find(path));
    if (std::find(values.begin(), values.end(), value) == values.end()) values.push_back(value);
  }
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : " + ") + value;
  return text.empty() ? "absent" : text;
}

class Comparer {
 public:
  explicit Comparer(const JudgedCase& judged) : judged_(judged), set_(*judged.request.node_set) {}

  std::vector<Finding> run() {
    compare_counts();
    for (const NodeComparison& comparison : judged_.knowledge.node_comparisons) compare(comparison);
    compare_networks();
    for (const auto& [id, differences] : differences_) findings_.push_back(finding(id, differences));
    return std::move(findings_);
  }

 private:
  struct Difference {
    std::string fact;
    std::string text;
    std::string source;
  };

  void compare_counts() {
    Answers answers;
    std::size_t all = 0;
    for (std::size_t i = 0; i < set_.nodes.size(); ++i) {
      const std::size_t count = usable_gpus(set_.nodes[i].snapshot).size();
      all += std::min(count, asked_for());
      answers.add(std::to_string(std::min(count, asked_for())), i);
    }
    if (!answers.differ()) return;
    const std::size_t used = judged_.gpus.size();
    const std::size_t idle = all - used * set_.nodes.size();
    Finding found = finding_about(judged_, "nodes-differ-count",
                                  {{"differences", same_in_both("GPUs: " + answers.text(set_))},
                                   {"used", same_in_both(std::to_string(used))},
                                   {"idle", same_in_both(std::to_string(idle))}});
    found.evidence.push_back({"gpus", "equal on all nodes", answers.text(set_), "--nodes", Truth::no});
    findings_.push_back(std::move(found));
  }

  std::size_t asked_for() const {
    const auto& asked = judged_.request.gpus;
    return asked.is_known() ? static_cast<std::size_t>(std::max<std::int64_t>(0, asked.value())) : SIZE_MAX;
  }

  void compare(const NodeComparison& comparison) {
    Answers all;
    Answers told;
    for (std::size_t i = 0; i < set_.nodes.size(); ++i) {
      const std::string answer = answer_of(set_.nodes[i], comparison.fact, judged_.gpus.size());
      all.add(answer, i);
      if (answer != "unknown") told.add(answer, i);
    }
    if (!all.differ()) return;
    // What one node does not tell is no difference yet.
    const std::string id = told.differ() ? comparison.finding : "nodes-fact-unknown";
    differences_[id].push_back({comparison.fact, all.text(set_), comparison.origin});
  }

  void compare_networks() {
    Answers answers;
    for (std::size_t i = 0; i < set_.nodes.size(); ++i) {
      const auto network = network_of(set_.nodes[i].snapshot);
      // The plan says already that a network is not known.
      if (network) answers.add(network->kind + " " + std::to_string(network->mbps / 1000) + " Gbit/s", i);
    }
    if (answers.differ()) differences_["nodes-differ-network"].push_back({"network", answers.text(set_), "--nodes"});
  }

  Finding finding(const std::string& id, const std::vector<Difference>& differences) const {
    std::vector<Message> texts;
    for (const Difference& difference : differences)
      texts.push_back(same_in_both(difference.fact + ": " + difference.text));
    Finding found = finding_about(judged_, id, {{"differences", joined(texts)}});
    for (const Difference& difference : differences)
      found.evidence.push_back({difference.fact, "equal on all nodes", difference.text, difference.source, Truth::no});
    return found;
  }

  const JudgedCase& judged_;
  const NodeSet& set_;
  std::map<std::string, std::vector<Difference>> differences_;
  std::vector<Finding> findings_;
};

/// The same finding of several nodes is one.
class Gathered {
 public:
  explicit Gathered(const NodeSet& set) : set_(set) {}

  void add(Finding finding, std::size_t node) {
    const auto key = std::tuple(finding.id, finding.title.english, finding.why.english);
    const auto [place, is_new] = places_.try_emplace(key, found_.size());
    if (is_new) found_.push_back({std::move(finding), {}});
    auto& nodes = found_[place->second].nodes;
    if (nodes.empty() || nodes.back() != node) nodes.push_back(node);
  }

  std::vector<Finding> all() && {
    std::vector<Finding> findings;
    for (Told& told : found_) {
      if (told.nodes.size() < set_.nodes.size()) {
        const std::string names = names_of(set_, told.nodes);
        told.finding.why = {names + ": " + told.finding.why.english, names + "：" + told.finding.why.chinese};
      }
      findings.push_back(std::move(told.finding));
    }
    return findings;
  }

 private:
  struct Told {
    Finding finding;
    std::vector<std::size_t> nodes;
  };
  const NodeSet& set_;
  std::map<std::tuple<std::string, std::string, std::string>, std::size_t> places_;
  std::vector<Told> found_;
};

}  // namespace

std::vector<Finding> node_findings(const JudgedCase& judged,
                                   const std::function<std::vector<Finding>(const JudgedCase&)>& judge) {
  const NodeSet& set = *judged.request.node_set;
  Gathered gathered(set);
  for (std::size_t i = 0; i < set.nodes.size(); ++i) {
    for (Finding& finding : judge(judge_node(judged, set.nodes[i]))) gathered.add(std::move(finding), i);
  }
  std::vector<Finding> findings = std::move(gathered).all();
  for (Finding& finding : Comparer(judged).run()) findings.push_back(std::move(finding));
  return findings;
}

}  // namespace diffcheck
