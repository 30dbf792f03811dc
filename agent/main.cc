// sightline-agent: the flags, and what they set to work.

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "agent/commands.h"
#include "agent/enroll.h"
#include "agent/ingest_client_grpc.h"
#include "agent/memory.h"
#include "agent/probe/engine.h"
#include "agent/probe/probe_once.h"
#include "agent/run.h"
#include "agent/stop_flag.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/files.h"
#include "common/plan_file.h"
#include "common/tls_policy.h"

namespace sightline::agent {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitUsage = 2;

struct Flags {
  EnrollOptions enroll;
  std::string state_folder;
  std::string plan_path;
  std::string target_id;
  std::string format = "text";
  int rounds = 1;
  std::string pause = "0s";
};

absl::Status RunEnroll(const Flags& flags) {
  EnrollOptions options = flags.enroll;
  options.state_folder = flags.state_folder;
  options.terminal = isatty(STDIN_FILENO) == 1;
  const auto call = [](const std::string& address, const std::string& roots_pem,
                       const v1::EnrollRequest& request) {
    IngestClientOptions client;
    client.roots_pem = roots_pem;
    client.call_timeout = absl::Seconds(20);
    return CallEnroll(address, client, request);
  };
  return Enroll(options, SystemFiles(), SystemClock(), call, std::cin, std::cout);
}

absl::Status RunAgent(const Flags& flags) {
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  const auto engine = probe::Engine::Create();
  if (!engine.ok()) return engine.status();
  StopFlag stop;
  const StopOnSignals signals(stop, **engine);
  const SystemClock clock;
  return Run(
      flags.state_folder, SystemFiles(), clock, **engine,
      [](const Identity& identity) {
        IngestClientOptions client;
        client.roots_pem = identity.collector_roots_pem;
        return MakeGrpcTransport(client);
      },
      stop);
}

absl::Status RunStatus(const Flags& flags) {
  const absl::StatusOr<std::string> text =
      DescribeStatus(flags.state_folder, SystemFiles(), absl::Now(), flags.format == "json");
  if (text.ok()) std::cout << *text;
  return text.status();
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

int Main(int argc, char** argv) {
  ShareOneHeap();
  KeepCryptoUntilExit();
  RequireTls13();
  // gRPC's own messages would stand between ours; what matters of them is in the status of a call.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  Flags flags;
  std::function<absl::Status(const Flags&)> action;
  CLI::App app{"Sightline agent: probes the services of a plan and hands in signed reports."};
  app.set_version_flag("--version", SIGHTLINE_VERSION);
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  sightline-agent enroll --invite @invite.txt --region CN-BJ --state ~/.sightline\n"
      "  sightline-agent run --state ~/.sightline\n"
      "  sightline-agent status --state ~/.sightline\n"
      "  sightline-agent probe --plan plan.txtpb --target whatsapp\n"
      "Exit codes: 0 done, 1 failed, 2 wrong usage.");

  CLI::App* enroll = app.add_subcommand("enroll", "Join with an invite, once");
  enroll->add_option("--invite", flags.enroll.invite, "The invite, or @FILE that holds it")
      ->required();
  enroll->add_option("--region", flags.enroll.region, "Where this machine is: ISO 3166-2, as CN-BJ")
      ->required();
  enroll->add_flag("--accept", flags.enroll.accept, "You have read the explanation and agree");
  AddStateFlag(enroll, flags);
  enroll->callback([&] { action = RunEnroll; });

  CLI::App* run = app.add_subcommand("run", "Probe and report until SIGTERM or Ctrl-C");
  AddStateFlag(run, flags);
  run->callback([&] { action = RunAgent; });

  CLI::App* status = app.add_subcommand("status", "What the agent is doing");
  AddStateFlag(status, flags);
  AddFormatFlag(status, flags);
  status->callback([&] { action = RunStatus; });

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
  probe->callback([&] { action = RunProbe; });

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
