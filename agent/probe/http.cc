#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "agent/probe/failure.h"
#include "agent/probe/judge.h"
#include "agent/probe/page.h"
#include "agent/probe/response.h"
#include "agent/probe/steps.h"
#include "agent/probe/user_agent.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// One TLS record.
constexpr size_t kChunkBytes = 16 * 1024;

std::string MakeRequest(const Request& wanted, bool tls) {
  const bool brackets = absl::StrContains(wanted.host, ':');
  std::string host = absl::StrCat(brackets ? "[" : "", wanted.host, brackets ? "]" : "");
  if (wanted.port != (tls ? 443 : 80)) absl::StrAppend(&host, ":", wanted.port);
  return absl::StrCat("GET ", wanted.path.empty() ? "/" : wanted.path, " HTTP/1.1\r\nHost: ", host,
                      "\r\nUser-Agent: ", kUserAgent,
                      "\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

std::string ExchangeFailure(const error_code& error) {
  if (error == asio::ssl::error::stream_truncated) return std::string(kEof);
  if (error == asio::error::eof || error.category() == boost::system::system_category()) {
    return FailureFromError(error);
  }
  return std::string(kHttpRequestFailed);
}

// Asks, and feeds what comes to `reader` until it has the response or nothing more comes. Returns
// why it has none.
template <typename Stream>
asio::awaitable<error_code> Exchange(Stream& stream, const std::string& request,
                                     ResponseReader& reader) {
  error_code write_error;
  error_code error;
  co_await asio::async_write(stream, asio::buffer(request),
                             asio::redirect_error(asio::use_awaitable, write_error));
  // A server may answer and close before it has read the request: a failed write is not the end.
  const auto chunk = std::make_unique_for_overwrite<char[]>(kChunkBytes);
  auto state = ResponseReader::State::kMore;
  while (state == ResponseReader::State::kMore && !error) {
    const size_t got = co_await stream.async_read_some(
        asio::buffer(chunk.get(), kChunkBytes), asio::redirect_error(asio::use_awaitable, error));
    if (got > 0) state = reader.Feed(absl::string_view(chunk.get(), got));
  }
  if (state == ResponseReader::State::kDone) co_return error_code();
  if (state == ResponseReader::State::kBroken) {
    // Of no category that the system's errors have.
    co_return make_error_code(boost::system::errc::bad_message);
  }
  // Many servers end a body without length by closing, and skip TLS's farewell.
  const bool ended = error == asio::error::eof || error == asio::ssl::error::stream_truncated;
  if (ended && reader.End()) co_return error_code();
  co_return write_error&& reader.status() == 0 ? write_error : error;
}

void Describe(const ResponseReader& response, const PageReader& page, v1::HttpEvidence* evidence) {
  evidence->set_status(response.status());
  evidence->set_location(PrintableLocation(response.location()));
  evidence->set_date_s(response.date_s());
  evidence->set_body_bytes(page.body_bytes());
  evidence->set_title(page.Title());
  evidence->set_body_sha256_prefix(page.Sha256Prefix());
}

}  // namespace

asio::awaitable<bool> HttpStep(Connection& connection, TimePoint deadline) {
  v1::HttpEvidence& evidence = *connection.evidence.mutable_http();
  const v1::Check& check = *connection.request.check;
  const bool tls = connection.tls.has_value();
  const std::string request = MakeRequest(connection.request, tls);
  PageReader page(check.body_contains(), check.count_member());
  ResponseReader response(&page);
  Watchdog watchdog(connection.socket.get_executor(), deadline,
                    [&connection] { GiveUp(connection); });
  const TimePoint start = SteadyClock::now();
  const error_code error = tls ? co_await Exchange(*connection.tls, request, response)
                               : co_await Exchange(connection.socket, request, response);
  evidence.set_exchange_us(MicrosecondsSince(start));
  Describe(response, page, &evidence);
  connection.location = std::string(response.location());
  if (error) {
    evidence.set_failure(watchdog.expired() ? std::string(kTimeout) : ExchangeFailure(error));
    if (tls) connection.evidence.mutable_tls()->set_alert(AlertOf(error));
  }
  if (!error) connection.listing = page.Listed();
  evidence.set_expected(!error && StatusExpected(check, evidence.status()) &&
                        PageExpected(check, page));
  co_return evidence.expected();
}

}  // namespace sightline::probe
