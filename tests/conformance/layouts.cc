// Judges layouts for xdit_layouts.py. Reads a JSON object a line, a case in the form of tests/rules/layout_cases.json,
// and writes for each of its layouts a line: yes, no or unknown, and behind tabs the rules that decided, or "error" and
// why.
#include <iostream>
#include <string>

#include "tests/rules/case_table.h"
#include "tests/rules/layout_case.h"

namespace diffcheck {
namespace {

void answer(const nlohmann::json& one) {
  const LayoutCase prepared(one);
  for (const nlohmann::json& row : one["layouts"]) {
    if (prepared.variant() == nullptr) {
      std::cout << "error\tno variant\n";
      continue;
    }
    const JudgedLayout judged = prepared.judge(row);
    std::cout << name_of(judged.truth);
    for (const std::string& rule : judged.truth == Truth::no ? judged.refused : judged.unknown)
      std::cout << "\t" << rule;
    std::cout << "\n";
  }
}

}  // namespace
}  // namespace diffcheck

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    const nlohmann::json one = nlohmann::json::parse(line, nullptr, false);
    if (!one.is_object() || !one.contains("layouts")) {
      std::cout << "error\tnot a case\n";
      continue;
    }
    diffcheck::answer(one);
  }
  return 0;
}
