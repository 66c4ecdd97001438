#include "tests/rules/tree_edit.h"

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace diffcheck {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr auto k_copy = fs::copy_options::recursive | fs::copy_options::copy_symlinks;

[[noreturn]] void fail(const json& edit, const char* why) { throw std::runtime_error(edit.dump() + ": " + why); }

std::string read_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void write_text(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  fs::remove(path);  // it may be a link to the tree's own file
  std::ofstream(path, std::ios::binary) << text;
}

bool is_there(const fs::path& path) { return fs::exists(fs::symlink_status(path)); }

void copy_over(const fs::path& from, const fs::path& to) {
  fs::create_directories(to.parent_path());
  fs::remove_all(to);
  fs::copy(from, to, k_copy);
}

bool is_meant(const json& edit, const json& call) {
  const std::string wanted = edit["call"].get<std::string>();
  const std::string name = call["call"].get<std::string>();
  const bool has_name = wanted.ends_with('*') ? name.starts_with(wanted.substr(0, wanted.size() - 1)) : name == wanted;
  return has_name && (!edit.contains("gpu") || call.value("gpu", -1) == edit["gpu"].get<int>()) &&
         (!edit.contains("field") || call.value("field", -1) == edit["field"].get<int>());
}

}  // namespace

EditedTree::EditedTree(fs::path trees, const std::string& name)
    : trees_(std::move(trees)), tree_(folder_.folder() / name) {
  if (!fs::is_directory(trees_ / name)) throw std::runtime_error("no tree " + name);
  std::error_code error;
  fs::copy(trees_ / name, tree_, k_copy | fs::copy_options::create_hard_links, error);
  if (!error) return;
  // Another file system: links cannot reach it.
  fs::remove_all(tree_);
  fs::copy(trees_ / name, tree_, k_copy);
}

fs::path EditedTree::place(const std::string& path) const { return tree_ / "root" / fs::path(path).relative_path(); }

void EditedTree::edit_file(const json& edit) const {
  const fs::path file = place(edit["file"].get<std::string>());
  if (edit.contains("text")) {
    write_text(file, edit["text"].get<std::string>());
    return;
  }
  std::string text = read_text(file);
  const std::string from = edit["from"].get<std::string>();
  const std::string to = edit["to"].get<std::string>();
  std::size_t found = text.find(from);
  if (found == std::string::npos) fail(edit, "there is no such text");
  for (; found != std::string::npos; found = text.find(from, found + to.size())) text.replace(found, from.size(), to);
  write_text(file, text);
}

void EditedTree::edit_answer(const json& edit) const {
  const std::string name = edit["answer"].get<std::string>();
  const fs::path file = tree_ / "answers" / name;
  if (edit.value("remove", false)) {
    if (!fs::remove(file)) fail(edit, "there is no such answer");
  } else if (edit.contains("tree")) {
    copy_over(trees_ / edit["tree"].get<std::string>() / "answers" / name, file);
  } else if (edit.contains("text")) {
    write_text(file, edit["text"].get<std::string>());
  } else {
    json document = json::parse(read_text(file), nullptr, false);
    if (!document.is_object()) fail(edit, "there is no such answer");
    const json before = document;
    document.merge_patch(edit.value("set", json::object()));
    for (const json& call : edit.value("append_calls", json::array())) document["calls"].push_back(call);
    if (document == before) fail(edit, "it changes nothing");
    write_text(file, document.dump());
  }
}

void EditedTree::edit_calls(const json& edit) const {
  const fs::path file = tree_ / "answers/nvml.json";
  json document = json::parse(read_text(file), nullptr, false);
  if (!document.is_object()) fail(edit, "NVML was not asked");
  json calls = json::array();
  bool has_changed = false;
  for (json& call : document["calls"]) {
    const json before = call;
    const bool is_one = is_meant(edit, call);
    if (is_one && edit.value("drop", false)) {
      has_changed = true;
      continue;
    }
    if (is_one) call.merge_patch(edit["set"]);
    has_changed = has_changed || call != before;
    calls.push_back(std::move(call));
  }
  if (!has_changed) fail(edit, "it changes nothing");
  document["calls"] = std::move(calls);
  write_text(file, document.dump());
}

void EditedTree::edit(const json& edit) {
  if (edit.contains("file")) {
    edit_file(edit);
  } else if (edit.contains("answer")) {
    edit_answer(edit);
  } else if (edit.contains("remove")) {
    const fs::path path = place(edit["remove"].get<std::string>());
    if (!is_there(path)) fail(edit, "there is no such file");
    fs::remove_all(path);
  } else if (edit.contains("link")) {
    const fs::path path = place(edit["link"].get<std::string>());
    fs::remove_all(path);
    fs::create_directories(path.parent_path());
    fs::create_symlink(edit["to"].get<std::string>(), path);
  } else if (edit.contains("copy")) {
    const fs::path path = fs::path(edit["copy"].get<std::string>()).relative_path();
    copy_over(trees_ / edit["tree"].get<std::string>() / "root" / path,
              place(edit.value("to", edit["copy"].get<std::string>())));
  } else if (edit.contains("call")) {
    edit_calls(edit);
  } else {
    fail(edit, "no such edit");
  }
}

System EditedTree::system() const {
  auto system = System::at(tree_);
  if (!system) throw std::runtime_error(to_string(system.error()));
  return *std::move(system);
}

}  // namespace diffcheck
