// sightline-agent: the flags, and what they set to work.

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/commands.h"
#include "agent/consent.h"
#include "agent/enroll.h"
#include "agent/forget.h"
#include "agent/ingest_client_grpc.h"
#include "agent/memory.h"
#include "agent/pause.h"
#include "agent/probe/engine.h"
#include "agent/probe/probe_once.h"
#include "agent/road.h"
#include "agent/rotate.h"
#include "agent/run.h"
#include "agent/stop_flag.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/files.h"
#include "common/plan_file.h"
#include "common/private_file.h"
#include "common/tls_policy.h"

namespace sightline::agent {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

// A call of a person who waits, and one in between for the running agent.
constexpr absl::Duration kCallTimeout = absl::Seconds(20);
constexpr absl::Duration kRotateTimeout = absl::Seconds(10);

struct Flags {
  EnrollOptions enroll;
  std::string state_folder;
  std::string language;
  std::string proxy;
  std::string pause_for;
  bool accept = false;
  bool offline = false;
  std::string plan_path;
  std::string target_id;
  std::string format = "text";
  int rounds = 1;
  std::string pause = "0s";
};

IngestClientOptions ClientOptions(const std::string& roots_pem, absl::Duration timeout) {
  IngestClientOptions client;
  client.roots_pem = roots_pem;
  client.call_timeout = timeout;
  return client;
}

RotateKeyCall RotateCall(absl::Duration timeout) {
  return [timeout](const std::string& road, const std::string& roots_pem,
                   const v1::RotateKeyRequest& request) {
    return CallRotateKey(road, ClientOptions(roots_pem, timeout), request);
  };
}

// nullopt when the flag is not there; empty when no proxy is to be used.
absl::StatusOr<std::optional<std::string>> ProxyOf(const Flags& flags) {
  if (flags.proxy.empty()) return std::nullopt;
  if (flags.proxy == "none") return std::string();
  if (absl::Status status = CheckProxy(flags.proxy); !status.ok()) return status;
  return flags.proxy;
}

absl::StatusOr<Question> QuestionOf(const Flags& flags) {
  Question question;
  question.accept = flags.accept;
  question.terminal = isatty(STDIN_FILENO) == 1;
  question.language = LanguageOf([](const char* name) { return getenv(name); });
  if (flags.language.empty()) return question;
  const absl::StatusOr<Language> language = ParseLanguage(flags.language);
  if (!language.ok()) return language.status();
  question.language = *language;
  return question;
}

absl::Status RunEnroll(const Flags& flags) {
  const absl::StatusOr<Question> question = QuestionOf(flags);
  if (!question.ok()) return question.status();
  const absl::StatusOr<std::optional<std::string>> proxy = ProxyOf(flags);
  if (!proxy.ok()) return proxy.status();
  EnrollOptions options = flags.enroll;
  options.state_folder = flags.state_folder;
  options.accept = question->accept;
  options.terminal = question->terminal;
  options.language = question->language;
  options.proxy = proxy->value_or("");
  const auto call = [](const std::string& road, const std::string& roots_pem,
                       const v1::EnrollRequest& request) {
    return CallEnroll(road, ClientOptions(roots_pem, kCallTimeout), request);
  };
  return Enroll(options, SystemFiles(), SystemClock(), call, std::cin, std::cout);
}

absl::Status RunForget(const Flags& flags) {
  if (absl::Status status = ForbidCoreDumps(); !status.ok()) return status;
  const absl::StatusOr<Question> question = QuestionOf(flags);
  if (!question.ok()) return question.status();
  const absl::StatusOr<std::optional<std::string>> proxy = ProxyOf(flags);
  if (!proxy.ok()) return proxy.status();
  const auto call = [](const std::string& road, const std::string& roots_pem,
                       const v1::LeaveRequest& request) {
    return CallLeave(road, ClientOptions(roots_pem, kCallTimeout), request);
  };
  return Forget({flags.state_folder, *question, flags.offline, *proxy}, SystemFiles(), call,
                std::cin, std::cout);
}

absl::Status RunRotateKey(const Flags& flags) {
  if (absl::Status status = ForbidCoreDumps(); !status.ok()) return status;
  const absl::StatusOr<std::optional<std::string>> proxy = ProxyOf(flags);
  if (!proxy.ok()) return proxy.status();
  return RotateKey({flags.state_folder, *proxy}, SystemFiles(), RotateCall(kCallTimeout),
                   std::cout);
}

absl::Status Print(const absl::StatusOr<std::string>& text) {
  if (text.ok()) std::cout << *text;
  return text.status();
}

absl::Status RunPause(const Flags& flags) {
  return Print(PauseAgent(flags.state_folder, SystemFiles(), absl::Now(), flags.pause_for));
}

absl::Status RunResume(const Flags& flags) {
  return Print(ResumeAgent(flags.state_folder, SystemFiles(), absl::Now()));
}

absl::Status RunAgent(const Flags& flags) {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  const absl::StatusOr<std::optional<std::string>> proxy = ProxyOf(flags);
  if (!proxy.ok()) return proxy.status();
  const auto engine = probe::Engine::Create();
  if (!engine.ok()) return engine.status();
  StopFlag stop;
  const StopOnSignals signals(stop, **engine);
  const SystemClock clock;
  const auto make_transport = [](const Identity& identity) {
    IngestClientOptions client;
    client.roots_pem = identity.collector_roots_pem;
    return MakeGrpcTransport(client);
  };
  return Run(flags.state_folder, {SystemFiles(), clock, **engine, stop, make_transport,
                                  RotateCall(kRotateTimeout), *proxy});
}

absl::Status RunStatus(const Flags& flags) {
  return Print(
      DescribeStatus(flags.state_folder, SystemFiles(), absl::Now(), flags.format == "json"));
}

absl::Status RunProbe(const Flags& flags) {
  const absl::StatusOr<std::string> bytes = SystemFiles().Read(flags.plan_path);
  if (!bytes.ok()) return bytes.status();
  const absl::StatusOr<PlanFile> file = ParsePlanFile(*bytes, absl::Now());
  if (!file.ok()) {
    return absl::Status(file.status().code(),
                        absl::StrCat(flags.plan_path, ": ", file.status().message()));
  }
  if (file->signed_plan.has_value()) {
    std::cerr
        << "note: the signature of this plan is not checked; only an enrolled agent knows its "
           "operator's key\n";
  }
  probe::ProbeOnceOptions options;
  options.target_id = flags.target_id;
  options.format = flags.format == "json" ? probe::ReportFormat::kJson : probe::ReportFormat::kText;
  options.rounds = flags.rounds;
  if (!absl::ParseDuration(flags.pause, &options.pause) || options.pause < absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--pause ", flags.pause, ": expected a duration such as 30s or 5m"));
  }
  const absl::StatusOr<std::string> report = probe::ProbeOnce(file->plan, options);
  if (report.ok()) std::cout << *report;
  return report.status();
}

void AddStateFlag(CLI::App* command, Flags& flags) {
  command->add_option("--state", flags.state_folder, "The agent's folder")
      ->required()
      ->type_name("DIR");
}

void AddFormatFlag(CLI::App* command, Flags& flags) {
  command->add_option("--format", flags.format, "text (default) or json")
      ->check(CLI::IsMember({"text", "json"}));
}

void AddConsentFlags(CLI::App* command, Flags& flags) {
  command->add_flag("--accept", flags.accept, "You have read the explanation and agree");
  command
      ->add_option("--language", flags.language,
                   "en or zh (default: as LC_ALL, LC_MESSAGES or LANG says)")
      ->check(CLI::IsMember({"en", "zh"}));
}

void AddProxyFlag(CLI::App* command, Flags& flags, const char* help) {
  command->add_option("--proxy", flags.proxy, help)->type_name("http://HOST:PORT");
}

using Action = std::function<absl::Status(const Flags&)>;

// Adds a command that works in the agent's folder.
CLI::App* AddCommand(CLI::App& app, const char* name, const char* help, Flags& flags,
                     Action& action, absl::Status (*run)(const Flags&)) {
  CLI::App* command = app.add_subcommand(name, help);
  AddStateFlag(command, flags);
  command->callback([&action, run] { action = run; });
  return command;
}

void AddFolderCommands(CLI::App& app, Flags& flags, Action& action) {
  constexpr char kOtherProxy[] = "In place of the proxy given at enrolment; none: without";
  CLI::App* enroll =
      AddCommand(app, "enroll", "Join with an invite, once", flags, action, RunEnroll);
  enroll->add_option("--invite", flags.enroll.invite, "The invite, or @FILE that holds it")
      ->required();
  enroll->add_option("--region", flags.enroll.region, "Where this machine is: ISO 3166-2, as CN-BJ")
      ->required();
  AddConsentFlags(enroll, flags);
  AddProxyFlag(enroll, flags, "For reports, when the collector does not answer directly");

  CLI::App* run =
      AddCommand(app, "run", "Probe and report until SIGTERM or Ctrl-C", flags, action, RunAgent);
  AddProxyFlag(run, flags, kOtherProxy);
  CLI::App* pause = AddCommand(app, "pause", "Stop probing and reporting within seconds", flags,
                               action, RunPause);
  pause->add_option("--for", flags.pause_for, "How long, such as 90m (default: until resume)")
      ->type_name("DURATION");
  AddCommand(app, "resume", "End a pause", flags, action, RunResume);
  CLI::App* status = AddCommand(app, "status", "What the agent is doing", flags, action, RunStatus);
  AddFormatFlag(status, flags);
  CLI::App* rotate = AddCommand(app, "rotate-key", "Give the agent a new key; stop it first", flags,
                                action, RunRotateKey);
  AddProxyFlag(rotate, flags, kOtherProxy);
  CLI::App* forget =
      AddCommand(app, "forget", "Leave for good and delete the key and all else; stop it first",
                 flags, action, RunForget);
  AddConsentFlags(forget, flags);
  forget->add_flag("--offline", flags.offline, "Connect nowhere: the collector is not told");
  AddProxyFlag(forget, flags, kOtherProxy);
}

void AddProbeCommand(CLI::App& app, Flags& flags, Action& action) {
  CLI::App* probe =
      app.add_subcommand("probe", "Run a plan's checks once, here; needs no collector");
  probe->add_option("--plan", flags.plan_path, "Signed plan, or plan in protobuf text format")
      ->required()
      ->type_name("FILE");
  probe->add_option("--target", flags.target_id, "Only this target, with the plan's anchors");
  probe->add_option("--rounds", flags.rounds, "How many rounds to make, 1 to 1000 (default 1)")
      ->check(CLI::Range(1, 1000));
  probe->add_option("--pause", flags.pause, "Time between two rounds, such as 30s (default 0s)")
      ->type_name("DURATION");
  AddFormatFlag(probe, flags);
  probe->callback([&action] { action = RunProbe; });
}

int Main(int argc, char** argv) {
  ShareOneHeap();
  KeepCryptoUntilExit();
  RequireTls13();
  IgnoreProxyEnvironment();
  // Whatever the agent makes is its owner's alone.
  umask(077);
  // gRPC's own messages would stand between ours; what matters of them is in the status of a call.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  Flags flags;
  Action action;
  CLI::App app{"Sightline agent: probes the services of a plan and hands in signed reports."};
  app.set_version_flag("--version", SIGHTLINE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  sightline-agent enroll --invite @invite.txt --region CN-BJ --state ~/.sightline\n"
      "  sightline-agent run --state ~/.sightline\n"
      "  sightline-agent status --state ~/.sightline\n"
      "  sightline-agent pause --for 12h --state ~/.sightline\n"
      "  sightline-agent probe --plan plan.txtpb --target whatsapp\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage.");
  AddFolderCommands(app, flags, action);
  AddProbeCommand(app, flags, action);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  }
  const absl::Status result = action(flags);
  if (result.ok()) return 0;
  std::cerr << "sightline-agent: " << result.message() << "\n";
  return kExitFailure;
}

}  // namespace
}  // namespace sightline::agent

int main(int argc, char** argv) { return sightline::agent::Main(argc, argv); }
