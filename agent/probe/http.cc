#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/probe/failure.h"
#include "agent/probe/judge.h"
#include "agent/probe/steps.h"
#include "agent/probe/user_agent.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr uint32_t kHeaderBytesMax = 16 * 1024;
constexpr uint32_t kBodyBytesMax = 512 * 1024;
constexpr size_t kChunkBytes = 16'384;

// Looks for a text in a body that comes in pieces, without keeping the body.
class TextSearch {
 public:
  explicit TextSearch(absl::string_view text) : text_(text), found_(text.empty()) {}

  void Feed(absl::string_view piece) {
    if (found_) return;
    window_.append(piece.data(), piece.size());
    found_ = absl::StrContains(window_, text_);
    if (window_.size() >= text_.size()) window_.erase(0, window_.size() - text_.size() + 1);
  }
  bool found() const { return found_; }

 private:
  absl::string_view text_;
  bool found_;
  std::string window_;
};

http::request<http::empty_body> MakeRequest(const Request& wanted) {
  const bool tls = ProtocolHasTls(wanted.protocol);
  const bool usual_port = wanted.port == (tls ? 443U : 80U);
  http::request<http::empty_body> request;
  request.version(11);
  request.method(http::verb::get);
  request.target(wanted.path.empty() ? "/" : wanted.path);
  request.set(http::field::host,
              usual_port ? wanted.host : absl::StrCat(wanted.host, ":", wanted.port));
  request.set(http::field::user_agent, kUserAgent);
  request.set(http::field::accept, "*/*");
  request.set(http::field::connection, "close");
  return request;
}

std::string ExchangeFailure(const error_code& error) {
  if (!error) return {};
  if (error == http::error::end_of_stream || error == http::error::partial_message ||
      error == asio::ssl::error::stream_truncated) {
    return std::string(kEof);
  }
  if (error == asio::error::eof || error.category() == boost::system::system_category()) {
    return FailureFromError(error);
  }
  return std::string(kHttpRequestFailed);
}

// Reads the body up to the limit; what lies beyond is left unread, which is no failure.
template <typename Stream>
asio::awaitable<error_code> ReadBody(Stream& stream, boost::beast::flat_buffer& buffer,
                                     http::response_parser<http::buffer_body>& parser,
                                     TextSearch& search, v1::HttpEvidence& evidence) {
  std::vector<char> chunk(kChunkBytes);
  error_code error;
  while (!parser.is_done() && evidence.body_bytes() < kBodyBytesMax) {
    const size_t wanted = std::min<size_t>(chunk.size(), kBodyBytesMax - evidence.body_bytes());
    auto& body = parser.get().body();
    body.data = chunk.data();
    body.size = wanted;
    co_await http::async_read(stream, buffer, parser,
                              asio::redirect_error(asio::use_awaitable, error));
    const size_t got = wanted - body.size;
    evidence.set_body_bytes(evidence.body_bytes() + static_cast<uint32_t>(got));
    search.Feed(absl::string_view(chunk.data(), got));
    if (error == http::error::need_buffer) error = {};
    if (error) break;
  }
  // Many servers end a body without length by closing, and skip TLS's farewell.
  if (error == asio::ssl::error::stream_truncated && parser.need_eof()) error = {};
  co_return error;
}

template <typename Stream>
asio::awaitable<void> Exchange(Stream& stream, const Request& wanted, v1::HttpEvidence& evidence) {
  error_code error;
  const v1::Check& check = *wanted.check;
  const http::request<http::empty_body> request = MakeRequest(wanted);
  error_code write_error;
  co_await http::async_write(stream, request,
                             asio::redirect_error(asio::use_awaitable, write_error));
  boost::beast::flat_buffer buffer(size_t{2} * kHeaderBytesMax);
  http::response_parser<http::buffer_body> parser;
  parser.header_limit(kHeaderBytesMax);
  parser.body_limit(boost::none);
  // A server may answer and close before it has read the request: a failed write is not the end.
  co_await http::async_read_header(stream, buffer, parser,
                                   asio::redirect_error(asio::use_awaitable, error));
  TextSearch search(check.body_contains());
  if (error && write_error) error = write_error;
  if (!error) {
    evidence.set_status(parser.get().result_int());
    error = co_await ReadBody(stream, buffer, parser, search, evidence);
  }
  evidence.set_failure(ExchangeFailure(error));
  evidence.set_expected(!error && StatusExpected(check, evidence.status()) && search.found());
}

}  // namespace

asio::awaitable<bool> HttpStep(Connection& connection, TimePoint deadline) {
  v1::HttpEvidence& evidence = *connection.evidence.mutable_http();
  TcpSocket& socket = connection.socket;
  Watchdog watchdog(socket.get_executor(), deadline, [&socket] { CloseQuietly(socket); });
  const TimePoint start = SteadyClock::now();
  if (connection.tls.has_value()) {
    co_await Exchange(*connection.tls, connection.request, evidence);
  } else {
    co_await Exchange(socket, connection.request, evidence);
  }
  evidence.set_exchange_us(MicrosecondsSince(start));
  if (watchdog.expired() && !evidence.failure().empty()) {
    evidence.set_failure(std::string(kTimeout));
  }
  co_return evidence.expected();
}

}  // namespace sightline::probe
