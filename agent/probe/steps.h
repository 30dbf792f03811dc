#ifndef SIGHTLINE_AGENT_PROBE_STEPS_H_
#define SIGHTLINE_AGENT_PROBE_STEPS_H_

// The protocol steps, one file each. For the engine only: this header costs seconds to compile.
// A step does one thing once, within its deadline, and leaves evidence. It never retries.

#include <openssl/ssl.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "agent/probe/channel.h"
#include "agent/probe/destination.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

using SteadyClock = std::chrono::steady_clock;
using TimePoint = SteadyClock::time_point;
using TcpSocket = boost::asio::ip::tcp::socket;
using TlsStream = boost::asio::ssl::stream<TcpSocket&>;

uint32_t MicrosecondsSince(TimePoint start);

// An operating system error in OONI's words; the end of the stream is eof_error.
std::string FailureFromError(const boost::system::error_code& error);

// Ends whatever waits on the socket; an error in closing changes nothing.
void CloseQuietly(TcpSocket& socket);

// Runs `on_expiry` at the deadline, unless destroyed earlier. What `on_expiry` refers to must
// outlive it.
class Watchdog {
 public:
  template <typename Executor, typename OnExpiry>
  Watchdog(const Executor& executor, TimePoint deadline, OnExpiry on_expiry)
      : timer_(executor, deadline), state_(std::make_shared<State>()) {
    timer_.async_wait(
        [state = state_, on_expiry = std::move(on_expiry)](const boost::system::error_code& error) {
          if (error || state->done) return;
          state->expired = true;
          on_expiry();
        });
  }
  ~Watchdog() { state_->done = true; }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  bool expired() const { return state_->expired; }

 private:
  // Outlives the watchdog when the handler is already queued.
  struct State {
    bool done = false;
    bool expired = false;
  };

  boost::asio::steady_timer timer_;
  std::shared_ptr<State> state_;
};

// What to say to a server: a check's own words, or what a contrast or a redirect makes of them.
struct Request {
  v1::CheckProtocol protocol = v1::CHECK_PROTOCOL_UNSPECIFIED;
  // TLS server name, HTTP Host, and the name that the certificate must prove.
  std::string host;
  uint16_t port = 0;
  // HTTP path and query.
  std::string path;
  // Expectations of status and body, Origin; never nullptr, outlives the request.
  const v1::Check* check = nullptr;
  // nullptr unless the protocol has Noise; outlives the request.
  const v1::NoiseProfile* noise = nullptr;
};

// One address under test, from connect to the last byte.
struct Connection {
  template <typename Executor>
  Connection(const Executor& executor, const Request& request_in, SSL_CTX* trust_in,
             const IpAddress& address)
      : request(request_in), trust(trust_in), destination(address), socket(executor) {
    evidence.set_address(FormatIpAddress(address));
    evidence.set_port(request.port);
  }

  const Request& request;
  SSL_CTX* trust;  // nullptr when the protocol has no TLS.
  IpAddress destination;
  TcpSocket socket;
  std::optional<TlsStream> tls;
  // What the application speaks through, once a WebSocket step has run; else empty, and the
  // application speaks through `tls` or `socket`.
  std::unique_ptr<Channel> channel;
  // Whether TCP timestamps are in use, once connected.
  std::optional<bool> timestamps;
  // Location header as received, for FollowLocation; the evidence holds what is printable of it.
  std::string location;
  // What the body says that was read to its end.
  v1::Listing listing = v1::LISTING_UNSPECIFIED;
  v1::Attempt evidence;
};

// Writes what the kernel counted so far into `connection.evidence`. Changes nothing when the socket
// is closed or was never connected, so call it before closing.
void NoteBytes(Connection& connection);

// NoteBytes, then CloseQuietly: for a deadline.
void GiveUp(Connection& connection);

// nullopt when the socket is not connected.
std::optional<bool> TcpTimestampsInUse(TcpSocket& socket);

// The TLS alert from the peer that `error` of a TlsStream tells of; 0 when it tells of none.
uint32_t AlertOf(const boost::system::error_code& error);

// The one shape of a step: fills its part of `connection.evidence` and says whether the next step
// may follow. After false the socket is of no further use.
using Step = boost::asio::awaitable<bool> (*)(Connection& connection, TimePoint deadline);

boost::asio::awaitable<bool> ConnectStep(Connection& connection, TimePoint deadline);
boost::asio::awaitable<bool> TlsStep(Connection& connection, TimePoint deadline);
boost::asio::awaitable<bool> HttpStep(Connection& connection, TimePoint deadline);
boost::asio::awaitable<bool> WebSocketStep(Connection& connection, TimePoint deadline);
boost::asio::awaitable<bool> NoiseStep(Connection& connection, TimePoint deadline);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_STEPS_H_
