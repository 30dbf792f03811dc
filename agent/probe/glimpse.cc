#include <openssl/rand.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/probe/egress.h"
#include "agent/probe/steps.h"
#include "agent/probe/stun.h"
#include "agent/probe/vantage.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

// What else may arrive at the socket before the answer.
constexpr int kDatagramsMax = 16;

using Echo = std::optional<IpAddress>;

udp::endpoint EndpointOf(const ResolverAddress& server) {
  const auto& bytes = server.address.bytes;
  if (server.address.v6) return {asio::ip::address_v6(bytes), server.port};
  return {asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]}), server.port};
}

// Asks once. The socket is connected, so that only the server's address can answer.
asio::awaitable<Echo> AskEcho(std::optional<ResolverAddress> server, TimePoint deadline) {
  StunTransactionId id{};
  if (!server.has_value() || RAND_bytes(id.data(), id.size()) != 1) co_return std::nullopt;
  const std::string request = PackStunRequest(id);
  const udp::endpoint endpoint = EndpointOf(*server);
  udp::socket socket(co_await asio::this_coro::executor);
  boost::system::error_code error;
  socket.open(endpoint.protocol(), error);
  if (!error) socket.connect(endpoint, error);
  if (!error) socket.send(asio::buffer(request), 0, error);
  if (error) co_return std::nullopt;
  Watchdog watchdog(socket.get_executor(), deadline, [&socket] {
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  std::array<char, 1500> datagram;
  for (int i = 0; i < kDatagramsMax; ++i) {
    const size_t size = co_await socket.async_receive(
        asio::buffer(datagram), asio::redirect_error(asio::use_awaitable, error));
    if (watchdog.expired()) co_return std::nullopt;
    if (error) continue;  // An ICMP error may be forged.
    const Echo echo = ParseStunResponse(absl::string_view(datagram.data(), size), id);
    if (echo.has_value()) co_return echo;
  }
  co_return std::nullopt;
}

std::optional<ResolverAddress> EchoServer(const v1::Plan& plan, int index,
                                          const DestinationPolicy& policy) {
  if (index >= plan.echo_services_size()) return std::nullopt;
  const auto server = ParseResolver(plan.echo_services(index).address(), policy);
  return server.ok() ? std::optional(*server) : std::nullopt;
}

// The first address of the plan that probes may go to.
std::optional<IpAddress> PublicAddress(const v1::Plan& plan, const DestinationPolicy& policy) {
  for (const std::string& resolver : plan.resolvers()) {
    if (const auto parsed = ParseResolver(resolver, policy); parsed.ok()) return parsed->address;
  }
  for (const v1::NeutralServer& server : plan.contrasts().neutral_servers()) {
    const std::optional<IpAddress> address = ParseIpAddress(server.address());
    if (address.has_value() && policy(*address).empty()) return address;
  }
  for (const v1::EchoService& service : plan.echo_services()) {
    if (const auto parsed = ParseResolver(service.address(), policy); parsed.ok()) {
      return parsed->address;
    }
  }
  return std::nullopt;
}

}  // namespace

asio::awaitable<Glimpse> TakeGlimpse(const v1::Plan& plan, const DestinationPolicy& policy,
                                     TimePoint deadline) {
  using asio::experimental::awaitable_operators::operator&&;
  Glimpse glimpse;
  if (const std::optional<IpAddress> address = PublicAddress(plan, policy); address.has_value()) {
    EgressView view = FindEgress(*address);
    glimpse.egress = view.egress;
    glimpse.interface = std::move(view.interface);
  }
  const auto ask = [&](int index) { return AskEcho(EchoServer(plan, index, policy), deadline); };
  static_assert(kEchoServicesMax == 4);
  const auto [first, second, third, fourth] = co_await (ask(0) && ask(1) && ask(2) && ask(3));
  const std::array<Echo, kEchoServicesMax> echoes = {first, second, third, fourth};
  for (int i = 0; i < kEchoServicesMax && i < plan.echo_services_size(); ++i) {
    Echo& side = plan.echo_services(i).domestic() ? glimpse.domestic_echo : glimpse.foreign_echo;
    if (!side.has_value()) side = echoes[i];
  }
  co_return glimpse;
}

}  // namespace sightline::probe
