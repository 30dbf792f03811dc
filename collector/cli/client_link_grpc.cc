#include "collector/cli/client_link_grpc.h"

#include <sys/stat.h>
#include <sys/un.h>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "common/files.h"
#include "common/tls_policy.h"

namespace sightline::cli {
namespace {

absl::Status Failed(absl::StatusCode code, const Link& link, const grpc::Status& status,
                    absl::string_view what) {
  return absl::Status(
      code, absl::StrCat(what, " ", link.where, ": ", status.error_message(), "; ", link.advice));
}

// A collector that could not be reached, told apart by what the transport says of it.
absl::Status Unreachable(const Link& link, const grpc::Status& status) {
  const std::string& text = status.error_message();
  const std::string lower = absl::AsciiStrToLower(text);
  if (absl::StrContains(lower, "certificate") || absl::StrContains(lower, "not in peer")) {
    // Does not go away by itself.
    return absl::UnauthenticatedError(absl::StrCat(
        "the TLS certificate of ", link.where, " is not the expected one: ", text,
        "; give the operator's root certificate with --roots (or SIGHTLINE_ROOTS), and the name "
        "that the certificate was made for with --collector"));
  }
  if (absl::StrContains(lower, "handshak") || absl::StrContains(lower, "ssl")) {
    return absl::UnavailableError(absl::StrCat(
        "no TLS connection to ", link.where, ": ", text,
        "; if its certificate comes from the operator's own root, give that with "
        "--roots (or SIGHTLINE_ROOTS); if not, check that this is a collector's port"));
  }
  return Failed(absl::StatusCode::kUnavailable, link, status, "cannot reach");
}

bool IsHostAndPort(const std::string& address) {
  const size_t colon = address.rfind(':');
  int port = 0;
  return colon != std::string::npos && colon > 0 &&
         absl::SimpleAtoi(address.substr(colon + 1), &port) && port >= 1 && port <= 65535;
}

absl::StatusOr<std::string> ReadFlag(const char* flag, const std::string& path) {
  absl::StatusOr<std::string> text = SystemFiles().Read(path);
  if (text.ok()) return text;
  return absl::Status(text.status().code(), absl::StrCat(flag, ": ", text.status().message()));
}

absl::StatusOr<Link> ConnectRemoteAdmin(const AdminAddress& admin) {
  if (admin.cert_path.empty() || admin.key_path.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--admin ", admin.address,
                     " is not on this machine's disk: give the operator's certificate with "
                     "--admin-cert and its key with --admin-key, or the path of the socket"));
  }
  grpc::SslCredentialsOptions tls;
  absl::StatusOr<std::string> cert = ReadFlag("--admin-cert", admin.cert_path);
  if (!cert.ok()) return cert.status();
  absl::StatusOr<std::string> key = ReadFlag("--admin-key", admin.key_path);
  if (!key.ok()) return key.status();
  if (!admin.roots_path.empty()) {
    absl::StatusOr<std::string> roots = ReadFlag("--admin-roots", admin.roots_path);
    if (!roots.ok()) return roots.status();
    tls.pem_root_certs = *std::move(roots);
  }
  tls.pem_cert_chain = *std::move(cert);
  tls.pem_private_key = *std::move(key);
  return Link{grpc::CreateChannel(admin.address, grpc::SslCredentials(tls)),
              absl::StrCat("the collector's operators' listener at ", admin.address),
              "check the address, that the collector runs with --admin-listen, and that the "
              "certificate leads to its --admin-client-ca"};
}

}  // namespace

absl::Status ToStatus(const Link& link, const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      // On a connection that stands it is the collector's answer, not the transport's.
      if (link.channel->GetState(false) != GRPC_CHANNEL_READY) return Unreachable(link, status);
      return absl::UnavailableError(absl::StrCat(link.where, " says: ", status.error_message()));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Failed(code, link, status, "no answer in time from");
    case grpc::StatusCode::UNIMPLEMENTED:
      return Failed(code, link, status, "this call is not served by");
    default:
      return absl::Status(code, absl::StrCat(link.where, " says: ", status.error_message()));
  }
}

absl::StatusOr<Link> Connect(const Collector& collector) {
  if (!IsHostAndPort(collector.address)) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", collector.address, "\" is no collector address; it must be HOST:PORT"));
  }
  RequireTls13();
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = collector.roots_pem;
  return Link{grpc::CreateChannel(collector.address, grpc::SslCredentials(tls)),
              absl::StrCat("the collector at ", collector.address),
              "check the address, and that the collector runs there"};
}

absl::StatusOr<Link> ConnectAdmin(const AdminAddress& admin) {
  const std::string& socket = admin.address;
  if (socket.find('/') == std::string::npos && IsHostAndPort(socket)) {
    return ConnectRemoteAdmin(admin);
  }
  constexpr size_t kPathMax = sizeof(sockaddr_un::sun_path) - 1;
  if (socket.size() > kPathMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(socket, ": the path of a Unix socket has at most ", kPathMax, " bytes"));
  }
  struct stat info = {};
  if (stat(socket.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) {
    return absl::NotFoundError(
        absl::StrCat("no socket at ", socket,
                     "; give the path that the collector was started with (--admin-socket), on the "
                     "collector's machine"));
  }
  return Link{grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials()),
              absl::StrCat("the collector's admin socket ", socket),
              "check that the collector runs, and that this user may open the socket"};
}

}  // namespace sightline::cli
