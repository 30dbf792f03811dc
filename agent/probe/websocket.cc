#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/system/errc.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/probe/failure.h"
#include "agent/probe/steps.h"
#include "agent/probe/user_agent.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

constexpr size_t kHeaderBytesMax = 16 * 1024;
constexpr size_t kMessageBytesMax = 64 * 1024;

// Between TLS and Beast's WebSocket. Beast would read the body of a refusal, up to 8 MiB of it, and
// tell nothing when that is cut short; this reads the head of the response itself, keeps the
// status, and ends a refused upgrade there.
class UpgradeGuard {
 public:
  using next_layer_type = TlsStream;
  using executor_type = TlsStream::executor_type;

  explicit UpgradeGuard(TlsStream& tls) : tls_(tls) {}

  executor_type get_executor() { return tls_.get_executor(); }
  next_layer_type& next_layer() { return tls_; }
  const next_layer_type& next_layer() const { return tls_; }

  // 0 until the head of the response is complete.
  uint32_t status() const { return status_; }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_compose<Token, void(error_code, size_t)>(ReadOp<Buffers>{*this, buffers},
                                                                token, tls_);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return tls_.async_write_some(buffers, std::forward<Token>(token));
  }

  // Beast calls this after the farewell of a WebSocket. The step's owner closes the socket.
  template <typename Handler>
  friend void async_teardown(boost::beast::role_type, UpgradeGuard& guard, Handler&& handler) {
    asio::post(guard.get_executor(),
               boost::beast::bind_front_handler(std::forward<Handler>(handler), error_code()));
  }

 private:
  template <typename Buffers>
  struct ReadOp {
    UpgradeGuard& guard;
    Buffers buffers;

    // Called first to begin, then after each read of the head.
    template <typename Self>
    void operator()(Self& self) {
      if (guard.status_ != 0 && !guard.received_.empty()) {
        asio::post(guard.get_executor(),
                   boost::beast::bind_front_handler(std::move(self), error_code(), size_t{0}));
      } else if (guard.status_ != 0) {
        guard.direct_ = true;
        guard.tls_.async_read_some(buffers, std::move(self));
      } else {
        guard.tls_.async_read_some(asio::buffer(guard.chunk_), std::move(self));
      }
    }

    template <typename Self>
    void operator()(Self& self, error_code error, size_t count) {
      if (error || guard.direct_) return self.complete(error, count);
      guard.received_.append(guard.chunk_.data(), count);
      if (guard.status_ == 0) {
        error = guard.Inspect();
        if (error) return self.complete(error, 0);
        if (guard.status_ == 0) return (*this)(self);
      }
      const size_t handed = asio::buffer_copy(buffers, asio::buffer(guard.received_));
      guard.received_.erase(0, handed);
      self.complete(error_code(), handed);
    }
  };

  // Sets the status when the head is complete.
  error_code Inspect() {
    const size_t end = received_.find("\r\n\r\n");
    if (end == std::string::npos) {
      return received_.size() > kHeaderBytesMax ? http::error::header_limit : error_code();
    }
    http::response_parser<http::empty_body> parser;
    parser.header_limit(kHeaderBytesMax);
    error_code error;
    parser.put(asio::buffer(received_.data(), end + 4), error);
    if (!parser.is_header_done()) return error ? error : http::error::bad_status;
    status_ = parser.get().result_int();
    return status_ == 101 ? error_code() : websocket::error::upgrade_declined;
  }

  TlsStream& tls_;
  std::array<char, 4096> chunk_{};
  // What came with the head and has not been handed on.
  std::string received_;
  uint32_t status_ = 0;
  // Whether reads go straight to TLS, once all of `received_` is handed on.
  bool direct_ = false;
};

class WebSocketChannel : public Channel {
 public:
  explicit WebSocketChannel(TlsStream& tls) : stream_(tls) {
    stream_.binary(true);
    stream_.read_message_max(kMessageBytesMax);
  }

  asio::awaitable<error_code> Upgrade(const Request& request) {
    stream_.set_option(websocket::stream_base::decorator([&request](http::request_header<>& head) {
      head.set(http::field::user_agent, kUserAgent);
      if (!request.check->origin().empty()) {
        head.set(http::field::origin, request.check->origin());
      }
    }));
    const std::string host =
        request.port == 443 ? request.host : absl::StrCat(request.host, ":", request.port);
    const std::string target = request.path.empty() ? "/" : request.path;
    error_code error;
    co_await stream_.async_handshake(host, target,
                                     asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  uint32_t status() const { return stream_.next_layer().status(); }

  asio::awaitable<error_code> Write(absl::string_view bytes) override {
    error_code error;
    co_await stream_.async_write(asio::buffer(bytes.data(), bytes.size()),
                                 asio::redirect_error(asio::use_awaitable, error));
    co_return Translate(error);
  }

  asio::awaitable<error_code> ReadSome(std::string* bytes, size_t bytes_max) override {
    const size_t before = bytes->size();
    bytes->resize(before + bytes_max);
    error_code error;
    size_t got = 0;
    // A message may be empty.
    while (got == 0 && !error) {
      got = co_await stream_.async_read_some(asio::buffer(bytes->data() + before, bytes_max),
                                             asio::redirect_error(asio::use_awaitable, error));
    }
    bytes->resize(before + got);
    if (!error && stream_.got_text()) co_return make_error_code(boost::system::errc::bad_message);
    co_return Translate(error);
  }

 private:
  // Into what any channel may meet.
  static error_code Translate(const error_code& error) {
    static const boost::system::error_category& category =
        error_code(websocket::error::bad_opcode).category();
    if (error == websocket::error::closed) return asio::error::eof;
    if (error.category() != category) return error;
    return make_error_code(boost::system::errc::bad_message);
  }

  websocket::stream<UpgradeGuard, false> stream_;
};

std::string UpgradeFailure(const error_code& error) {
  if (!error) return {};
  if (error == websocket::error::upgrade_declined) return std::string(kHttpUnexpectedStatus);
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::ssl::error::stream_truncated) {
    return std::string(kEof);
  }
  if (error == asio::error::eof || error.category() == boost::system::system_category()) {
    return FailureFromError(error);
  }
  return std::string(kHttpRequestFailed);
}

}  // namespace

asio::awaitable<bool> WebSocketStep(Connection& connection, TimePoint deadline) {
  v1::WebSocketEvidence& evidence = *connection.evidence.mutable_websocket();
  TcpSocket& socket = connection.socket;
  Watchdog watchdog(socket.get_executor(), deadline, [&socket] { CloseQuietly(socket); });
  const TimePoint start = SteadyClock::now();
  auto channel = std::make_unique<WebSocketChannel>(*connection.tls);
  const error_code error = co_await channel->Upgrade(connection.request);
  evidence.set_upgrade_us(MicrosecondsSince(start));
  evidence.set_status(channel->status());
  evidence.set_failure(watchdog.expired() && error ? std::string(kTimeout) : UpgradeFailure(error));
  if (error) co_return false;
  connection.channel = std::move(channel);
  co_return true;
}

}  // namespace sightline::probe
