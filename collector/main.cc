// The collector: wires intake, log, fold and gRPC together. Nothing else knows all of them.
#include <csignal>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "collector/board.h"
#include "collector/bucket.h"
#include "collector/certificate_watch.h"
#include "collector/chronicle.h"
#include "collector/chronicle_loop.h"
#include "collector/command_line.h"
#include "collector/enroll.h"
#include "collector/feed_http.h"
#include "collector/file_limit.h"
#include "collector/fold_loop.h"
#include "collector/geo_file.h"
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
#include "collector/pulse.h"
#include "collector/reader_http.h"
#include "collector/recent_log.h"
#include "collector/region_translations.h"
#include "collector/serve_flags.h"
#include "collector/server_grpc.h"
#include "collector/service_loop.h"
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
#include "common/service_notify.h"
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

// What a service manager shows of it.
std::string StatusLine(const ServeFlags& flags, const Server& server, const HttpServer* http) {
  return absl::StrCat("node ", flags.node, " listens at port ", server.port(),
                      http == nullptr ? "" : absl::StrCat(", HTTP at ", http->port()));
}

absl::Status Serve(const ServeFlags& flags, const sigset_t& signals) {
  const absl::StatusOr<ServiceNotify> notify = ServiceNotify::FromEnvironment(std::getenv);
  if (!notify.ok()) return notify.status();
  if (absl::Status status = ForbidCoreDumps(); !status.ok()) return status;
  absl::StatusOr<ServeOptions> options = ReadServeFlags(flags);
  if (!options.ok()) return options.status();
  Metrics metrics;
  OwnCertificate certificate;
  CertificateWatch certificate_watch({flags.tls_cert, flags.tls_key}, certificate, metrics);
  if (absl::Status status = certificate_watch.Load(); !status.ok()) return status;
  const absl::StatusOr<RegionNames> regions = RegionNames::Load();
  if (!regions.ok()) return regions.status();
  const absl::StatusOr<std::unique_ptr<GeoFile>> geo = GeoFile::Open(flags.geo);
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
  Pulse pulse(steady_clock);
  Health health(clock);
  HealthWatchOptions watch_options;
  watch_options.node = flags.node;
  watch_options.streams_max = flags.streams_max;
  watch_options.queue_max = IntakeBudget::kBatchesMax;
  HealthWatch watch({**store, plans, board, clock, metrics, health, &pulse}, watch_options);
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
      {SignalsHandler(metrics, health, board, pulse),
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
  const int signal =
      ServeUntilSignal(signals, *notify, pulse, StatusLine(flags, **server, http->get()), [&] {
        certificate_watch.Reload();
        (*geo)->Reload();
      });
  Log(LogLevel::kInfo, "collector", "ending", {{"signal", signal}});
  health.Follow(nullptr);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  KeepCryptoUntilExit();
  RequireTls13();
  CommandLine line;
  if (const std::optional<int> exit_code = line.Run(argc, argv)) return *exit_code;
  const StoreCommands& store = line.store_commands();
  const ServeFlags& flags = line.serve_flags();
  // The commands of the store end at once.
  const sigset_t signals = store.run ? sigset_t{} : BlockServiceSignals();
  StartLog(*ParseLogFormat(flags.log_format));
  CatchGrpcLog();
  const absl::Status status = store.run ? store.run() : Serve(flags, signals);
  if (status.ok()) return 0;
  // Up to here there were no peers: an address in it is one of the flags'.
  Log(LogLevel::kError, "collector", "failed", {LogField::OwnAddress("detail", status.message())});
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace
}  // namespace sightline

int main(int argc, char** argv) { return sightline::Main(argc, argv); }
