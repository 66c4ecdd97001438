#include "probe/pasted/shell_variables.h"

#include <array>

#include "probe/environment.h"
#include "probe/text.h"

namespace diffcheck::pasted {
namespace {

/// Without "$ ", "# ", "PS C:\> ", "root@host:~# " and the like.
std::string_view without_prompt(std::string_view line) {
  line = trim(line);
  constexpr std::size_t k_longest_prompt_bytes = 80;
  for (const std::string_view mark : {"$ ", "# ", "% ", "❯ "}) {
    const std::size_t at = line.substr(0, k_longest_prompt_bytes).find(mark);
    // A mark behind an assignment is part of the command.
    if (at != std::string_view::npos && line.substr(0, at).find('=') == std::string_view::npos)
      return trim(line.substr(at + mark.size()));
  }
  return line;
}

bool is_name(std::string_view text) {
  return !text.empty() && text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string_view::npos;
}

struct Assignment {
  std::string_view name;
  std::string_view value;
};

/// Takes `NAME=value`, `NAME="a value"` off the front of `rest`; the name is empty when none is there.
Assignment take_assignment(std::string_view& rest) {
  const std::size_t equals = rest.find('=');
  if (equals == std::string_view::npos || !is_name(rest.substr(0, equals))) return {};
  Assignment taken{rest.substr(0, equals), rest.substr(equals + 1)};
  std::size_t end = taken.value.find_first_of(" \t;&");
  if (!taken.value.empty() && (taken.value.front() == '"' || taken.value.front() == '\'')) {
    const std::size_t close = taken.value.find(taken.value.front(), 1);
    if (close == std::string_view::npos) return {};
    end = close + 1;
  }
  rest = end == std::string_view::npos ? std::string_view() : trim(taken.value.substr(end));
  taken.value = taken.value.substr(0, end);
  if (taken.value.size() >= 2 && (taken.value.front() == '"' || taken.value.front() == '\''))
    taken.value = taken.value.substr(1, taken.value.size() - 2);
  return taken;
}

void read_line(std::string_view line, std::size_t index, Part& part) {
  std::string_view rest = without_prompt(line);
  for (const std::string_view word : {"export ", "set ", "env "}) {
    if (rest.starts_with(word)) rest = trim(rest.substr(word.size()));
  }
  constexpr int k_most_assignments = 32;
  for (int i = 0; i < k_most_assignments; ++i) {
    const Assignment taken = take_assignment(rest);
    // "$GPUS" and "<ids>" stand for something else.
    if (taken.name.empty()) return;
    if (taken.value.find_first_of("$<>{}`") != std::string_view::npos) continue;
    if (is_allowed_environment_variable(taken.name))
      add_variable(taken.name, taken.value, part.take(index), part.facts);
  }
}

}  // namespace

bool add_variable(std::string_view name, std::string_view value, const std::string& source, Snapshot& facts) {
  if (!is_allowed_environment_variable(name)) return false;
  // An empty value is one: it hides every GPU.
  const auto fact = value.empty() ? known(std::string(), source) : text_fact(value, source);
  facts.env.try_emplace(std::string(name), fact);
  if (name == "CUDA_VISIBLE_DEVICES" && facts.visibility.cuda_visible_devices.is_unset())
    facts.visibility.cuda_visible_devices = fact;
  if (name == "CUDA_DEVICE_ORDER" && facts.visibility.cuda_device_order.is_unset())
    facts.visibility.cuda_device_order = fact;
  return true;
}

std::vector<Part> read_shell_variables(const Text& text) {
  std::vector<Part> parts;
  Part part("shell command");
  for (std::size_t i = 0; i < text.lines.size(); ++i) {
    const std::string_view line = text.lines[i];
    if (line.find('=') != std::string_view::npos) read_line(line, i, part);
  }
  if (!part.is_empty()) parts.push_back(std::move(part));
  return parts;
}

}  // namespace diffcheck::pasted
