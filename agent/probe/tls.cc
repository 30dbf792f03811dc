#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/probe/failure.h"
#include "agent/probe/steps.h"
#include "agent/probe/trust.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;

std::string HandshakeFailure(const boost::system::error_code& error) {
  if (error == asio::ssl::error::stream_truncated) return std::string(kEof);
  if (error.category() == asio::error::get_ssl_category()) return std::string(kTlsFailedHandshake);
  return FailureFromError(error);
}

}  // namespace

asio::awaitable<bool> TlsStep(Connection& connection, TimePoint deadline) {
  v1::TlsEvidence& evidence = *connection.evidence.mutable_tls();
  evidence.set_server_name(connection.request.host);
  SSL* ssl = SSL_new(connection.trust);
  if (ssl == nullptr) {
    evidence.set_failure("unknown_failure: out of memory");
    co_return false;
  }
  ExpectHost(ssl, connection.request.host);
  connection.tls.emplace(connection.socket, ssl);  // Takes ssl over.

  TcpSocket& socket = connection.socket;
  Watchdog watchdog(socket.get_executor(), deadline, [&socket] { CloseQuietly(socket); });
  const TimePoint start = SteadyClock::now();
  boost::system::error_code error;
  co_await connection.tls->async_handshake(asio::ssl::stream_base::client,
                                           asio::redirect_error(asio::use_awaitable, error));
  evidence.set_handshake_us(MicrosecondsSince(start));
  for (std::string& hash : ChainSha256(ssl)) evidence.add_chain_sha256(std::move(hash));
  if (watchdog.expired()) {
    evidence.set_failure(std::string(kTimeout));
    co_return false;
  }
  if (error) {
    evidence.set_failure(HandshakeFailure(error));
    co_return false;
  }
  evidence.set_version(SSL_get_version(ssl));
  evidence.set_cipher(SSL_get_cipher_name(ssl));
  evidence.set_failure(std::string(VerifyFailure(ssl)));
  evidence.set_verified(evidence.failure().empty());
  co_return evidence.verified();
}

}  // namespace sightline::probe
