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
#include "collector/server_grpc.h"
#include "collector/store/store.h"
#include "collector/workers.h"
#include "collector/writer.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/files.h"
#include "common/lifetime_grpc.h"
#include "common/regions.h"

namespace sightline {
namespace {

constexpr int kWorkerThreads = 2;

struct Flags {
  std::string store = "sqlite:sightline.db";
  std::string listen = "0.0.0.0:7443";
  std::string tls_cert;
  std::string tls_key;
  std::string admin_socket = "sightline-admin.sock";
  std::string operator_key;
  std::string geo;
  std::vector<std::string> advertise;
  std::string invite_roots;
  std::string window = "1h";
  std::string grace = "5m";
  std::string retain = "72h";
  std::string node = "n1";
};

void AddFlags(CLI::App& serve, Flags& flags) {
  serve.add_option("--store", flags.store, "sqlite:PATH or postgresql://...")
      ->capture_default_str();
  serve.add_option("--listen", flags.listen, "Address and port for agents and readers")
      ->capture_default_str();
  serve.add_option("--tls-cert", flags.tls_cert, "Certificate chain, PEM")->required();
  serve.add_option("--tls-key", flags.tls_key, "Its private key, PEM")->required();
  serve.add_option("--admin-socket", flags.admin_socket, "Unix socket for the operator")
      ->capture_default_str();
  serve
      .add_option("--operator-key", flags.operator_key,
                  "Public key that plans are signed with, PEM; the private key need not be here")
      ->required();
  serve.add_option("--geo", flags.geo, "MaxMind database with country and ASN (.mmdb)")->required();
  serve.add_option("--advertise", flags.advertise,
                   "HOST:PORT that invites name; may be given again (default: --listen)");
  serve.add_option("--invite-roots", flags.invite_roots,
                   "PEM roots that invites pin; without it agents use their system's");
  serve.add_option("--window", flags.window, "Unit of time of a verdict, a divisor of a day")
      ->capture_default_str();
  serve.add_option("--grace", flags.grace, "How long a window waits for late batches")
      ->capture_default_str();
  serve.add_option("--retain", flags.retain, "How long windows stay open for late batches")
      ->capture_default_str();
  serve.add_option("--node", flags.node, "Name of this collector, unique on its store")
      ->capture_default_str();
}

absl::StatusOr<absl::Duration> ParseFlag(const char* flag, const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": \"", text, "\" is no duration; write 10s, 5m or 1h"));
  }
  return duration;
}

absl::StatusOr<FollowerOptions> ParseFoldOptions(const Flags& flags) {
  FollowerOptions options;
  const auto window = ParseFlag("--window", flags.window);
  if (!window.ok()) return window.status();
  const auto grace = ParseFlag("--grace", flags.grace);
  if (!grace.ok()) return grace.status();
  const auto retain = ParseFlag("--retain", flags.retain);
  if (!retain.ok()) return retain.status();
  // A bucket's key changes at midnight UTC, so no window may span it.
  if (*window < absl::Seconds(1) || absl::Hours(24) % *window != absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--window: ", flags.window, " must be at least 1s and divide a day evenly"));
  }
  options.window_length = *window;
  options.grace = *grace;
  options.retain = *retain;
  return options;
}

absl::StatusOr<std::string> ReadFlag(const char* flag, const std::string& path) {
  absl::StatusOr<std::string> text = SystemFiles().Read(path);
  if (!text.ok()) {
    return absl::Status(text.status().code(), absl::StrCat(flag, ": ", text.status().message()));
  }
  return text;
}

absl::StatusOr<VerifyKey> ReadOperatorKey(const std::string& path) {
  const absl::StatusOr<std::string> pem = ReadFlag("--operator-key", path);
  if (!pem.ok()) return pem.status();
  absl::StatusOr<VerifyKey> key = VerifyKey::FromPem(*pem);
  if (!key.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--operator-key: ", path, ": ", key.status().message()));
  }
  return key;
}

absl::StatusOr<InviteTemplate> MakeInviteTemplate(const Flags& flags) {
  InviteTemplate result;
  result.collectors = flags.advertise;
  if (result.collectors.empty()) result.collectors.push_back(flags.listen);
  if (!flags.invite_roots.empty()) {
    absl::StatusOr<std::string> pem = ReadFlag("--invite-roots", flags.invite_roots);
    if (!pem.ok()) return pem.status();
    result.collector_roots_pem = *std::move(pem);
  }
  return result;
}

absl::StatusOr<ServerOptions> MakeServerOptions(const Flags& flags) {
  ServerOptions options;
  options.listen = flags.listen;
  options.admin_socket = flags.admin_socket;
  absl::StatusOr<std::string> cert = ReadFlag("--tls-cert", flags.tls_cert);
  if (!cert.ok()) return cert.status();
  absl::StatusOr<std::string> key = ReadFlag("--tls-key", flags.tls_key);
  if (!key.ok()) return key.status();
  options.tls_cert_pem = *std::move(cert);
  options.tls_key_pem = *std::move(key);
  return options;
}

// Waits for SIGINT or SIGTERM, which main blocked before any thread was started.
void WaitForSignal(const sigset_t& signals) {
  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("collector: signal {}, ending", signal);
}

absl::Status Serve(const Flags& flags, const sigset_t& signals) {
  const absl::StatusOr<FollowerOptions> fold_options = ParseFoldOptions(flags);
  if (!fold_options.ok()) return fold_options.status();
  absl::StatusOr<InviteTemplate> invite_template = MakeInviteTemplate(flags);
  if (!invite_template.ok()) return invite_template.status();
  const absl::StatusOr<ServerOptions> server_options = MakeServerOptions(flags);
  if (!server_options.ok()) return server_options.status();
  const absl::StatusOr<VerifyKey> operator_key = ReadOperatorKey(flags.operator_key);
  if (!operator_key.ok()) return operator_key.status();
  const absl::StatusOr<RegionNames> regions = RegionNames::Load();
  if (!regions.ok()) return regions.status();
  const absl::StatusOr<std::unique_ptr<Geo>> geo = Geo::Open(flags.geo);
  if (!geo.ok()) return geo.status();
  const absl::StatusOr<std::unique_ptr<Store>> store = OpenStore(flags.store);
  if (!store.ok()) return store.status();

  const GrpcLifetime grpc;
  const SystemClock clock;
  PlanBook plans(**store, *operator_key, clock);
  if (absl::Status status = plans.Refresh(); !status.ok()) return status;
  BucketKeys bucket_keys(**store);
  Board board;
  FoldLoop fold(**store, plans, *regions, clock, *fold_options, board);
  Writer writer(**store, flags.node, [&fold] { fold.Wake(); });
  Enrolment enrolment(**store, plans, *regions, clock, *std::move(invite_template));
  Workers workers(kWorkerThreads);
  const SessionContext session_context{
      **store, plans, bucket_keys,
      writer,  clock, [&workers](std::function<void()> work) { workers.Post(std::move(work)); }};
  const ServerParts parts{session_context, enrolment, **geo, *regions, board, workers};
  const absl::StatusOr<std::unique_ptr<Server>> server = Server::Start(*server_options, parts);
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
  Flags flags;
  CLI::App* serve = app.add_subcommand("serve", "Run the collector until SIGINT or SIGTERM");
  AddFlags(*serve, flags);
  serve->footer(
      "Example:\n"
      "  sightline keys new --out operator.pem\n"
      "  sightline-collector serve --store sqlite:/var/lib/sightline/log.db \\\n"
      "      --tls-cert cert.pem --tls-key key.pem --operator-key operator.pub.pem \\\n"
      "      --geo country-asn.mmdb --advertise collector.example:7443");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  spdlog::set_default_logger(spdlog::stderr_color_mt("sightline-collector"));
  const absl::Status status = Serve(flags, signals);
  if (status.ok()) return 0;
  spdlog::error("collector: {}", std::string(status.message()));
  return absl::IsInvalidArgument(status) ? 2 : 1;
}

}  // namespace
}  // namespace sightline

int main(int argc, char** argv) { return sightline::Main(argc, argv); }
