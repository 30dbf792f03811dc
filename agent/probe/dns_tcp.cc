#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "agent/probe/dns_lookup.h"
#include "agent/probe/failure.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Connects, asks, and reads one message. Returns a failure in OONI's words, or an empty string.
asio::awaitable<std::string> Exchange(TcpSocket& socket, const tcp::endpoint& resolver,
                                      absl::string_view question, TimePoint* asked,
                                      std::string* message) {
  boost::system::error_code error;
  co_await socket.async_connect(resolver, asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return FailureFromError(error);
  // Length and message in one segment, as RFC 7766 section 8 asks; the buffer of a new connection
  // has room for it.
  const std::array<unsigned char, 2> question_size = {
      static_cast<unsigned char>(question.size() >> 8),
      static_cast<unsigned char>(question.size())};
  *asked = SteadyClock::now();
  socket.send(std::array<asio::const_buffer, 2>{asio::buffer(question_size),
                                                asio::buffer(question.data(), question.size())},
              0, error);
  if (error) co_return FailureFromError(error);
  std::array<unsigned char, 2> size{};
  co_await asio::async_read(socket, asio::buffer(size),
                            asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return FailureFromError(error);
  const size_t message_size = static_cast<size_t>(size[0]) << 8 | size[1];
  if (message_size > kDnsMessageBytesMax) co_return std::string(kDnsMisbehaving);
  message->resize(message_size);
  co_await asio::async_read(socket, asio::buffer(*message),
                            asio::redirect_error(asio::use_awaitable, error));
  co_return error ? FailureFromError(error) : std::string();
}

}  // namespace

asio::awaitable<void> AskOverTcp(const Lookup& lookup, TimePoint deadline,
                                 v1::DnsEvidence* evidence) {
  Describe(lookup, v1::DNS_TRANSPORT_TCP, evidence);
  const DnsQuery query = QueryOf(lookup);
  const absl::StatusOr<std::string> question = PackDnsQuery(query);
  if (!question.ok()) {
    SetFailure(std::string(kNotADnsName), evidence);
    co_return;
  }
  TcpSocket socket(co_await asio::this_coro::executor);
  Watchdog watchdog(socket.get_executor(), deadline, [&socket] { CloseQuietly(socket); });
  const tcp::endpoint resolver(AddressOf(lookup.resolver->address), lookup.resolver->address.port);
  TimePoint asked;
  std::string message;
  std::string failure = co_await Exchange(socket, resolver, *question, &asked, &message);
  if (failure.empty()) {
    const DnsReply reply = ParseDnsReply(message, query);
    // The connection carries one answer to one question, so nothing else has a place there.
    failure = std::string(reply.match == DnsMatch::kWrongId ? kDnsWrongId : kDnsMisbehaving);
    if (reply.match == DnsMatch::kAnswer) {
      AddResponse(reply, MicrosecondsSince(asked), lookup.rules, evidence);
    }
  } else if (watchdog.expired()) {
    failure = std::string(kTimeout);
  }
  SetFailure(std::move(failure), evidence);
}

}  // namespace sightline::probe
