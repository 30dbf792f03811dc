// The collector: wires intake, log, fold and gRPC together. Nothing else knows all of them.
#include <sys/signal.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "collector/audit_command.h"
#include "collector/board.h"
#include "collector/bucket.h"
#include "collector/certificate_watch.h"
#include "collector/chronicle.h"
#include "collector/chronicle_loop.h"
#include "collector/enroll.h"
#include "collector/feed_http.h"
#include "collector/file_limit.h"
#include "collector/fold_loop.h"
#include "collector/geo.h"
#include "collector/health.h"
#include "collector/health_watch.h"
#include "collector/http_server.h"
#include "collector/intake.h"
#include "collector/log.h"
#include "collector/log_grpc.h"
#include "collector/metrics.h"
#include "collector/own_certificate.h"
#include "collector/page/assets.h"
#include "collector/page_http.h"
#include "collector/plan_book.h"
#include "collector/reader_http.h"
#include "collector/recent_log.h"
#include "collector/region_translations.h"
#include "collector/serve_flags.h"
#include "collector/server_grpc.h"
#include "collector/signals.h"
#include "collector/site_http.h"
#include "collector/steady_clock.h"
#include "collector/store/store.h"
#include "collector/store_commands.h"
#include "collector/webhook/delivery_loop.h"
#include "collector/webhook/desk.h"
#include "collector/workers.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/lifetime_grpc.h"
#include "common/private_file.h"
#include "common/regions.h"
#include "common/tls_policy.h"

namespace sightline {
namespace {

// Files and sockets beside the streams: the store, readers, connections that have no stream yet.
constexpr size_t kOtherFiles = 2048;
// Some seconds at full speed, for a fold that has fallen behind.
constexpr size_t kRecentRoundsMax = 16'384;
// They wait for the store most of the time.
constexpr int kReaderThreads = 2;
// Operators try webhooks one after the other.
constexpr int kTesterThreads = 1;

// Waits for SIGINT or SIGTERM, which main blocked before any thread was started. SIGHUP says that
// there is a new certificate.
void WaitForSignal(const sigset_t& signals, CertificateWatch& certificates) {
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP) certificates.Reload();
  Log(LogLevel::kInfo, "collector", "ending", {{"signal", signal}});
}

// nullptr when the flag switches it off.
absl::StatusOr<std::unique_ptr<HttpServer>> StartHttp(const ServeFlags& flags,
                                                      SiteHandlers handlers) {
  if (flags.http.empty()) return nullptr;
  HttpOptions options;
  options.listen = flags.http;
  auto server = HttpServer::Start(options, SiteHttpHandler(std::move(handlers)));
  if (server.ok()) return server;
  return absl::Status(server.status().code(), absl::StrCat("--http: ", server.status().message()));
}

absl::Status Serve(const ServeFlags& flags, const sigset_t& signals) {
  if (absl::Status status = ForbidCoreDumps(); !status.ok()) return status;
  absl::StatusOr<ServeOptions> options = ReadServeFlags(flags);
  if (!options.ok()) return options.status();
  Metrics metrics;
  OwnCertificate certificate;
  CertificateWatch certificate_watch({flags.tls_cert, flags.tls_key}, certificate, metrics);
  if (absl::Status status = certificate_watch.Load(); !status.ok()) return status;
  const absl::StatusOr<RegionNames> regions = RegionNames::Load();
  if (!regions.ok()) return regions.status();
  const absl::StatusOr<std::unique_ptr<Geo>> geo = Geo::Open(flags.geo);
  if (!geo.ok()) return geo.status();
  const absl::StatusOr<std::unique_ptr<Store>> store =
      OpenStore(flags.store, flags.no_migrate ? SchemaPolicy::kRequire : SchemaPolicy::kUpgrade);
  if (!store.ok()) return store.status();

  const size_t files = flags.streams_max + kOtherFiles;
  if (const size_t limit = RaiseFileLimit(files); limit < files) {
    Log(LogLevel::kWarn, "collector", "few_files",
        {{"files_max", limit},
         {"streams_max", flags.streams_max},
         {"detail", absl::StrCat("streams-max needs ", files, " files; raise `ulimit -Hn`")}});
  }
  // gRPC's own locks are looked through for cycles by the packaged Abseil, with each lock taken.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  const GrpcLifetime grpc;
  const SystemClock clock;
  PlanBook plans(**store, options->operator_key, clock);
  if (absl::Status status = plans.Refresh(); !status.ok()) return status;
  BucketKeys bucket_keys(**store);
  Board board;
  const SystemSteadyClock steady_clock;
  Health health(clock);
  HealthWatchOptions watch_options;
  watch_options.node = flags.node;
  watch_options.streams_max = flags.streams_max;
  watch_options.queue_max = IntakeBudget::kBatchesMax;
  HealthWatch watch({**store, plans, board, clock, metrics, health}, watch_options);
  RecentLog recent(kRecentRoundsMax);
  FoldLoop fold({**store, plans, *regions, clock, steady_clock, board, metrics, &recent},
                options->fold);
  Intake intake(**store, plans, bucket_keys, recent, certificate.hashes(), clock, metrics,
                {flags.node, flags.streams_max}, [&fold, &watch] {
                  watch.Committed();
                  fold.Wake();
                });
  Enrolment enrolment(**store, plans, *regions, clock, std::move(options->invites));
  Workers readers(kReaderThreads);
  RegionTranslations translations;
  Chronicle chronicle(**store);
  ChronicleLoop chronicle_loop(chronicle, plans, clock);
  DeliveryLoopOptions delivery_options;
  delivery_options.node = flags.node;
  delivery_options.lease = options->fold.lease;
  const DeliveryLoop deliveries({**store, clock, steady_clock, metrics}, delivery_options);
  WebhookDesk webhooks(**store, plans, clock, delivery_options.post);
  Workers testers(kTesterThreads);
  const ServerParts parts{intake.session_context(),
                          certificate,
                          enrolment,
                          **geo,
                          *regions,
                          translations,
                          board,
                          chronicle,
                          chronicle_loop,
                          intake.store_workers(),
                          readers,
                          webhooks,
                          testers};
  const absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(options->server, parts);
  if (!server.ok()) return server.status();
  absl::StatusOr<std::unique_ptr<HttpServer>> http = StartHttp(
      flags,
      {SignalsHandler(metrics, health, board),
       ReaderHttpHandler({plans, *regions, translations, board, chronicle, clock}),
       FeedHttpHandler({plans, *regions, chronicle, clock,
                        absl::BytesToHexString(options->operator_key.Id()), flags.public_url}),
       PageHttpHandler(PageAssets())});
  if (!http.ok()) return http.status();
  certificate_watch.Start();
  health.Follow([&server](const ServiceHealth& services) { (*server)->SetServing(services); });
  Log(LogLevel::kInfo, "collector", "listening",
      {{"node", flags.node},
       LogField::OwnAddress("listen", flags.listen),
       {"port", (*server)->port()},
       {"admin_socket", flags.admin_socket},
       LogField::OwnAddress("admin_listen", flags.admin_listen),
       {"admin_port", (*server)->admin_port()},
       LogField::OwnAddress("http", *http == nullptr ? "" : flags.http),
       {"http_port", *http == nullptr ? 0 : (*http)->port()}});
  WaitForSignal(signals, certificate_watch);
  health.Follow(nullptr);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  KeepCryptoUntilExit();
  RequireTls13();
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
  AuditFlags audit_flags;
  CLI::App* audit = app.add_subcommand(
      "audit", "Check a store: numbers, chains, signatures, and verdicts against the log");
  AddAuditFlags(*audit, audit_flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (audit->parsed()) return RunAudit(audit_flags);
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);
  // The other commands end at once.
  if (!store_commands.run) pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  // A receiver of webhooks that hangs up is an error of that call.
  std::signal(SIGPIPE, SIG_IGN);
  StartLog(*ParseLogFormat(flags.log_format));
  CatchGrpcLog();
  const absl::Status status = store_commands.run ? store_commands.run() : Serve(flags, signals);
  if (status.ok()) return 0;
  // Up to here there were no peers: an address in it is one of the flags'.
  Log(LogLevel::kError, "collector", "failed", {LogField::OwnAddress("detail", status.message())});
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace
}  // namespace sightline

int main(int argc, char** argv) { return sightline::Main(argc, argv); }
