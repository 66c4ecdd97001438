// A recorded machine with something changed: a copy of a tree, and edits from a JSON table as a fault would make them.
//
//   {"file": PATH, "text": TEXT}                  writes a file of the machine
//   {"file": PATH, "from": TEXT, "to": TEXT}      replaces every TEXT in it, which has to be there
//   {"remove": PATH}                              removes a file or a folder, which has to be there
//   {"link": PATH, "to": TARGET}                  makes a symbolic link, in place of what is there
//   {"copy": PATH, "tree": NAME, "to": PATH}      takes a file or a folder over from a tree; to the same place without
//   "to"
//   {"answer": NAME, "set": {...}}                merges into answers/NAME; null removes
//   {"answer": NAME, "append_calls": [...]}       adds answers of NVML
//   {"answer": NAME, "text": TEXT}                writes it
//   {"answer": NAME, "remove": true}              removes it
//   {"answer": NAME, "tree": NAME}                takes it over from another tree
//   {"call": NAME, "gpu": N, "set": {...}}        merges into NVML's answers to that call; without gpu, for every GPU
//   {"call": NAME, "drop": true}                  NVML was not asked; the name may end in "*"
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "probe/system.h"
#include "tests/tree.h"

namespace diffcheck {

class EditedTree {
 public:
  /// Throws std::runtime_error where there is no such tree.
  EditedTree(std::filesystem::path trees, const std::string& name);

  /// Throws std::runtime_error for an edit that has nothing to change: it would test nothing.
  void edit(const nlohmann::json& edit);
  System system() const;

 private:
  std::filesystem::path place(const std::string& path) const;
  void edit_file(const nlohmann::json& edit) const;
  void edit_answer(const nlohmann::json& edit) const;
  void edit_calls(const nlohmann::json& edit) const;

  std::filesystem::path trees_;
  TemporaryTree folder_;
  std::filesystem::path tree_;
};

}  // namespace diffcheck
