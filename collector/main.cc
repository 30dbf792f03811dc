// The collector: wires intake, log, fold and gRPC together. Nothing else knows all of them.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/signal.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/board.h"
#include "collector/bucket.h"
#include "collector/enroll.h"
#include "collector/fold_loop.h"
#include "collector/geo.h"
#include "collector/plan_book.h"
#include "collector/serve_flags.h"
#include "collector/server_grpc.h"
#include "collector/store/store.h"
#include "collector/store_commands.h"
#include "collector/workers.h"
#include "collector/writer.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/lifetime_grpc.h"
#include "common/regions.h"

namespace sightline {
namespace {

constexpr int kWorkerThreads = 2;

// Waits for SIGINT or SIGTERM, which main blocked before any thread was started.
void WaitForSignal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("collector: signal {}, ending", signal);
}

absl::Status Serve(const ServeFlags& flags, const sigset_t& signals) {
  absl::StatusOr<ServeOptions> options = ReadServeFlags(flags);
  if (!options.ok()) return options.status();
  const absl::StatusOr<RegionNames> regions = RegionNames::Load();
  if (!regions.ok()) return regions.status();
  const absl::StatusOr<std::unique_ptr<Geo>> geo = Geo::Open(flags.geo);
  if (!geo.ok()) return geo.status();
  const absl::StatusOr<std::unique_ptr<Store>> store =
      OpenStore(flags.store, flags.no_migrate ? SchemaPolicy::kRequire : SchemaPolicy::kUpgrade);
  if (!store.ok()) return store.status();

  const GrpcLifetime grpc;
  const SystemClock clock;
  PlanBook plans(**store, options->operator_key, clock);
  if (absl::Status status = plans.Refresh(); !status.ok()) return status;
  BucketKeys bucket_keys(**store);
  Board board;
  FoldLoop fold(**store, plans, *regions, clock, options->fold, board);
  Writer writer(**store, flags.node, [&fold] { fold.Wake(); });
  Enrolment enrolment(**store, plans, *regions, clock, std::move(options->invites));
  Workers workers(kWorkerThreads);
  const SessionContext session_context{
      **store, plans, bucket_keys,
      writer,  clock, [&workers](std::function<void()> work) { workers.Post(std::move(work)); }};
  const ServerParts parts{session_context, enrolment, **geo, *regions, board, workers};
  const absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options->server, parts);
  if (!server.ok()) return server.status();
  spdlog::info("collector: node {} listens on {} and on {}", flags.node, flags.listen,
               flags.admin_socket);
  WaitForSignal(signals);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  KeepCryptoUntilExit();
  CLI::App app("Collects signed probe results and says where services are reachable.",
               "sightline-collector");
  app.require_subcommand(1);
  ServeFlags flags;
  CLI::App* serve = app.add_subcommand("serve", "Run the collector until SIGINT or SIGTERM");
  AddServeFlags(*serve, flags);
  serve->footer(
      "Example:\n"
      "  sightline keys new --out operator.pem\n"
      "  sightline-collector serve --store sqlite:/var/lib/sightline/log.db \\\n"
      "      --tls-cert cert.pem --tls-key key.pem --operator-key operator.pub.pem \\\n"
      "      --geo country-asn.mmdb --advertise collector.example:7443");
  StoreCommands store_commands;
  AddStoreCommands(app, store_commands);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  // The other commands end at once.
  if (!store_commands.run) pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  spdlog::set_default_logger(spdlog::stderr_color_mt("sightline-collector"));
  const absl::Status status = store_commands.run ? store_commands.run() : Serve(flags, signals);
  if (status.ok()) return 0;
  spdlog::error("collector: {}", std::string(status.message()));
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace
}  // namespace sightline

int main(int argc, char** argv) { return sightline::Main(argc, argv); }
