#include <openssl/err.h>
#include <openssl/tls1.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/probe/failure.h"
#include "agent/probe/page.h"
#include "agent/probe/steps.h"
#include "agent/probe/trust.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;

constexpr size_t kAlpnBytesMax = 32;

std::string HandshakeFailure(const boost::system::error_code& error) {
  if (error == asio::ssl::error::stream_truncated) return std::string(kEof);
  if (error.category() == asio::error::get_ssl_category() ||
      error.category() == asio::ssl::error::get_stream_category()) {
    return std::string(kTlsFailedHandshake);
  }
  return FailureFromError(error);
}

// The chosen one of the protocols offered, or whatever else a server says, even when it is no text.
std::string ChosenProtocol(const SSL* ssl) {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  if (name == nullptr) return {};
  return ToValidUtf8(absl::string_view(reinterpret_cast<const char*>(name), size), kAlpnBytesMax);
}

}  // namespace

uint32_t AlertOf(const boost::system::error_code& error) {
  if (error.category() != asio::error::get_ssl_category()) return 0;
  const auto code = static_cast<unsigned int>(error.value());
  const int reason = ERR_GET_REASON(code);
  const bool alert = ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET &&
                     reason <= SSL_AD_REASON_OFFSET + UINT8_MAX;
  return alert ? static_cast<uint32_t>(reason - SSL_AD_REASON_OFFSET) : 0;
}

asio::awaitable<bool> TlsStep(Connection& connection, TimePoint deadline) {
  v1::TlsEvidence& evidence = *connection.evidence.mutable_tls();
  SSL* ssl = SSL_new(connection.trust);
  if (ssl == nullptr) {
    evidence.set_failure("unknown_failure: out of memory");
    co_return false;
  }
  ExpectHost(ssl, connection.request.host);
  if (const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name)) {
    evidence.set_server_name(name);
  }
  connection.tls.emplace(connection.socket, ssl);  // Takes ssl over.

  Watchdog watchdog(connection.socket.get_executor(), deadline,
                    [&connection] { GiveUp(connection); });
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
    evidence.set_alert(AlertOf(error));
    co_return false;
  }
  evidence.set_version(SSL_get_version(ssl));
  evidence.set_cipher(SSL_get_cipher_name(ssl));
  evidence.set_alpn(ChosenProtocol(ssl));
  evidence.set_failure(std::string(VerifyFailure(ssl)));
  evidence.set_verified(evidence.failure().empty());
  co_return evidence.verified();
}

}  // namespace sightline::probe
