#include "agent/command_line.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/flags/completion.h"
#include "common/flags/man_page.h"

namespace sightline::agent {
namespace {

constexpr const char kPrefix[] = "SIGHTLINE_AGENT_";
constexpr const char kOtherProxy[] = "In place of the proxy given at enrolment; none: without";
constexpr const char kExamples[] =
    "Examples:\n"
    "  sudo sightline-agent enroll --invite @invite.txt --region CN-BJ\n"
    "  sudo sightline-agent status\n"
    "  sudo sightline-agent doctor\n"
    "  sudo sightline-agent pause --for 12h\n"
    "  sightline-agent run --state ~/.sightline\n"
    "  sightline-agent probe --plan plan.txtpb --target whatsapp\n"
    "Exit codes: 0 done, 1 failed, 2 wrong usage.";

std::string NoFolderText(const std::string& config_path) {
  return absl::StrCat(
      "no folder for the agent is named. Say --state FOLDER, such as --state ~/.sightline, or "
      "write a line into ",
      config_path, ": state = \"", kServiceFolder, "\"");
}

}  // namespace

CommandLine::CommandLine(Commands commands, std::ostream& out, std::string config_path)
    : commands_(std::move(commands)),
      out_(out),
      config_path_(std::move(config_path)),
      app_("Sightline agent: probes the services of a plan and hands in signed reports.",
           "sightline-agent") {
  app_.set_version_flag("--version", SIGHTLINE_VERSION);
  app_.require_subcommand(1);
  app_.footer(kExamples);
  AddFolderCommands();
  AddRun();
  AddProbe();
  AddOwnTexts();
  config_.emplace(app_, *app_.get_subcommand("run"), kPrefix, config_path_);
}

std::optional<int> CommandLine::Parse(int argc, const char* const* argv, std::ostream& err) {
  try {
    app_.parse(argc, argv);
    config_->GiveLastWord();
  } catch (const CLI::ParseError& error) {
    return app_.exit(error, out_, err) == 0 ? kExitOk : kExitUsage;
  }
  if (!choice_.in_folder) return std::nullopt;
  if (const absl::Status readable = config_->Check(); !readable.ok()) {
    err << "sightline-agent: " << readable.message() << "\n";
    return kExitUsage;
  }
  if (!flags_.state_folder.empty()) return std::nullopt;
  err << "sightline-agent: " << NoFolderText(config_path_) << "\n";
  return kExitUsage;
}

absl::Status CommandLine::Run() const { return choice_.command(flags_); }

CLI::App* CommandLine::Add(const char* name, const char* help, const Command& command) {
  CLI::App* added = app_.add_subcommand(name, help);
  AddStateFlag(added);
  added->callback([this, &command] { choice_ = {command, true}; });
  return added;
}

void CommandLine::AddFolderCommands() {
  CLI::App* enroll = Add("enroll", "Join with an invite, once", commands_.enroll);
  enroll->add_option("--invite", flags_.invite, "The invite, or @FILE that holds it")->required();
  enroll->add_option("--region", flags_.region, "Where this machine is: ISO 3166-2, as CN-BJ")
      ->required();
  AddConsentFlags(enroll);
  AddProxyFlag(enroll, "For reports, when the collector does not answer directly");
  CLI::App* pause = Add("pause", "Stop probing and reporting within seconds", commands_.pause);
  pause->add_option("--for", flags_.pause_for, "How long, such as 90m (default: until resume)")
      ->type_name("DURATION");
  Add("resume", "End a pause", commands_.resume);
  AddFormatFlag(Add("status", "What the agent is doing", commands_.status));
  CLI::App* doctor =
      Add("doctor",
          "Look for what is wrong, say what it means and what to do; changes and sends nothing",
          commands_.doctor);
  doctor->add_flag("--offline", flags_.offline, "Connect nowhere, ask nobody");
  AddProxyFlag(doctor, kOtherProxy);
  AddFormatFlag(doctor);
  CLI::App* rotate =
      Add("rotate-key", "Give the agent a new key; stop it first", commands_.rotate_key);
  AddProxyFlag(rotate, kOtherProxy);
  CLI::App* forget = Add("forget", "Leave for good and delete the key and all else; stop it first",
                         commands_.forget);
  AddConsentFlags(forget);
  forget->add_flag("--offline", flags_.offline, "Connect nowhere: the collector is not told");
  AddProxyFlag(forget, kOtherProxy);
}

void CommandLine::AddRun() {
  CLI::App* run = app_.add_subcommand("run", "Probe and report until SIGTERM or Ctrl-C");
  AddStateFlag(run);
  AddProxyFlag(run, kOtherProxy);
  run->add_option("--log-level", flags_.log_level, "The least that is logged")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  run->add_flag("--check-config", flags_.check_config,
                "Print each setting and its source, look whether the folder is ready, and end")
      ->configurable(false);
  run->callback([this] {
    choice_ = {flags_.check_config ? commands_.check_config : commands_.run, true};
  });
}

void CommandLine::AddProbe() {
  CLI::App* probe =
      app_.add_subcommand("probe", "Run a plan's checks once, here; needs no collector");
  probe->add_option("--plan", flags_.plan_path, "Signed plan, or plan in protobuf text format")
      ->required()
      ->type_name("FILE");
  probe->add_option("--target", flags_.target_id, "Only this target, with the plan's anchors");
  probe->add_option("--rounds", flags_.rounds, "How many rounds to make, 1 to 1000 (default 1)")
      ->check(CLI::Range(1, 1000));
  probe->add_option("--pause", flags_.pause, "Time between two rounds, such as 30s (default 0s)")
      ->type_name("DURATION");
  AddFormatFlag(probe);
  probe->callback([this] { choice_ = {commands_.probe, false}; });
}

void CommandLine::AddOwnTexts() {
  flags::AddCompletionFlags(app_, shell_, [this] {
    choice_ = {[this](const Flags&) {
                 out_ << flags::CompletionScript(app_, shell_);
                 return absl::OkStatus();
               },
               false};
  });
  flags::AddManPageCommand(app_, [this] {
    choice_ = {[this](const Flags&) {
                 out_ << flags::ManPage(app_, SIGHTLINE_VERSION);
                 return absl::OkStatus();
               },
               false};
  });
}

void CommandLine::AddStateFlag(CLI::App* command) {
  command->add_option("--state", flags_.state_folder, "The agent's folder")->type_name("FOLDER");
}

void CommandLine::AddFormatFlag(CLI::App* command) {
  command->add_option("--format", flags_.format, "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void CommandLine::AddConsentFlags(CLI::App* command) {
  command->add_flag("--accept", flags_.accept, "You have read the explanation and agree");
  command
      ->add_option("--language", flags_.language,
                   "en or zh (default: as LC_ALL, LC_MESSAGES or LANG says)")
      ->check(CLI::IsMember({"en", "zh"}));
}

void CommandLine::AddProxyFlag(CLI::App* command, const char* help) {
  command->add_option("--proxy", flags_.proxy, help)->type_name("http://HOST:PORT");
}

}  // namespace sightline::agent
