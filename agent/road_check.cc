#include "agent/road_check.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "agent/name_lookup.h"
#include "agent/road.h"

namespace sightline::agent {
namespace {

constexpr size_t kAddressesTried = 3;
constexpr size_t kProxyHeadMax = 8192;

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};

struct HostPort {
  std::string host;
  uint16_t port = 0;
};

// Of a road's address or proxy.
HostPort SplitHostPort(absl::string_view text) {
  const size_t colon = text.rfind(':');
  uint32_t port = 0;
  if (colon == absl::string_view::npos || !absl::SimpleAtoi(text.substr(colon + 1), &port)) {
    return {};
  }
  return {HostOf(text), static_cast<uint16_t>(port)};
}

// Until the descriptor is ready; DEADLINE_EXCEEDED otherwise.
absl::Status Await(int fd, short events, absl::Time end) {
  for (;;) {
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return absl::DeadlineExceededError("no answer in time");
    pollfd one = {fd, events, 0};
    const int ready = poll(&one, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return absl::UnavailableError(strerror(errno));
  }
}

absl::StatusOr<Descriptor> ConnectTo(const IpAddress& address, uint16_t port, absl::Time end) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(sockaddr_in);
  if (address.v6) {
    auto* name = reinterpret_cast<sockaddr_in6*>(&storage);
    size = sizeof(*name);
    name->sin6_family = AF_INET6;
    name->sin6_port = htons(port);
    memcpy(&name->sin6_addr, address.bytes.data(), sizeof(name->sin6_addr));
  } else {
    auto* name = reinterpret_cast<sockaddr_in*>(&storage);
    name->sin_family = AF_INET;
    name->sin_port = htons(port);
    memcpy(&name->sin_addr, address.bytes.data(), sizeof(name->sin_addr));
  }
  Descriptor fd(socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return absl::UnavailableError(strerror(errno));
  if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) == 0) return fd;
  if (errno != EINPROGRESS) return absl::UnavailableError(strerror(errno));
  if (absl::Status status = Await(fd.get(), POLLOUT, end); !status.ok()) return status;
  int error = 0;
  socklen_t error_size = sizeof(error);
  getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &error_size);
  if (error != 0) return absl::UnavailableError(strerror(error));
  return fd;
}

// The first address that takes the connection. Each gets its share of the time.
absl::StatusOr<Descriptor> ConnectToAny(const std::vector<IpAddress>& addresses, uint16_t port,
                                        absl::Duration timeout) {
  const size_t count = std::min(addresses.size(), kAddressesTried);
  absl::Status last = absl::UnavailableError("no address");
  for (size_t i = 0; i < count; ++i) {
    const absl::Duration share = timeout / static_cast<int64_t>(count);
    absl::StatusOr<Descriptor> fd = ConnectTo(addresses[i], port, absl::Now() + share);
    if (fd.ok()) return fd;
    last = absl::Status(fd.status().code(),
                        absl::StrCat(FormatIpAddress(addresses[i]), ": ", fd.status().message()));
  }
  return last;
}

// Asks the proxy for a tunnel to `address`.
absl::Status OpenTunnel(int fd, const std::string& address, absl::Time end) {
  const std::string request =
      absl::StrCat("CONNECT ", address, " HTTP/1.1\r\nHost: ", address, "\r\n\r\n");
  if (send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return absl::UnavailableError("the proxy took no request");
  }
  std::string head;
  // Byte by byte, so that nothing of what follows is taken away.
  while (!absl::EndsWith(head, "\r\n\r\n") && head.size() < kProxyHeadMax) {
    if (absl::Status status = Await(fd, POLLIN, end); !status.ok()) return status;
    char byte = 0;
    if (recv(fd, &byte, 1, 0) != 1)
      return absl::UnavailableError("the proxy closed the connection");
    head.push_back(byte);
  }
  const std::string line = head.substr(0, head.find('\r'));
  if (absl::StartsWith(line, "HTTP/1.") && line.size() > 9 && line.substr(9, 1) == "2") {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrCat("the proxy said: ", line.substr(0, 100)));
}

bool AddRoots(const std::string& pem, SSL_CTX* context) {
  const std::unique_ptr<BIO, SslFree> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  int count = 0;
  for (;; ++count) {
    const std::unique_ptr<X509, SslFree> root(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (root == nullptr) break;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root.get());
  }
  ERR_clear_error();
  return count > 0;
}

absl::Time TimeOf(const ASN1_TIME* time) {
  tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

std::string LastSslError() {
  const unsigned long code = ERR_get_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "the other end closed the connection" : reason;
}

absl::Status Handshake(SSL* ssl, int fd, absl::Time end) {
  for (;;) {
    ERR_clear_error();
    const int result = SSL_connect(ssl);
    if (result == 1) return absl::OkStatus();
    const int error = SSL_get_error(ssl, result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) {
      return absl::UnavailableError(LastSslError());
    }
    const short events = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
    if (absl::Status status = Await(fd, events, end); !status.ok()) return status;
  }
}

// As gRPC does: TLS 1.3 with HTTP/2. The chain is judged afterwards, so that its end can be told.
absl::Status WalkTls(int fd, const std::string& host, const RoadCheckOptions& options,
                     RoadFacts& facts) {
  const std::unique_ptr<SSL_CTX, SslFree> context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr) return absl::ResourceExhaustedError("out of memory");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  constexpr unsigned char kAlpn[] = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kAlpn, sizeof(kAlpn));
  if (!AddRoots(options.roots_pem, context.get())) {
    return absl::FailedPreconditionError("there is no root certificate to judge by");
  }
  const std::unique_ptr<SSL, SslFree> ssl(SSL_new(context.get()));
  if (ssl == nullptr || SSL_set_fd(ssl.get(), fd) != 1) {
    return absl::ResourceExhaustedError("out of memory");
  }
  if (ParseIpAddress(host).has_value()) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    SSL_set1_host(ssl.get(), host.c_str());
  }
  const absl::Time start = absl::Now();
  absl::Status status = Handshake(ssl.get(), fd, start + options.timeout);
  if (!status.ok()) return status;
  facts.handshake_time = absl::Now() - start;
  facts.stage = RoadStage::kCertificate;
  const X509* certificate = SSL_get0_peer_certificate(ssl.get());
  if (certificate == nullptr) return absl::UnavailableError("no certificate was shown");
  facts.certificate_end = TimeOf(X509_get0_notAfter(certificate));
  const long verified = SSL_get_verify_result(ssl.get());
  facts.certificate_error = static_cast<int>(verified);
  if (verified != X509_V_OK) {
    return absl::UnauthenticatedError(X509_verify_cert_error_string(verified));
  }
  return absl::OkStatus();
}

absl::Status Walk(const Road& road, const RoadCheckOptions& options, RoadFacts& facts) {
  const HostPort collector = SplitHostPort(road.address);
  const bool direct = road.proxy.empty();
  const HostPort first =
      direct ? collector : SplitHostPort(absl::StripPrefix(road.proxy, "http://"));
  const NameAnswer name = LookUpName(first.host, options.timeout);
  if (!name.status.ok()) {
    return absl::Status(name.status.code(), absl::StrCat(first.host, ": ", name.status.message()));
  }
  facts.stage = RoadStage::kConnect;
  const absl::Time start = absl::Now();
  const absl::StatusOr<Descriptor> fd = ConnectToAny(name.addresses, first.port, options.timeout);
  if (!fd.ok()) return fd.status();
  facts.connect_time = absl::Now() - start;
  if (!direct) {
    facts.stage = RoadStage::kProxy;
    absl::Status status = OpenTunnel(fd->get(), road.address, absl::Now() + options.timeout);
    if (!status.ok()) return status;
  }
  facts.stage = RoadStage::kHandshake;
  return WalkTls(fd->get(), collector.host, options, facts);
}

}  // namespace

RoadFacts CheckRoad(const std::string& road, const RoadCheckOptions& options) {
  RoadFacts facts;
  facts.road = road;
  facts.status = Walk(ParseRoad(road), options, facts);
  if (!facts.status.ok()) return facts;
  facts.stage = RoadStage::kAnswer;
  facts.status = options.ask(road);
  if (facts.status.ok()) facts.stage = RoadStage::kDone;
  return facts;
}

}  // namespace sightline::agent
