#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>

#include "agent/probe/failure.h"
#include "agent/probe/steps.h"
#include "agent/probe/tcp_info.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

tcp::endpoint EndpointOf(const IpAddress& address, uint16_t port) {
  const auto& bytes = address.bytes;
  if (address.v6) return {asio::ip::address_v6(bytes), port};
  return {asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]}), port};
}

std::optional<TcpInfo> InfoOf(TcpSocket& socket) {
  if (!socket.is_open()) return std::nullopt;
  return ReadTcpInfo(socket.native_handle());
}

uint32_t Saturate(uint64_t count) {
  return static_cast<uint32_t>(std::min<uint64_t>(count, std::numeric_limits<uint32_t>::max()));
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

void NoteBytes(Connection& connection) {
  const std::optional<TcpInfo> info = InfoOf(connection.socket);
  if (!info.has_value()) return;
  connection.evidence.set_bytes_sent(Saturate(info->bytes_acked));
  connection.evidence.set_bytes_received(Saturate(info->bytes_received));
}

void GiveUp(Connection& connection) {
  NoteBytes(connection);
  CloseQuietly(connection.socket);
}

std::optional<bool> TcpTimestampsInUse(TcpSocket& socket) {
  const std::optional<TcpInfo> info = InfoOf(socket);
  if (!info.has_value()) return std::nullopt;
  return info->timestamps;
}

asio::awaitable<bool> ConnectStep(Connection& connection, TimePoint deadline) {
  TcpSocket& socket = connection.socket;
  Watchdog watchdog(socket.get_executor(), deadline, [&connection] { GiveUp(connection); });
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
  connection.timestamps = TcpTimestampsInUse(socket);
  socket.set_option(tcp::no_delay(true), error);
  co_return true;
}

}  // namespace sightline::probe
