// Runs over several nodes: what starts them, and what nodes should agree in.
#include <algorithm>

#include "rules/entry_reader.h"

namespace diffcheck {
namespace {

constexpr std::string_view k_command = "{command}";

}  // namespace

Launcher read_launcher(EntryReader& reader) {
  Launcher launcher;
  reader.entry_fields(launcher);
  launcher.title = reader.message("title");
  const std::vector<DataJson> argv = reader.list_nodes("argv");
  for (std::size_t i = 0; i < argv.size() && !reader.failed(); ++i) {
    const std::string word = argv[i].is_text() ? argv[i].to_string() : std::string();
    launcher.argv.push_back(word == k_command ? word : reader.checked_template(argv[i], "argv." + std::to_string(i)));
  }
  if (std::count(launcher.argv.begin(), launcher.argv.end(), k_command) != 1)
    reader.fail("argv", "expected {command} once");
  launcher.forward_env = reader.text_or("forward_env", "");
  launcher.first_node = reader.text_or("first_node", "");
  return launcher;
}

NodeComparison read_node_comparison(EntryReader& reader) {
  NodeComparison comparison;
  reader.entry_fields(comparison);
  comparison.fact = reader.text("fact");
  if (!reader.failed() && !reader.catalogue().type_of(comparison.fact)) reader.fail("fact", "no such fact");
  comparison.finding = reader.text("finding");
  return comparison;
}

}  // namespace diffcheck
