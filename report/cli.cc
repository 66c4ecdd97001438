#include "report/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <map>
#include <sstream>

#include "rules/nearest.h"

namespace diffcheck {
namespace {

const std::vector<std::string> k_languages = {"en", "zh-CN", "zh"};

struct RequestHelp {
  const char* name;
  const char* value;
  const char* help;
};

constexpr std::array<RequestHelp, 24> k_request_options = {{
    {"engine", "NAME[@VERSION]", "engine, with its version, commit or variant"},
    {"model", "NAME", "model"},
    {"model-dir", "DIR", "checkpoint on disk, whose headers decide over what is known of the model"},
    {"task", "NAME", "task, such as t2v"},
    {"size", "WxH", "size of the output in pixels"},
    {"frames", "N", "frames of the output"},
    {"steps", "N", "denoising steps"},
    {"batch", "N", "outputs made at once"},
    {"dtype", "NAME", "compute dtype: bf16, fp16 or fp32"},
    {"gpus", "N", "GPUs to use on each node"},
    {"guidance", "X", "guidance scale; 1 turns it off"},
    {"objective", "NAME", "latency, throughput, cost or memory"},
    {"attention", "KERNEL", "attention kernel"},
    {"ulysses", "N", "Ulysses degree"},
    {"ring", "N", "ring degree"},
    {"pipefusion", "N", "PipeFusion degree"},
    {"tensor", "N", "tensor-parallel degree"},
    {"fsdp", "N", "fully-sharded degree"},
    {"offload", "MODE", "memory mode"},
    {"vae-tiling", "on|off", "VAE tiling"},
    {"quant", "NAME", "quantization"},
    {"compile", "on|off", "whether the run compiles the model"},
    {"gpu-hour-price", "X", "price of an hour of one GPU, in any currency: what an output costs is told"},
    {"measured-step-seconds", "X", "time of a step that you measured on one GPU: predictions are scaled to it"},
}};
constexpr std::size_t k_longest_quoted = 80;
constexpr const char* k_bare_cfg_degree = "2";  // Guidance has two passes.

constexpr std::array<std::pair<const char*, Command>, 9> k_commands = {{{"doctor", Command::doctor},
                                                                        {"plan", Command::plan},
                                                                        {"emit-config", Command::emit_config},
                                                                        {"snapshot", Command::snapshot},
                                                                        {"import", Command::import},
                                                                        {"record", Command::record},
                                                                        {"explain", Command::explain},
                                                                        {"list", Command::list},
                                                                        {"models", Command::models}}};

const std::map<std::string, Format> k_report_formats = {{"text", Format::text}, {"json", Format::json}};
const std::map<std::string, Format> k_config_formats = {
    {"json", Format::json}, {"argv", Format::argv}, {"env", Format::env}, {"shell", Format::shell}};
const std::map<std::string, FailOn> k_fail_on = {
    {"error", Severity::error}, {"warning", Severity::warning}, {"note", Severity::note}, {"never", std::nullopt}};
const std::map<std::string, ColorChoice> k_colors = {
    {"auto", ColorChoice::automatic}, {"always", ColorChoice::always}, {"never", ColorChoice::never}};

template <class T>
std::string names_of(const std::map<std::string, T>& choices) {
  std::string names;
  for (const auto& [name, value] : choices) names += (names.empty() ? "" : "|") + name;
  return names;
}

/// An option that takes one of a few words.
template <class T>
void add_choice(CLI::App* app, const std::string& option, T& target, const std::map<std::string, T>& choices,
                const std::string& help) {
  const auto read = [&target, &choices, option](const std::string& word) {
    const auto found = choices.find(word);
    if (found == choices.end())
      throw CLI::ValidationError(option, "expected " + names_of(choices) + ", not \"" + word + "\"");
    target = found->second;
  };
  app->add_option_function<std::string>(option, read, help)->type_name(names_of(choices));
}

template <class T>
void add_value(CLI::App* app, const std::string& option, std::optional<T>& target, const char* value,
               const char* help) {
  app->add_option_function<T>(
         option, [&target](const T& given) { target = given; }, help)
      ->type_name(value);
}

void add_repeatable(CLI::App* app, const std::string& option, std::vector<std::string>& target, const char* value,
                    const char* help) {
  app->add_option(option, target, help)->type_name(value)->allow_extra_args(false);
}

/// A number of machines like this one, or the machines.
void keep_nodes(Options& options, const std::vector<std::string>& values) {
  const auto is_number = [](const std::string& value) {
    return value.find_first_not_of("0123456789+-") == std::string::npos;
  };
  if (std::none_of(values.begin(), values.end(), is_number)) {
    options.source.nodes.insert(options.source.nodes.end(), values.begin(), values.end());
  } else if (values.size() == 1) {
    options.request.push_back({"nodes", values.front(), "--nodes"});
  } else {
    throw CLI::ValidationError("--nodes", "expected a number of nodes alone, or the files of their snapshots");
  }
}

void add_request(CLI::App* app, Options& options) {
  constexpr const char* k_group = "What to run";
  app->add_option_function<std::vector<std::string>>(
         "--nodes", [&options](const std::vector<std::string>& values) { keep_nodes(options, values); },
         "number of nodes; or a snapshot of each, as files or a folder of them")
      ->type_name("N|FILE...")
      ->group(k_group);
  for (const RequestHelp& entry : k_request_options) {
    const std::string name = entry.name;
    const auto keep = [&options, name](const std::string& value) {
      options.request.push_back({name, value, "--" + name});
    };
    app->add_option_function<std::string>("--" + name, keep, entry.help)->type_name(entry.value)->group(k_group);
  }
  const auto keep_cfg = [&options](const std::string& degree) {
    options.request.push_back({"cfg-parallel", degree.empty() ? k_bare_cfg_degree : degree, "--cfg-parallel"});
  };
  const auto keep_lossy = [&options](std::int64_t) {
    options.request.push_back({"allow-lossy", "on", "--allow-lossy"});
  };
  app->add_flag_function("--allow-lossy", keep_lossy, "consider layouts that change results (PipeFusion)")
      ->group(k_group);
  app->add_option_function<std::string>("--cfg-parallel", keep_cfg, "guidance-parallel degree; 2 when none is given")
      ->type_name("[N]")
      ->expected(0, 1)
      ->group(k_group);
  const auto keep_pins = [&options](const std::vector<std::string>& pins) {
    for (const std::string& pin : pins) options.request.push_back({"pin", pin, "--pin " + pin});
  };
  app->add_option_function<std::vector<std::string>>("--pin", keep_pins,
                                                     "fix one thing, such as ring=2 or attention=sdpa-efficient")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->group(k_group);
  app->add_option_function<std::string>(
         "--request", [&options](const std::string& file) { options.request_file = file; },
         "JSON file with these options; ./diffcheck.json when it is there")
      ->type_name("FILE")
      ->group(k_group);
}

void add_probing(CLI::App* app, SourceOptions& source) {
  add_value(app, "--python", source.python, "FILE", "Python interpreter that will run the engine");
  add_value(app, "--env", source.environment, "FOLDER", "Python environment that will run the engine");
  add_value(app, "--engine-dir", source.engine_folder, "FOLDER", "source tree of the engine");
  add_value(app, "--root", source.root, "TREE", "look at a recorded machine");
}

void add_source(CLI::App* app, SourceOptions& source) {
  add_probing(app, source);
  app->add_flag_callback(
      "--no-cache", [&source] { source.cache = false; }, "read all files again, and remember nothing of them");
  add_value(app, "--snapshot", source.snapshot, "FILE", "facts from a snapshot");
  add_value(app, "--machine", source.machine, "SPEC", "a machine that is only named, such as 8xH100-SXM");
  add_value(app, "--link", source.link, "KIND", "with --machine: nvlink, pcie3, pcie4 or pcie5");
  add_value(app, "--sockets", source.sockets, "N", "with --machine: processor packages");
  add_value(app, "--network", source.network, "KIND", "with --machine: network between nodes, such as ib-400");
  add_repeatable(app, "--set", source.set, "PATH=VALUE", "change one fact, such as packages.flash-attn=absent");
  for (const char* other : {"--root", "--snapshot"}) app->get_option("--machine")->excludes(app->get_option(other));
  app->get_option("--snapshot")->excludes(app->get_option("--root"));
  for (const char* refinement : {"--link", "--sockets", "--network"})
    app->get_option(refinement)->needs(app->get_option("--machine"));
}

void add_data(CLI::App* app, SourceOptions& source) {
  add_repeatable(app, "--data", source.data, "FOLDER", "more knowledge, which replaces entries with the same id");
  app->add_flag_callback(
      "--no-embedded", [&source] { source.embedded = false; }, "without the built-in knowledge");
}

void add_look(CLI::App* app, Options& options) {
  add_value(app, "--lang", options.language, "en|zh-CN", "language; that of the locale when not given");
  app->get_option("--lang")->check(CLI::IsMember(k_languages));
  add_choice(app, "--color", options.color, k_colors, "colour");
  app->add_flag("--ascii", options.ascii, "marks in ASCII");
}

void add_output(CLI::App* app, Options& options) {
  add_value(app, "-o,--output", options.output, "FILE", "write the result to a file");
}

CLI::App* add_command(CLI::App& app, Options& options, Command command, const char* help) {
  const auto named =
      std::find_if(k_commands.begin(), k_commands.end(), [&](const auto& entry) { return entry.second == command; });
  CLI::App* sub = app.add_subcommand(named->first, help);
  sub->callback([&options, command] { options.command = command; });
  return sub;
}

void add_deciding_command(CLI::App& app, Options& options, Command command,
                          const std::map<std::string, Format>& formats, const char* help) {
  CLI::App* sub = add_command(app, options, command, help);
  add_request(sub, options);
  add_source(sub, options.source);
  add_data(sub, options.source);
  add_choice(sub, "--format", options.format, formats, "form of the result");
  add_output(sub, options);
  add_look(sub, options);
  add_choice(sub, "--fail-on", options.fail_on, k_fail_on, "least severity that makes the exit code 1");
}

void add_commands(CLI::App& app, Options& options) {
  add_deciding_command(app, options, Command::doctor, k_report_formats,
                       "what is here, what will fail, why, and how to fix it");
  add_deciding_command(app, options, Command::plan, k_report_formats,
                       "the ranked choices, and why the rest were rejected");
  add_deciding_command(app, options, Command::emit_config, k_config_formats,
                       "run.json for engines, or the command that starts the run");

  CLI::App* snapshot = add_command(app, options, Command::snapshot, "the facts alone, as JSON");
  add_source(snapshot, options.source);
  add_data(snapshot, options.source);
  add_output(snapshot, options);
  snapshot->add_flag("--plain", options.plain, "values without their sources");

  CLI::App* import = add_command(app, options, Command::import,
                                 "a snapshot from what people paste: collect_env, nvidia-smi, pip list and the like");
  import->add_option("file", options.subject, "text of an issue; standard input when not given")->type_name("FILE");
  add_data(import, options.source);
  add_output(import, options);
  import->add_flag("--plain", options.plain, "values without their sources");
  add_value(import, "--lang", options.language, "en|zh-CN", "language of the messages");
  import->get_option("--lang")->check(CLI::IsMember(k_languages));

  CLI::App* record =
      add_command(app, options, Command::record, "write what this machine says as a redacted recording for --root");
  record->add_option("folder", options.subject, "new folder")->required()->type_name("DIR");
  add_probing(record, options.source);
  add_data(record, options.source);
  add_look(record, options);

  CLI::App* explain = add_command(app, options, Command::explain,
                                  "the cause of an error text or log on this machine, or what an id means");
  explain
      ->add_option("what", options.subject,
                   "id of a finding, kernel, requirement, model, engine or GPU; or an error text; - or nothing: "
                   "a log on standard input")
      ->type_name("ID|TEXT|-");
  add_value(explain, "--log", options.log, "FILE", "a log to explain; - is standard input");
  explain->get_option("--log")->excludes(explain->get_option("what"));
  add_request(explain, options);
  explain->get_option("--nodes")->expected(1)->allow_extra_args(false);  // what is explained comes after it
  add_source(explain, options.source);
  CLI::App* list = add_command(app, options, Command::list, "what diffcheck knows");
  list->add_option("what", options.subject, "models, gpus, kernels, engines, checks, signatures, facts or texts")
      ->required()
      ->type_name("WHAT");
  CLI::App* models =
      add_command(app, options, Command::models, "the models that are known; or one of them, with its parts and sizes");
  models->add_option("model", options.subject, "id, name or repository of a model")->type_name("MODEL");
  models
      ->add_option_function<std::string>(
          "--model-dir",
          [&options](const std::string& folder) {
            options.request.push_back({"model-dir", folder, "--model-dir"});
          },
          "checkpoint on disk, shown beside what is known of its model")
      ->type_name("DIR");
  for (CLI::App* sub : {explain, list, models}) {
    add_data(sub, options.source);
    add_choice(sub, "--format", options.format, k_report_formats, "form of the result");
    add_output(sub, options);
    add_look(sub, options);
  }
}

CommandLine wrong_usage(const Gist& gist, const std::string& what) {
  Outcome outcome = failed(gist.schema, gist.json, {Error::Kind::invalid, "", what});
  outcome.messages.push_back(
      "diffcheck: `diffcheck --help` lists the commands, `diffcheck COMMAND --help` its options");
  return {std::nullopt, std::move(outcome)};
}

std::optional<Command> command_called(std::string_view name) {
  for (const auto& [command_name, command] : k_commands) {
    if (name == command_name) return command;
  }
  return std::nullopt;
}

std::string unknown_command(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& [command_name, command] : k_commands) names.emplace_back(command_name);
  return "no command is called \"" + std::string(name.substr(0, k_longest_quoted)) + "\"" + nearest_clause(name, names);
}

}  // namespace

Gist gist_of(int argc, const char* const* argv) {
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  Gist gist;
  std::string format;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!gist.command) gist.command = command_called(words[i]);
    if (words[i] == "--format" && i + 1 < words.size()) format = words[i + 1];
    if (words[i].starts_with("--format=")) format = words[i].substr(words[i].find('=') + 1);
  }
  // These are documents by nature; the others are text unless told otherwise.
  const bool json_by_itself =
      gist.command == Command::emit_config || gist.command == Command::snapshot || gist.command == Command::import;
  gist.json = format.empty() ? json_by_itself : format == "json";
  gist.schema = gist.command ? schema_of(*gist.command) : "diffcheck/error/1";
  return gist;
}

CommandLine parse_command_line(int argc, const char* const* argv, const Gist& gist) {
  Options options;
  CLI::App app(
      "Says before launch what will fail when a diffusion transformer runs on this machine, and how to fix it.",
      "diffcheck");
  app.set_version_flag("--version", "diffcheck " DIFFCHECK_VERSION);
  app.require_subcommand(1);
  add_commands(app, options);
  options.format = gist.json ? Format::json : Format::text;
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (!first.empty() && !first.starts_with("-") && !command_called(first))
    return wrong_usage(gist, unknown_command(first));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return wrong_usage(gist, error.what());
    std::ostringstream help;
    std::ostringstream ignored;
    app.exit(error, help, ignored);
    return {std::nullopt, {ExitCode::clean, help.str(), {}}};
  }
  return {std::move(options), {}};
}

}  // namespace diffcheck
