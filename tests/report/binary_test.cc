// The program as it is called: exit codes, and what stands on stdout and stderr, also for input that is wrong.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "report/quote.h"
#include "tests/program.h"
#include "tests/tree.h"

namespace diffcheck {
namespace {

using Json = nlohmann::json;
using Arguments = std::vector<std::string>;

class BinaryTest : public testing::Test {
 protected:
  std::filesystem::path path(const std::string& name) const { return folder_.folder() / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary) << text;
  }
  ProgramRun run(const Arguments& arguments, const std::vector<std::string>& environment = {}) const {
    return run_program(DIFFCHECK_BINARY, arguments, folder_.folder(), environment);
  }

  void expect_bad_input(const Arguments& arguments, const std::string& in_message = "") const {
    const ProgramRun text = run(arguments);
    EXPECT_EQ(text.code, 2) << shell_line(arguments) << "\n" << text.output << text.messages;
    EXPECT_EQ(text.output, "") << shell_line(arguments);
    EXPECT_NE(text.messages, "") << shell_line(arguments);
    EXPECT_NE(text.messages.find(in_message), std::string::npos) << shell_line(arguments) << "\n" << text.messages;
    Arguments as_json = arguments;
    as_json.insert(as_json.end(), {"--format", "json"});
    const ProgramRun json = run(as_json);
    EXPECT_EQ(json.code, 2) << shell_line(as_json);
    const Json document = Json::parse(json.output, nullptr, false);
    ASSERT_TRUE(document.is_object()) << shell_line(as_json) << "\n" << json.output;
    EXPECT_EQ(document["exit"]["code"], 2);
    EXPECT_TRUE(document["error"]["what"].is_string());
    EXPECT_TRUE(document["schema"].is_string());
  }

  TemporaryTree folder_;
};

TEST_F(BinaryTest, WrongUsage) {
  expect_bad_input({"doctor", "--no-such-option"}, "--no-such-option");
  expect_bad_input({"doctor", "--fail-on", "sometimes"}, "--fail-on");
  expect_bad_input({"doctor", "--color", "pink"}, "--color");
  expect_bad_input({"plan", "--machine", "1xT4", "--snapshot", "x.json"}, "--machine");
  expect_bad_input({"plan", "--link", "nvlink"}, "--link");
  expect_bad_input({"plan", "extra"}, "extra");
  EXPECT_EQ(run({}).code, 2);
  EXPECT_EQ(run({"no-such-command"}).code, 2);
  EXPECT_EQ(run({"doctor", "--format", "yaml"}).code, 2);
}

TEST_F(BinaryTest, NumbersThatMakeNoSense) {
  const Arguments asked = {"plan", "--machine", "1xT4", "--engine", "diffsynth", "--model", "wan2.1-t2v-1.3b"};
  const auto with = [&](Arguments more) {
    more.insert(more.begin(), asked.begin(), asked.end());
    return more;
  };
  expect_bad_input(with({"--size", "0x0"}), "--size");
  expect_bad_input(with({"--size", "832by480"}), "--size");
  expect_bad_input(with({"--size", "99999999x99999999"}), "--size");
  expect_bad_input(with({"--frames", "-1"}), "--frames");
  expect_bad_input(with({"--frames", "1e6"}), "--frames");
  expect_bad_input(with({"--frames", "9223372036854775808"}), "--frames");
  expect_bad_input(with({"--gpus", "99"}), "has 1");
  expect_bad_input(with({"--gpus", "0"}), "--gpus");
  expect_bad_input(with({"--nodes", "0"}), "--nodes");
  expect_bad_input(with({"--guidance", "nan"}), "--guidance");
  expect_bad_input(with({"--ulysses", "0"}), "--ulysses");
  expect_bad_input(with({"--pin", "ring"}), "--pin");
  expect_bad_input(with({"--ulysses", "2", "--pin", "ulysses=4"}), "ulysses");
}

TEST_F(BinaryTest, NamesThatNobodyHas) {
  expect_bad_input({"plan", "--machine", "1xT4", "--model", "wan2.1-t2v-1.3"}, "wan2.1-t2v-1.3b");
  expect_bad_input({"plan", "--machine", "1xT4", "--engine", "difsynth"}, "diffsynth");
  expect_bad_input({"plan", "--machine", "1xT4", "--attention", "sdpa-eficient"}, "sdpa-efficient");
  expect_bad_input({"plan", "--machine", "1xT4", "--dtype", "int5"}, "bf16");
  expect_bad_input({"plan", "--machine", "1xT4", "--quant", "q5"}, "--quant");
  expect_bad_input({"plan", "--machine", "1xT4", "--offload", "sideways"}, "--offload");
  expect_bad_input({"plan", "--machine", "1xT4", "--pin", "rings=2"}, "ring");
  expect_bad_input({"plan", "--machine", "1xNoSuchGpu"}, "NoSuchGpu");
  expect_bad_input({"plan", "--machine", ""});
  expect_bad_input({"doctor", "--set", "no.such.path=1"}, "no.such.path");
  expect_bad_input({"doctor", "--set", "memory.total_bytes"}, "--set");
  expect_bad_input({"doctor", "--set", "memory.total_bytes=many"}, "memory.total_bytes");
  expect_bad_input({"list", "wheels"}, "kernels");
  expect_bad_input({"explain", "sdpa-eficient"}, "sdpa-efficient");
}

TEST_F(BinaryTest, FilesThatAreNotWhatTheyShouldBe) {
  write("truncated.json", R"({"schema": "diffcheck/snapshot/1", "memory")");
  write("list.json", "[]");
  write("binary.json", std::string("\x00\xff\x1b[2J", 6));
  for (const char* file : {"missing.json", "truncated.json", "list.json", "binary.json", "."}) {
    expect_bad_input({"doctor", "--snapshot", file});
    expect_bad_input({"plan", "--machine", "1xT4", "--request", file});
  }
  expect_bad_input({"doctor", "--root", "no-such-tree"});
  expect_bad_input({"doctor", "--machine", "1xT4", "--data", "no-such-folder"}, "--data");
  std::filesystem::create_directory(path("data"));
  write("data/bad.json", R"({"kind": "no-such-kind", "entries": []})");
  expect_bad_input({"doctor", "--machine", "1xT4", "--data", "data"}, "bad.json");
}

TEST_F(BinaryTest, TheRequestFileOfTheFolderIsTaken) {
  write("diffcheck.json", R"({"model": "no-such-model"})");
  expect_bad_input({"plan", "--machine", "1xT4"}, "diffcheck.json: model");
  write("diffcheck.json", R"({"frames": 0, "model": "wan2.1-t2v-1.3b"})");
  expect_bad_input({"plan", "--machine", "1xT4"}, "diffcheck.json: frames");
}

TEST_F(BinaryTest, AnswersAreOneDocumentWithTheExitCodeInIt) {
  for (const char* command : {"doctor", "plan", "emit-config"}) {
    const ProgramRun bare = run({command, "--machine", "1xT4", "--format", "json"});
    const Json document = Json::parse(bare.output, nullptr, false);
    ASSERT_TRUE(document.is_object()) << command << bare.output << bare.messages;
    EXPECT_EQ(document["exit"]["code"], bare.code);
    EXPECT_EQ(document["simulated"], true);
    EXPECT_EQ(bare.messages, "");
    const ProgramRun asked =
        run({command, "--machine", "1xT4", "--engine", "diffsynth", "--model", "Wan2.1-T2V-1.3B", "--format", "json"});
    const Json planned = Json::parse(asked.output, nullptr, false);
    ASSERT_TRUE(planned.is_object()) << command << asked.output << asked.messages;
    EXPECT_EQ(planned["exit"]["code"], asked.code);
    EXPECT_EQ(planned["workload"]["model"], "wan2.1-t2v-1.3b");
  }
}

TEST_F(BinaryTest, TheSameQuestionHasTheSameAnswer) {
  const Arguments question = {"plan",    "--machine",       "8xH100-SXM", "--engine", "xdit",
                              "--model", "cogvideox1.5-5b", "--format",   "json"};
  EXPECT_EQ(run(question).output, run(question).output);
}

TEST_F(BinaryTest, ASnapshotIsAsGoodAsTheMachine) {
  const ProgramRun taken = run({"snapshot", "-o", "snapshot.json"});
  EXPECT_EQ(taken.code, 0) << taken.messages;
  EXPECT_EQ(taken.output, "");
  EXPECT_EQ(run({"snapshot", "--snapshot", "snapshot.json"}).output, text_of(path("snapshot.json")));
  EXPECT_TRUE(
      Json::parse(run({"snapshot", "--snapshot", "snapshot.json", "--plain"}).output, nullptr, false).is_object());
  const ProgramRun changed = run({"snapshot", "--snapshot", "snapshot.json", "--set", "memory.total_bytes=1GiB"});
  EXPECT_EQ(Json::parse(changed.output)["memory"]["total_bytes"]["value"], 1 << 30);
}

TEST_F(BinaryTest, ARecordingIsAMachine) {
  const ProgramRun recorded = run({"record", "machine"});
  EXPECT_EQ(recorded.code, 0) << recorded.messages;
  EXPECT_TRUE(Json::parse(run({"snapshot", "--root", "machine"}).output, nullptr, false).is_object());
  EXPECT_EQ(run({"record", "machine"}).code, 2) << "it is not overwritten";
}

TEST_F(BinaryTest, AnOutputThatCannotBeWrittenLeavesNothing) {
  const ProgramRun text = run({"doctor", "--machine", "1xT4", "-o", "no/such/folder/out.txt"});
  EXPECT_EQ(text.code, 2);
  EXPECT_EQ(text.output, "");
  EXPECT_NE(text.messages.find("no/such/folder"), std::string::npos);
  EXPECT_TRUE(
      Json::parse(run({"emit-config", "--machine", "1xT4", "-o", "."}).output, nullptr, false).contains("error"));
}

TEST_F(BinaryTest, LanguageColorAndMarks) {
  EXPECT_NE(run({"doctor", "--machine", "1xT4", "--lang", "zh-CN"}).output.find("机器"), std::string::npos);
  EXPECT_NE(run({"doctor", "--machine", "1xT4"}, {"LC_ALL=zh_CN.UTF-8"}).output.find("机器"), std::string::npos);
  EXPECT_EQ(run({"doctor", "--machine", "1xT4"}).output.find('\033'), std::string::npos);
  EXPECT_NE(run({"doctor", "--machine", "1xT4", "--color", "always"}).output.find('\033'), std::string::npos);
  EXPECT_NE(run({"doctor", "--machine", "1xT4", "--ascii"}).output.find("[ok]"), std::string::npos);
}

TEST_F(BinaryTest, BareCfgParallelIsTwo) {
  const ProgramRun bare = run({"plan", "--machine", "2xT4", "--engine", "xdit", "--model", "cogvideox1.5-5b",
                               "--cfg-parallel", "--format", "json"});
  const Json document = Json::parse(bare.output, nullptr, false);
  ASSERT_TRUE(document.is_object()) << bare.output << bare.messages;
  EXPECT_EQ(document["request"]["pins"]["cfg"], "2");
}

TEST_F(BinaryTest, WhatIsWrittenForTheShellIsReadByTheShell) {
  const Arguments asked = {"emit-config",     "--machine", "1xT4",  "--engine", "diffsynth", "--model",
                           "wan2.1-t2v-1.3b", "--format",  "shell", "-o",       "run.sh"};
  run(asked);
  EXPECT_EQ(std::system(("sh -n " + shell_word(path("run.sh").string())).c_str()), 0) << text_of(path("run.sh"));
}

TEST_F(BinaryTest, NodesAreANumberOrTheirSnapshots) {
  std::filesystem::create_directory(path("nodes"));
  write("nodes/a.json", run({"snapshot", "--machine", "8xA100-SXM4-80GB", "--network", "ib-200"}).output);
  write("nodes/b.json", run({"snapshot", "--machine", "4xA100-SXM4-80GB", "--network", "ib-200"}).output);
  const Arguments asked = {"plan", "--engine", "xdit", "--model", "flux.1-dev", "--format", "json", "--nodes"};
  const auto with = [&](Arguments more) {
    more.insert(more.begin(), asked.begin(), asked.end());
    return more;
  };
  for (const Arguments& nodes : {Arguments{"nodes"}, Arguments{"nodes/a.json", "nodes/b.json"}}) {
    const ProgramRun plan = run(with(nodes));
    const Json document = Json::parse(plan.output, nullptr, false);
    ASSERT_TRUE(document.is_object()) << plan.output << plan.messages;
    ASSERT_EQ(document["nodes"].size(), 2U) << plan.output;
    EXPECT_EQ(document["nodes"][1]["gpus"].size(), 4U);
    EXPECT_EQ(document["request"]["nodes"], 2);
    EXPECT_NE(plan.output.find("nodes-differ-count"), std::string::npos);
  }
  const ProgramRun one = run(with({"nodes/a.json", "--set", "packages.flash-attn=absent"}));
  EXPECT_EQ(Json::parse(one.output)["nodes"].size(), 1U);
}

TEST_F(BinaryTest, NodesThatCannotBeRead) {
  write("broken.json", "{");
  write("no-snapshot.json", "{}");
  std::filesystem::create_directory(path("empty"));
  expect_bad_input({"doctor", "--nodes", "missing.json"}, "missing.json");
  expect_bad_input({"doctor", "--nodes", "broken.json"}, "broken.json");
  expect_bad_input({"doctor", "--nodes", "no-snapshot.json"}, "schema");
  expect_bad_input({"doctor", "--nodes", "empty"}, "snapshots");
  expect_bad_input({"doctor", "--nodes", "2", "broken.json"}, "--nodes");
  expect_bad_input({"doctor", "--machine", "1xT4", "--nodes", "broken.json"}, "--machine");
}

}  // namespace
}  // namespace diffcheck
