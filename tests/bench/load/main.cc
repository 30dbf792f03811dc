// Load for a collector, honest and hostile, and the baseline that its speed is compared with.
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "common/crypto.h"
#include "common/tls_policy.h"
#include "tests/bench/load/await_grpc.h"
#include "tests/bench/load/copy_baseline_pq.h"
#include "tests/bench/load/history.h"
#include "tests/bench/load/hostile_grpc.h"
#include "tests/bench/load/prepare.h"
#include "tests/bench/load/read_grpc.h"
#include "tests/bench/load/run_grpc.h"

namespace sightline::load {
namespace {

struct Flags {
  PrepareOptions prepare;
  std::string span = "3h";
  std::string enroll_folder;
  std::string store;
  RunOptions run;
  HostileOptions hostile;
  std::string mode;
  CopyOptions copy;
  AwaitOptions await;
  HistoryOptions history;
  ReadOptions read;
};

CLI::App* AddPrepare(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand("prepare", "Make agents, their signed batches and a plan");
  command->add_option("--out", flags.prepare.folder, "Folder to fill")->required();
  command->add_option("--agents", flags.prepare.agents)->capture_default_str();
  command->add_option("--batches", flags.prepare.batches, "Per agent")->capture_default_str();
  command->add_option("--results", flags.prepare.results, "Per batch: 16 to 256, a multiple of 4")
      ->capture_default_str();
  command->add_option("--span", flags.span, "The rounds lie within this time up to now")
      ->capture_default_str();
  command->add_option("--plan-of", flags.prepare.plan_of,
                      "Prepared folder whose plan, keys and certificate are taken, so that one "
                      "collector takes both loads");
  command->footer("Example:\n  sightline-load prepare --out /tmp/load --agents 64 --batches 640");
  return command;
}

CLI::App* AddEnroll(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand(
      "enroll", "Enrol the prepared agents in a store, and publish the plan, without a collector");
  command->add_option("--data", flags.enroll_folder, "Prepared folder")->required();
  command->add_option("--store", flags.store, "sqlite:PATH or postgresql://...")->required();
  command->footer(
      "Example:\n"
      "  sightline-load enroll --data /tmp/load --store sqlite:/tmp/load/log.db\n"
      "  sightline-collector serve --store sqlite:/tmp/load/log.db --listen 127.0.0.1:7443 \\\n"
      "      --tls-cert /tmp/load/server.pem --tls-key /tmp/load/server.key \\\n"
      "      --operator-key /tmp/load/operator.pub.pem --geo /tmp/load/geo.mmdb");
  return command;
}

CLI::App* AddRun(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand("run", "Send the prepared batches; print a JSON report");
  RunOptions& run = flags.run;
  command->add_option("--data", run.folder, "Prepared folder")->required();
  command->add_option("--collector", run.collector, "HOST:PORT")->capture_default_str();
  command->add_option("--streams", run.streams, "At once, each with its own TLS connection")
      ->capture_default_str();
  command->add_option("--window", run.window, "Batches in flight per stream")
      ->capture_default_str();
  command
      ->add_option("--batches-per-session", run.batches_per_session,
                   "Then the connection ends and the next agent's begins; 0: all of the agent's")
      ->capture_default_str();
  command
      ->add_option("--rate", run.rate_per_s,
                   "Open loop: batches a second, or sessions when --batches-per-session is "
                   "given; latency counts from when each was due")
      ->capture_default_str();
  command
      ->add_option("--idle-streams", run.idle_streams,
                   "Streams that say hello and stay, of the last agents; the run then ends by "
                   "--seconds or SIGTERM when --streams is 0")
      ->capture_default_str();
  command->add_option("--seconds", run.seconds, "0: until everything is sent")
      ->capture_default_str();
  command
      ->add_option("--skip-s", run.skip_s,
                   "Leave out the latencies of what was due in the first seconds")
      ->capture_default_str();
  command->add_option("--first-agent", run.first_agent)->capture_default_str();
  command->add_option("--agents", run.agents, "0: to the last one")->capture_default_str();
  command->footer(
      "Examples:\n"
      "  sightline-load run --data /tmp/load --streams 32\n"
      "  sightline-load run --data /tmp/load --streams 1 --window 1 --seconds 10\n"
      "  sightline-load run --data /tmp/load --streams 512 --batches-per-session 1 --rate 170\n"
      "  sightline-load run --data /tmp/load --streams 0 --idle-streams 1000 --seconds 60");
  return command;
}

CLI::App* AddHostile(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand("hostile", "Do harm for a while; print a JSON report");
  std::vector<std::string> modes;
  for (const auto& [name, mode] : HostileModes()) modes.push_back(name);
  HostileOptions& hostile = flags.hostile;
  command->add_option("mode", flags.mode)->required()->check(CLI::IsMember(modes));
  command->add_option("--data", hostile.folder, "Prepared folder")->required();
  command->add_option("--collector", hostile.collector, "HOST:PORT")->capture_default_str();
  command->add_option("--streams", hostile.streams, "At once")->capture_default_str();
  command->add_option("--seconds", hostile.seconds)->capture_default_str();
  command->add_option("--first-agent", hostile.first_agent, "Streams use the agents from here on")
      ->capture_default_str();
  command->add_flag("--keep-connections", hostile.keep_connections,
                    "A stream that ends is begun again on the same connection");
  command->footer(
      "Modes:\n"
      "  huge           messages of 64 MB\n"
      "  tiny           empty messages, without a hello\n"
      "  tiny-enrolled  messages of 4 bytes after a good hello, that no rule refuses\n"
      "  replay         one stored batch over and over\n"
      "  slow-reader    good batches, without reading what comes back\n"
      "  no-hello       silent streams\n"
      "  bad-hello      hellos with a wrong signature\n"
      "  bad-signature  batches with a wrong signature, after a good hello\n"
      "Example:\n"
      "  nice -n 19 sightline-load hostile bad-signature --data /tmp/load --seconds 10");
  return command;
}

CLI::App* AddCopy(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand(
      "copy-baseline", "The same results as rows, by binary COPY into PostgreSQL; print rows/s");
  command->add_option("--data", flags.copy.folder, "Prepared folder")->required();
  command->add_option("--url", flags.copy.url, "postgresql://...")->required();
  command->add_option("--rows", flags.copy.rows, "At most")->capture_default_str();
  command->add_option("--rows-per-copy", flags.copy.rows_per_copy, "Each COPY is a transaction")
      ->capture_default_str();
  return command;
}

CLI::App* AddAwait(CLI::App& app, Flags& flags) {
  CLI::App* command = app.add_subcommand(
      "await", "Wait until a collector serves and has a summary; print the seconds");
  AwaitOptions& await = flags.await;
  command->add_option("--data", await.folder, "Prepared folder")->required();
  command->add_option("--collector", await.collector, "HOST:PORT")->capture_default_str();
  command->add_option("--country", await.country)->capture_default_str();
  command->add_option("--since", await.since_s, "Count from here: seconds since 1970; 0: from now")
      ->capture_default_str();
  command->add_option("--timeout-s", await.timeout_s)->capture_default_str();
  return command;
}

CLI::App* AddHistory(CLI::App& app, Flags& flags) {
  CLI::App* command =
      app.add_subcommand("history", "Write a month of verdicts into a store on which nobody runs");
  command->add_option("--data", flags.history.folder, "Prepared folder")->required();
  command->add_option("--store", flags.history.store, "sqlite:PATH or postgresql://...")
      ->required();
  command->add_option("--days", flags.history.days)->capture_default_str();
  return command;
}

CLI::App* AddRead(CLI::App& app, Flags& flags) {
  CLI::App* command =
      app.add_subcommand("read", "Ask at a fixed rate, as readers do; print a JSON report");
  ReadOptions& read = flags.read;
  command->add_option("call", read.call)->required()->check(CLI::IsMember({"summary", "timeline"}));
  command->add_option("--data", read.folder, "Prepared folder")->required();
  command->add_option("--collector", read.collector, "HOST:PORT")->capture_default_str();
  command->add_option("--country", read.country)->capture_default_str();
  command->add_option("--target", read.target_id, "Of timelines");
  command->add_option("--columns", read.columns, "read_mask of timelines; all without it");
  command->add_option("--rate", read.rate_per_s, "Calls a second; latency counts from when due")
      ->capture_default_str();
  command->add_option("--connections", read.connections)->capture_default_str();
  command->add_option("--seconds", read.seconds)->capture_default_str();
  command->add_option("--skip-s", read.skip_s, "Leave out what was due in the first seconds")
      ->capture_default_str();
  command->footer(
      "Example:\n"
      "  sightline-load history --data /tmp/load --store sqlite:/tmp/load/log.db\n"
      "  sightline-load read timeline --data /tmp/load --target service-5 --rate 500");
  return command;
}

int Main(int argc, char** argv) {
  KeepCryptoUntilExit();
  RequireTls13();
  CLI::App app("Load for a collector. Every run needs a store without batches: chains start anew.",
               "sightline-load");
  app.require_subcommand(1);
  Flags flags;
  const CLI::App* prepare = AddPrepare(app, flags);
  const CLI::App* enroll = AddEnroll(app, flags);
  const CLI::App* run = AddRun(app, flags);
  const CLI::App* hostile = AddHostile(app, flags);
  const CLI::App* copy = AddCopy(app, flags);
  const CLI::App* await = AddAwait(app, flags);
  const CLI::App* history = AddHistory(app, flags);
  const CLI::App* read = AddRead(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&signals, signal);
  absl::Status status;
  if (prepare->parsed()) {
    if (!absl::ParseDuration(flags.span, &flags.prepare.span)) {
      status = absl::InvalidArgumentError("--span: write 30m or 3h");
    } else {
      status = Prepare(flags.prepare);
    }
  } else if (enroll->parsed()) {
    status = EnrollAll(flags.enroll_folder, flags.store);
  } else if (run->parsed()) {
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    status = Run(flags.run);
  } else if (hostile->parsed()) {
    flags.hostile.mode = HostileModes().at(flags.mode);
    status = RunHostile(flags.hostile);
  } else if (copy->parsed()) {
    status = CopyBaseline(flags.copy);
  } else if (await->parsed()) {
    status = Await(flags.await);
  } else if (history->parsed()) {
    status = WriteHistory(flags.history);
  } else if (read->parsed()) {
    status = RunReaders(flags.read);
  }
  if (status.ok()) return 0;
  fprintf(stderr, "sightline-load: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace
}  // namespace sightline::load

int main(int argc, char** argv) { return sightline::load::Main(argc, argv); }
