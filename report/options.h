// What the command line says, as text: nothing here is checked against the machine or the knowledge yet.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/exit_code.h"
#include "report/style.h"

namespace diffcheck {

enum class Command { doctor, plan, emit_config, snapshot, import, record, explain, list, models };

enum class Format { text, json, argv, env, shell };

/// One request option as it was given, on the command line or in a request file.
struct RequestOption {
  std::string name;  ///< Without "--": "cfg-parallel".
  std::string value;
  std::string source;  ///< For messages: "--size", or "diffcheck.json: size".
};

/// Where the facts come from. At most one of snapshot, root, machine and nodes is set.
struct SourceOptions {
  std::optional<std::string> snapshot;
  std::optional<std::string> root;
  bool cache = true;  ///< Of what the live machine's files say.
  std::optional<std::string> machine;
  std::vector<std::string> nodes;  ///< Snapshot files and folders of them: the machines of one run.
  std::optional<std::string> link;
  std::optional<std::string> network;
  std::optional<std::int64_t> sockets;
  std::vector<std::string> set;  ///< path=value
  std::optional<std::string> python;
  std::optional<std::string> environment;
  std::optional<std::string> engine_folder;
  std::vector<std::string> data;
  bool embedded = true;
};

struct Options {
  Command command = Command::doctor;
  std::vector<RequestOption> request;
  std::optional<std::string> request_file;
  SourceOptions source;
  Format format = Format::text;
  std::optional<std::string> output;
  std::optional<std::string> language;
  ColorChoice color = ColorChoice::automatic;
  bool ascii = false;
  bool plain = false;
  FailOn fail_on = Severity::error;
  /// Of record: the folder; of import: the file; of explain: an id, an error text, "-" or nothing; of list: what; of
  /// models: one of them, or nothing.
  std::string subject;
  std::optional<std::string> log;  ///< Of explain: the file.
};

/// "diffcheck/doctor/1"; the schema of the command's document.
const char* schema_of(Command command);

}  // namespace diffcheck
