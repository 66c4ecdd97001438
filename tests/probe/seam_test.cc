// The walls of the house, read from its sources: only the doors touch the machine, and kernel paths go through System.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace diffcheck {
namespace {

namespace fs = std::filesystem;

// What a door is for is what it may do.
const std::map<std::string, std::string> k_doors{
    {"probe/system.cc", "asks the machine"},
    {"probe/cache_folder.cc", "keeps results"},
    {"probe/child.cc", "starts processes"},
    {"probe/library.cc", "loads libraries"},
    {"probe/new_folder.cc", "writes recordings"},
    {"rules/knowledge_files.cc", "reads data"},
    {"report/input_file.cc", "reads what the user names"},
    {"report/output_file.cc", "writes what the user names"},
};

struct Source {
  std::string path;
  std::string text;  ///< Without comments.
};

/// Blanks what is a comment, and keeps strings and lines.
std::string without_comments(const std::string& text) {
  std::string result;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (quote != '\0') {
      result += text[i];
      if (text[i] == '\\' && i + 1 < text.size()) {
        result += text[++i];
      } else if (text[i] == quote || text[i] == '\n') {
        quote = '\0';
      }
    } else if (text.compare(i, 2, "//") == 0) {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (text.compare(i, 2, "/*") == 0) {
      i = std::min(text.find("*/", i + 2), text.size() - 2) + 1;
    } else {
      // A digit separator is no quote.
      const bool separates = text[i] == '\'' && i > 0 && std::isalnum(static_cast<unsigned char>(text[i - 1])) != 0;
      if ((text[i] == '"' || text[i] == '\'') && !separates) quote = text[i];
      result += text[i];
    }
  }
  return result;
}

std::vector<Source> sources() {
  std::vector<Source> found;
  const fs::path project = DIFFCHECK_SOURCE_DIR;
  for (const char* folder : {"probe", "rules", "report"}) {
    if (!fs::exists(project / folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(project / folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cc" && extension != ".h") continue;
      std::ifstream stream(entry.path());
      std::ostringstream text;
      text << stream.rdbuf();
      found.push_back({entry.path().lexically_relative(project).generic_string(), without_comments(text.str())});
    }
  }
  return found;
}

bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Where `words` stand in `text`, as "line: word". A word is not the end of a longer one, nor the member of an
/// object or a class.
std::vector<std::string> find_words(const std::string& text, const std::vector<std::string>& words) {
  std::vector<std::string> found;
  for (const std::string& word : words) {
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      const char before = at == 0 ? '\0' : text[at - 1];
      const bool is_member = before == '.' || (at > 1 && text.compare(at - 2, 2, "->") == 0);
      const bool is_longer = continues_name(before) && (continues_name(word.front()) || word.starts_with("::"));
      if (is_longer || (continues_name(word.front()) && is_member)) continue;
      const auto end = text.begin() + static_cast<std::ptrdiff_t>(at);
      found.push_back(std::to_string(std::count(text.begin(), end, '\n') + 1) + ": " + word);
    }
  }
  return found;
}

void expect_nowhere(const Source& source, const std::vector<std::string>& words, const std::string& why) {
  for (const std::string& place : find_words(source.text, words))
    ADD_FAILURE() << source.path << ":" << place << " " << why;
}

const std::vector<std::string> k_machine_words{
    "<fstream>",
    "<dlfcn.h>",
    "<fcntl.h>",
    "<dirent.h>",
    "<spawn.h>",
    "<sys/stat.h>",
    "<sys/statvfs.h>",
    "<sys/wait.h>",
    "getenv(",
    "secure_getenv(",
    "setenv(",
    "putenv(",
    "environ;",
    "dlopen(",
    "fork(",
    "vfork(",
    "popen(",
    "posix_spawn",
    "execv",
    "execl",
    "std::system(",
    "::open(",
    "opendir(",
    "readlink(",
    "fopen(",
    "freopen(",
    "ifstream",
    "ofstream",
    "fstream ",
    "basic_filebuf",
    "mkstemp",
    "mkdtemp",
    "directory_iterator",
    "recursive_directory_iterator",
    "fs::exists",
    "fs::is_",
    "fs::canonical",
    "fs::read_",
    "fs::file_size",
    "fs::space",
    "fs::status",
    "fs::current_",
    "fs::remove",
    "fs::rename",
    "fs::create_",
    "fs::temp_",
    "filesystem::exists",
    "filesystem::is_",
    "filesystem::canonical",
    "filesystem::read_",
    "filesystem::file_size",
    "filesystem::space",
    "filesystem::status",
    "filesystem::current_",
    "filesystem::remove",
    "filesystem::rename",
    "filesystem::create_",
    "filesystem::temp_",
};

TEST(SeamTest, OnlyTheDoorsTouchTheMachine) {
  std::size_t seen = 0;
  for (const Source& source : sources()) {
    ++seen;
    if (!k_doors.contains(source.path)) expect_nowhere(source, k_machine_words, "belongs behind a door: ask System");
  }
  EXPECT_GT(seen, 20U) << "the sources were not found";
}

TEST(SeamTest, OnlyTheProgramEndsTheProcessAndPrints) {
  for (const Source& source : sources()) {
    if (source.path.starts_with("report/")) continue;
    expect_nowhere(source,
                   {"exit(", "quick_exit(", "abort(", "std::cout", "std::cerr", "std::clog", "printf(", "puts("},
                   "belongs to main");
  }
}

TEST(SeamTest, OnlyProbesNameKernelPaths) {
  for (const Source& source : sources()) {
    if (source.path.starts_with("probe/")) continue;
    expect_nowhere(source, {"\"/proc/", "\"/proc\"", "\"/sys/", "\"/sys\""},
                   "is the machine's: a fact should say this");
  }
}

TEST(SeamTest, TheLayersOnlyLookDown) {
  for (const Source& source : sources()) {
    if (!source.path.starts_with("report/")) expect_nowhere(source, {"#include \"report/"}, "looks up");
    if (source.path.starts_with("probe/")) expect_nowhere(source, {"#include \"rules/"}, "looks up");
  }
}

TEST(SeamTest, TheSearchFindsWordsAndOnlyThose) {
  EXPECT_EQ(find_words("int x;\nx = fork();", {"fork("}), std::vector<std::string>{"2: fork("});
  EXPECT_TRUE(find_words("pitchfork(); tool.fork(); tool->fork();", {"fork("}).empty());
  EXPECT_TRUE(find_words("Library::open(path)", {"::open("}).empty());
  EXPECT_EQ(find_words("::fork(); #include <fstream>", {"fork(", "<fstream>"}).size(), 2U);
}

TEST(SeamTest, CommentsAreNotCode) {
  EXPECT_EQ(without_comments("a // getenv(\nb /* fork( */ c \"// no comment\" 1'000 '\"' d"),
            "a \nb  c \"// no comment\" 1'000 '\"' d");
}

}  // namespace
}  // namespace diffcheck
