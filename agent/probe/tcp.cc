#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>

#include "agent/probe/failure.h"
#include "agent/probe/steps.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

tcp::endpoint EndpointOf(const IpAddress& address, uint16_t port) {
  const auto& bytes = address.bytes;
  if (address.v6) return {asio::ip::address_v6(bytes), port};
  return {asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]}), port};
}

}  // namespace

uint32_t MicrosecondsSince(TimePoint start) {
  const auto elapsed =
      std::chrono::duration_cast<std::chrono::microseconds>(SteadyClock::now() - start).count();
  return static_cast<uint32_t>(
      std::clamp<int64_t>(elapsed, 0, std::numeric_limits<uint32_t>::max()));
}

std::string FailureFromError(const boost::system::error_code& error) {
  if (error == asio::error::eof) return std::string(kEof);
  if (error.category() == boost::system::system_category()) return FailureFromErrno(error.value());
  return "unknown_failure: not an operating system error";
}

void CloseQuietly(TcpSocket& socket) {
  boost::system::error_code ignored;
  socket.close(ignored);
}

asio::awaitable<bool> ConnectStep(Connection& connection, TimePoint deadline) {
  TcpSocket& socket = connection.socket;
  Watchdog watchdog(socket.get_executor(), deadline, [&socket] { CloseQuietly(socket); });
  const TimePoint start = SteadyClock::now();
  boost::system::error_code error;
  co_await socket.async_connect(EndpointOf(connection.destination, connection.request.port),
                                asio::redirect_error(asio::use_awaitable, error));
  if (watchdog.expired()) {
    connection.evidence.set_connect_failure(std::string(kTimeout));
    co_return false;
  }
  if (error) {
    connection.evidence.set_connect_failure(FailureFromError(error));
    co_return false;
  }
  connection.evidence.set_connect_us(std::max<uint32_t>(1, MicrosecondsSince(start)));
  socket.set_option(tcp::no_delay(true), error);
  co_return true;
}

}  // namespace sightline::probe
