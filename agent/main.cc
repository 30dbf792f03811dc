// sightline-agent: what the commands of the command line (command_line.h) set to work.

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "agent/command_line.h"
#include "agent/commands.h"
#include "agent/consent.h"
#include "agent/doctor.h"
#include "agent/enroll.h"
#include "agent/forget.h"
#include "agent/ingest_client_grpc.h"
#include "agent/memory.h"
#include "agent/pause.h"
#include "agent/probe/engine.h"
#include "agent/road.h"
#include "agent/rotate.h"
#include "agent/run.h"
#include "agent/service_user.h"
#include "agent/stop_flag.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/files.h"
#include "common/private_file.h"
#include "common/service_notify.h"
#include "common/tls_policy.h"

namespace sightline::agent {
namespace {

// A call of a person who waits, and one in between for the running agent.
constexpr absl::Duration kCallTimeout = absl::Seconds(20);
constexpr absl::Duration kRotateTimeout = absl::Seconds(10);

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
  EnrollOptions options;
  // Before this process may become another user: root's own file is often root's alone.
  absl::StatusOr<std::string> invite = ReadInvite(flags.invite, SystemFiles());
  if (!invite.ok()) return invite.status();
  if (absl::Status status = BecomeOwnerOf(flags.state_folder); !status.ok()) return status;
  options.invite = *std::move(invite);
  options.region = flags.region;
  options.state_folder = flags.state_folder;
  options.accept = question->accept;
  options.terminal = question->terminal;
  options.language = question->language;
  options.proxy = proxy->value_or("");
  if (flags.state_folder == kServiceFolder) {
    options.start_command = "sudo systemctl enable --now sightline-agent";
  }
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

// As the flags say, and as they say again when the settings were read anew.
void SetLogLevel(const Flags& flags) {
  spdlog::set_level(spdlog::level::from_str(flags.log_level));
}

// Everything `run` was started with, taken in again with the file and the environment of now.
absl::StatusOr<std::optional<std::string>> ReadSettingsAgain(int argc, const char* const* argv) {
  std::ostringstream complaints;
  CommandLine command_line({}, complaints);
  if (command_line.Parse(argc, argv, complaints).has_value()) {
    const std::string text = complaints.str();
    // Where the help is does not matter to a log.
    const std::string line = text.substr(0, text.find('\n'));
    spdlog::error("the settings stay as they were: {}", line);
    return absl::InvalidArgumentError(line);
  }
  absl::StatusOr<std::optional<std::string>> proxy = ProxyOf(command_line.flags());
  if (!proxy.ok()) {
    spdlog::error("the settings stay as they were: {}", std::string(proxy.status().message()));
    return proxy;
  }
  SetLogLevel(command_line.flags());
  spdlog::info("read the settings again: proxy and log level");
  return proxy;
}

absl::Status RunAgent(const Flags& flags, int argc, const char* const* argv) {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  SetLogLevel(flags);
  const absl::StatusOr<std::optional<std::string>> proxy = ProxyOf(flags);
  if (!proxy.ok()) return proxy.status();
  const absl::StatusOr<ServiceNotify> notify = ServiceNotify::FromEnvironment(getenv);
  if (!notify.ok()) return notify.status();
  const auto engine = probe::Engine::Create();
  if (!engine.ok()) return engine.status();
  StopFlag stop;
  const StopOnSignals signals(stop, **engine,
                              notify->managed() ? OnHangup::kReload : OnHangup::kStop);
  const SystemClock clock;
  const auto make_transport = [](const Identity& identity) {
    IngestClientOptions client;
    client.roots_pem = identity.collector_roots_pem;
    return MakeGrpcTransport(client);
  };
  return Run(flags.state_folder,
             {SystemFiles(), clock, **engine, stop, make_transport, RotateCall(kRotateTimeout),
              *proxy, *notify, [argc, argv] { return ReadSettingsAgain(argc, argv); }});
}

absl::Status CheckConfig(const Flags& flags, const std::vector<flags::Setting>& settings) {
  for (const flags::Setting& setting : settings) {
    std::cout << setting.key << " = "
              << (setting.value.empty() ? "(not set)" : absl::StrCat("\"", setting.value, "\""))
              << "  # " << setting.source << "\n";
  }
  if (const auto proxy = ProxyOf(flags); !proxy.ok()) return proxy.status();
  absl::Status status = CheckRun(flags.state_folder, SystemFiles(), SystemClock());
  if (status.ok()) std::cout << flags.state_folder << " holds what the agent needs to run.\n";
  return status;
}

absl::Status RunStatus(const Flags& flags) {
  return Print(
      DescribeStatus(flags.state_folder, SystemFiles(), absl::Now(), flags.format == "json"));
}

absl::Status RunDoctor(const Flags& flags) {
  const absl::StatusOr<std::optional<std::string>> proxy = ProxyOf(flags);
  if (!proxy.ok()) return proxy.status();
  const size_t problems =
      Doctor({flags.state_folder, *proxy, flags.offline, flags.format == "json"}, SystemFiles(),
             SystemClock(), std::cout);
  if (problems == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      problems, problems == 1 ? " problem" : " problems", "; the report says what to do"));
}

absl::Status RunProbe(const Flags& flags) {
  return Print(ProbePlan(
      {flags.plan_path, flags.target_id, flags.format == "json", flags.rounds, flags.pause},
      SystemFiles(), std::cerr));
}

// A command that first becomes the owner of its folder.
Command InFolder(Command command) {
  return [command = std::move(command)](const Flags& flags) {
    absl::Status status = BecomeOwnerOf(flags.state_folder);
    return status.ok() ? command(flags) : status;
  };
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
  std::optional<CommandLine> command_line;
  Commands commands;
  commands.enroll = RunEnroll;
  commands.run = InFolder([&](const Flags& flags) { return RunAgent(flags, argc, argv); });
  commands.check_config =
      InFolder([&](const Flags& flags) { return CheckConfig(flags, command_line->Settings()); });
  commands.pause = InFolder(RunPause);
  commands.resume = InFolder(RunResume);
  commands.status = InFolder(RunStatus);
  commands.doctor = InFolder(RunDoctor);
  commands.rotate_key = InFolder(RunRotateKey);
  commands.forget = InFolder(RunForget);
  commands.probe = RunProbe;
  command_line.emplace(std::move(commands), std::cout);
  if (const std::optional<int> code = command_line->Parse(argc, argv, std::cerr)) return *code;
  const absl::Status result = command_line->Run();
  if (result.ok()) return kExitOk;
  std::cerr << "sightline-agent: " << result.message() << "\n";
  return kExitFailure;
}

}  // namespace
}  // namespace sightline::agent

int main(int argc, char** argv) { return sightline::agent::Main(argc, argv); }
