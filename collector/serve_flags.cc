#include "collector/serve_flags.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/files.h"

namespace sightline {
namespace {

absl::StatusOr<absl::Duration> ParseFlag(const char* flag, const std::string& text) {
  absl::Duration duration;
  if (!absl::ParseDuration(text, &duration) || duration <= absl::ZeroDuration()) {
    return absl::InvalidArgumentError(
        absl::StrCat(flag, ": \"", text, "\" is no duration; write 10s, 5m or 1h"));
  }
  return duration;
}

absl::StatusOr<FoldLoopOptions> ParseFoldOptions(const ServeFlags& flags) {
  FoldLoopOptions result;
  FollowerOptions& options = result.leader.follow;
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
  result.leader.node = flags.node;
  const auto lease = ParseFlag("--fold-lease", flags.fold_lease);
  if (!lease.ok()) return lease.status();
  result.lease = LeaseOptions::Of(*lease);
  if (!flags.keep_log.empty()) {
    const auto keep_log = ParseFlag("--keep-log", flags.keep_log);
    if (!keep_log.ok()) return keep_log.status();
    result.leader.keep_log = *keep_log;
  }
  return result;
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

absl::StatusOr<InviteTemplate> MakeInviteTemplate(const ServeFlags& flags) {
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

// The operators' listener with client certificates, if there is to be one.
absl::Status SetAdminListener(const ServeFlags& flags, ServerOptions& options) {
  if (flags.admin_listen.empty() != flags.admin_client_ca.empty()) {
    return absl::InvalidArgumentError(
        "--admin-listen and --admin-client-ca: give both, or neither: who may come in is decided "
        "by "
        "the certificate alone");
  }
  if (flags.admin_listen.empty()) return absl::OkStatus();
  absl::StatusOr<std::string> ca = ReadFlag("--admin-client-ca", flags.admin_client_ca);
  if (!ca.ok()) return ca.status();
  if (CountCertificates(*ca).value_or(0) == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("--admin-client-ca: ", flags.admin_client_ca, " holds no PEM certificate"));
  }
  options.admin_listen = flags.admin_listen;
  options.admin_client_ca_pem = *std::move(ca);
  return absl::OkStatus();
}

absl::StatusOr<ServerOptions> MakeServerOptions(const ServeFlags& flags) {
  ServerOptions options;
  options.listen = flags.listen;
  options.admin_socket = flags.admin_socket;
  options.streams_max = flags.streams_max;
  options.node = flags.node;
  options.enrolments_per_block_max = flags.enrolments_per_block_max;
  if (absl::Status status = SetAdminListener(flags, options); !status.ok()) return status;
  return options;
}

}  // namespace

void AddServeFlags(CLI::App& serve, ServeFlags& flags) {
  serve.add_option("--store", flags.store, "sqlite:PATH or postgresql://...")
      ->capture_default_str();
  serve.add_flag("--no-migrate", flags.no_migrate,
                 "Refuse a store whose schema is older, instead of bringing it up to date");
  serve.add_option("--listen", flags.listen, "Address and port for agents and readers")
      ->capture_default_str();
  serve
      .add_option("--tls-cert", flags.tls_cert,
                  "Certificate chain, PEM; a new one is used without a restart")
      ->required();
  serve
      .add_option("--tls-key", flags.tls_key,
                  "Its private key, PEM; nobody but its owner may read it")
      ->required();
  serve.add_option("--admin-socket", flags.admin_socket, "Unix socket for the operator")
      ->capture_default_str();
  serve.add_option(
      "--admin-listen", flags.admin_listen,
      "Address and port for operators elsewhere, who show a certificate (default: none)");
  serve.add_option("--admin-client-ca", flags.admin_client_ca,
                   "PEM certificates that operators' certificates must lead to");
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
  serve
      .add_option("--http", flags.http,
                  "Address and port of the dashboard, its API, /metrics and /healthz; '' for none")
      ->capture_default_str();
  serve
      .add_option("--public-url", flags.public_url,
                  "Where readers find the dashboard, for links in feeds, such as "
                  "https://sightline.example")
      ->check([](const std::string& url) {
        const bool web = absl::StartsWith(url, "https://") || absl::StartsWith(url, "http://");
        return web && !absl::EndsWith(url, "/")
                   ? ""
                   : "begins with https:// or http:// and has no / at its end";
      });
  serve.add_option("--log-format", flags.log_format, "Form of the lines on standard error")
      ->check(CLI::IsMember({"logfmt", "json"}))
      ->capture_default_str();
  serve.add_option("--streams-max", flags.streams_max, "Agents connected at once")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  serve
      .add_option("--enrolments-per-block", flags.enrolments_per_block_max,
                  "Agents that may enrol a day from one /24 (IPv4) or /48 (IPv6); 0: any number")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  serve
      .add_option("--fold-lease", flags.fold_lease,
                  "How long a collector that folds may be silent before another one takes over")
      ->capture_default_str();
  serve.add_option("--keep-log", flags.keep_log,
                   "Drop days of the log that are older and final, such as 2160h (default: never)");
}

absl::StatusOr<ServeOptions> ReadServeFlags(const ServeFlags& flags) {
  absl::StatusOr<FoldLoopOptions> fold = ParseFoldOptions(flags);
  if (!fold.ok()) return fold.status();
  absl::StatusOr<InviteTemplate> invites = MakeInviteTemplate(flags);
  if (!invites.ok()) return invites.status();
  absl::StatusOr<VerifyKey> operator_key = ReadOperatorKey(flags.operator_key);
  if (!operator_key.ok()) return operator_key.status();
  absl::StatusOr<ServerOptions> server = MakeServerOptions(flags);
  if (!server.ok()) return server.status();
  return ServeOptions{*std::move(fold), *std::move(invites), *std::move(server),
                      *std::move(operator_key)};
}

}  // namespace sightline
