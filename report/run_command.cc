#include "report/run_command.h"

#include <memory>

#include "probe/pasted/import_paste.h"
#include "probe/record.h"
#include "report/checkpoint_source.h"
#include "report/config.h"
#include "report/explain.h"
#include "report/explain_log.h"
#include "report/import_messages.h"
#include "report/input_file.h"
#include "report/json.h"
#include "report/knowledge_source.h"
#include "report/list.h"
#include "report/machine_source.h"
#include "report/model_name.h"
#include "report/models.h"
#include "report/output_file.h"
#include "report/request_options.h"
#include "report/text.h"
#include "report/wrap.h"
#include "rules/diagnose.h"
#include "rules/model_on_disk.h"
#include "rules/request_check.h"

namespace diffcheck {
namespace {

constexpr const char* k_default_request_file = "diffcheck.json";
constexpr std::size_t k_most_log_bytes = 16 << 20;  ///< The end of a log says why it ended.

/// The first of these that is set decides, as for every program (POSIX, setlocale).
Language language_from(const Options& options, const System& live) {
  if (options.language) return language_of(*options.language);
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const auto value = live.env(name);
    if (value && !value->empty()) return language_of(*value);
  }
  return Language::english;
}

Style style_from(const Options& options, const System& live, const Terminal& terminal) {
  const auto no_color = live.env("NO_COLOR");
  Style style;
  style.color = !options.output && wants_color(options.color, terminal, no_color && !no_color->empty());
  style.unicode = !options.ascii;
  style.width = text_width(terminal);
  style.language = language_from(options, live);
  return style;
}

/// The options of the request file, where there is one, and then those of the command line.
Result<std::vector<RequestOption>> all_request_options(const Options& options) {
  const std::string file = options.request_file.value_or(k_default_request_file);
  auto text = read_input_file(file);
  if (!text) {
    const bool may_be_missing = !options.request_file && text.error().kind == Error::Kind::absent;
    if (!may_be_missing) return text.error();
    return options.request;
  }
  auto all = request_options_from_json(*text, file);
  if (!all) return all;
  all->insert(all->end(), options.request.begin(), options.request.end());
  return all;
}

std::string rendered(const Diagnosis& diagnosis, const Options& options, ExitCode code, const Phrases& words,
                     const Style& style) {
  const bool json = options.format == Format::json;
  switch (options.command) {
    case Command::doctor:
      return json ? doctor_json(diagnosis, code, style.language) : doctor_text(diagnosis, code, words, style);
    case Command::plan:
      return json ? plan_json(diagnosis, code, style.language) : plan_text(diagnosis, code, words, style);
    default:
      break;
  }
  switch (options.format) {
    case Format::argv:
      return launch_line(diagnosis);
    case Format::env:
      return launch_environment(diagnosis);
    case Format::shell:
      return launch_script(diagnosis, words);
    default:
      return run_json(diagnosis, code, style.language);
  }
}

void add_messages(Outcome& outcome, const std::vector<Error>& crashed) {
  for (const Error& error : crashed) outcome.messages.push_back("diffcheck: " + terminal_text(to_string(error)));
}

struct Asked {
  Request request;
  Machine machine;
};

/// More GPUs than there are is a finding of doctor and explain; there is no plan for it.
bool tells_of_missing_gpus(Command command, const Snapshot& snapshot) {
  const Fact<bool>& complete = snapshot.complete.gpus;
  return (command == Command::doctor || command == Command::explain) && complete.is_known() && complete.value();
}

/// The machine and what is to run there, checked against each other.
Result<Asked> asked_of(const Options& options, const Knowledge& knowledge) {
  const auto request_options = all_request_options(options);
  if (!request_options) return request_options.error();
  auto request = request_from(*request_options, knowledge);
  if (!request) return request.error();
  if (auto error = load_checkpoint(*request, knowledge)) return *error;
  const std::string engine = request->engine.is_known() ? request->engine.value() : std::string();
  auto machine = load_machine(options.source, knowledge, engine);
  if (!machine) return machine.error();
  if (machine->simulated && request->nodes.is_unset()) request->nodes = known(machine->nodes, "--machine");
  if (machine->node_set != nullptr) {
    request->nodes = known(machine->nodes, "--nodes");
    request->node_set = machine->node_set;
  }
  if (auto error = check_request(*request, knowledge)) return *error;
  if (!tells_of_missing_gpus(options.command, machine->snapshot)) {
    if (auto error = check_gpu_count(*request, machine->snapshot, machine->simulated)) return *error;
  }
  return Asked{*std::move(request), *std::move(machine)};
}

Result<Outcome> decide(const Options& options, const Knowledge& knowledge, const Style& style) {
  auto asked = asked_of(options, knowledge);
  if (!asked) return asked.error();
  const Machine& machine = asked->machine;
  const Diagnosis diagnosis =
      diagnose(std::move(asked->machine.snapshot), asked->request, knowledge, machine.simulated);
  const Avoided avoided = options.command == Command::doctor ? Avoided::count : Avoided::leave_out;
  Outcome outcome;
  outcome.code = exit_code_of(diagnosis.findings, options.fail_on, avoided);
  outcome.output = rendered(diagnosis, options, outcome.code, Phrases(knowledge.texts, style.language), style);
  add_messages(outcome, machine.crashed);
  return outcome;
}

Result<Outcome> take(const Options& options, const Knowledge& knowledge) {
  auto machine = load_machine(options.source, knowledge, "");
  if (!machine) return machine.error();
  Outcome outcome;
  outcome.output = snapshot_to_json(machine->snapshot, options.plain);
  add_messages(outcome, machine->crashed);
  return outcome;
}

Result<Outcome> import(const Options& options, const Knowledge& knowledge, const Style& style) {
  const std::string file = options.subject.empty() ? "-" : options.subject;
  const auto text = read_input_file(file);
  if (!text) return text.error();
  const pasted::PasteImport imported = pasted::import_paste(*text);
  if (imported.found.empty()) {
    return Error{
        Error::Kind::invalid, file == "-" ? "standard input" : file,
        "no report that is understood; expected the output of one of: " + std::string(pasted::understood_formats())};
  }
  Outcome outcome;
  outcome.output = snapshot_to_json(imported.snapshot, options.plain);
  outcome.messages = import_messages(imported, Phrases(knowledge.texts, style.language));
  return outcome;
}

Result<Outcome> record(const Options& options, const Knowledge& knowledge, const Style& style) {
  auto machine = system_of(options.source);
  if (!machine) return machine.error();
  const auto recording = std::make_shared<Recording>();
  const System recorder = System::recording(*machine, recording);
  Outcome outcome;
  std::vector<Error> crashed;
  take_snapshot(recorder, probe_choice(options.source, knowledge, ""), &crashed);
  add_messages(outcome, crashed);
  const auto report = write_recording(*recording, options.subject);
  if (!report) return report.error();

  const Phrases words(knowledge.texts, style.language);
  outcome.output = words("record.written", {report->directory.string(), std::to_string(report->files)}) + "\n";
  for (const Redaction& redaction : report->redactions) {
    outcome.output += "  " + words("record.redacted", {redaction.rule, std::to_string(redaction.count)}) + "\n";
  }
  return outcome;
}

Result<Outcome> show(const Options& options, const Knowledge& knowledge, const Style& style) {
  const Phrases words(knowledge.texts, style.language);
  const bool json = options.format == Format::json;
  auto text = options.command == Command::list ? (json ? list_json(options.subject, knowledge, style.language)
                                                       : list_text(options.subject, knowledge, words, style))
                                               : (json ? explain_json(options.subject, knowledge, style.language)
                                                       : explain_text(options.subject, knowledge, words, style));
  if (!text) return text.error();
  return Outcome{ExitCode::clean, *std::move(text), {}};
}

/// One model, or the table of all; a checkpoint's own where one was named.
Result<Outcome> show_models(const Options& options, const Knowledge& knowledge, const Style& style) {
  const bool json = options.format == Format::json;
  const Phrases words(knowledge.texts, style.language);
  if (options.subject.empty() && options.request.empty())
    return Outcome{ExitCode::clean, json ? models_json(knowledge) : models_text(knowledge, words, style), {}};
  auto request = request_from(options.request, knowledge);
  if (!request) return request.error();
  if (!options.subject.empty()) {
    const auto named = model_called(options.subject, knowledge);
    if (!named) return named.error();
    request->model = known((*named)->id, "models");
  }
  if (auto error = load_checkpoint(*request, knowledge)) return *error;
  const ModelOnDisk* on_disk = request->on_disk.get();
  const ModelCard& card = on_disk != nullptr ? on_disk->card : *find_entry(knowledge.models, request->model.value());
  return Outcome{
      ExitCode::clean,
      json ? model_json(card, on_disk, knowledge, style.language) : model_text(card, on_disk, knowledge, words, style),
      {}};
}

/// An error text given as an argument has blanks in it; no id has.
bool is_error_text(const std::string& subject) { return subject.find_first_of(" \n") != std::string::npos; }

bool is_on_command_line(const Options& options) {
  return !options.log && !options.subject.empty() && options.subject != "-";
}

Result<TextEnd> read_log_of(const Options& options, const Terminal& terminal) {
  if (is_on_command_line(options)) return TextEnd{options.subject, 0, 1};
  if (!options.log && options.subject.empty() && terminal.input_is_terminal)
    return Error{Error::Kind::invalid, "explain",
                 "expected an id, an error text, --log FILE, or a log on standard input"};
  return read_end_of_file(options.log.value_or("-"), k_most_log_bytes);
}

std::string source_of_log(const Options& options) {
  if (is_on_command_line(options)) return "command line";
  return options.log && *options.log != "-" ? *options.log : "standard input";
}

Result<Outcome> explain_log_of(const Options& options, const Knowledge& knowledge, const Style& style,
                               const Terminal& terminal) {
  const auto log = read_log_of(options, terminal);
  if (!log) return log.error();
  auto asked = asked_of(options, knowledge);
  if (!asked) return asked.error();
  ExplainedLog explained;
  explained.explanation =
      explain_log({log->text, log->first_line}, std::move(asked->machine.snapshot), asked->request, knowledge);
  explained.source = source_of_log(options);
  explained.left_out = log->left_out;
  explained.simulated = asked->machine.simulated;
  explained.tool_version = DIFFCHECK_VERSION;
  explained.knowledge_hash = knowledge.hash;
  Outcome outcome;
  outcome.code = exit_code_of(explained.explanation);
  outcome.output = options.format == Format::json
                       ? explain_log_json(explained, style.language)
                       : explain_log_text(explained, Phrases(knowledge.texts, style.language), style);
  add_messages(outcome, asked->machine.crashed);
  return outcome;
}

/// One word is an id, unless nothing is called so and some message consists of it ("Killed").
Result<Outcome> explain(const Options& options, const Knowledge& knowledge, const Style& style,
                        const Terminal& terminal) {
  const bool may_be_id = is_on_command_line(options) && !is_error_text(options.subject);
  if (!may_be_id) return explain_log_of(options, knowledge, style, terminal);
  auto by_id = show(options, knowledge, style);
  if (by_id || !is_known_message(options.subject, knowledge)) return by_id;
  return explain_log_of(options, knowledge, style, terminal);
}

Result<Outcome> answer(const Options& options, const System& live, const Style& style, const Terminal& terminal) {
  const bool signatures = options.command == Command::explain || options.command == Command::list;
  auto knowledge = knowledge_from(options.source, live, signatures);
  if (!knowledge) return knowledge.error();
  switch (options.command) {
    case Command::doctor:
    case Command::plan:
    case Command::emit_config:
      return decide(options, *knowledge, style);
    case Command::snapshot:
      return take(options, *knowledge);
    case Command::import:
      return import(options, *knowledge, style);
    case Command::record:
      return record(options, *knowledge, style);
    case Command::explain:
      return explain(options, *knowledge, style, terminal);
    case Command::list:
      return show(options, *knowledge, style);
    case Command::models:
      return show_models(options, *knowledge, style);
  }
  return Error{Error::Kind::invalid, "", "no such command"};
}

}  // namespace

Outcome run_command(const Options& options, const System& live, const Terminal& terminal) {
  const bool json = options.format == Format::json;
  auto outcome = answer(options, live, style_from(options, live, terminal), terminal);
  if (!outcome) return failed(schema_of(options.command), json, outcome.error());
  if (!options.output || *options.output == "-") return *std::move(outcome);
  if (const auto error = write_output_file(*options.output, outcome->output))
    return failed(schema_of(options.command), json, *error);
  outcome->output.clear();
  return *std::move(outcome);
}

}  // namespace diffcheck
