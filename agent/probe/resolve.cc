#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/probe/dns_wire.h"
#include "agent/probe/failure.h"
#include "agent/probe/resolve.h"
#include "agent/probe/steps.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

// What to ask, and until when.
struct DnsTask {
  std::string host;
  ResolverAddress resolver;
  std::string resolver_text;
  std::chrono::microseconds hold{0};
  TimePoint deadline;
};

constexpr int kResponsesMax = 16;
constexpr int kDatagramsMax = 64;

udp::endpoint EndpointOf(const ResolverAddress& resolver) {
  const auto& bytes = resolver.address.bytes;
  if (resolver.address.v6) return {asio::ip::address_v6(bytes), resolver.port};
  return {asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]}), resolver.port};
}

void AddResponse(const DnsReply& reply, uint32_t delay_us, const DestinationPolicy& policy,
                 v1::DnsEvidence* evidence) {
  v1::DnsResponse* response = evidence->add_responses();
  response->set_delay_us(delay_us);
  response->set_rcode(reply.rcode);
  response->set_ttl_s(reply.ttl_min_s);
  for (const IpAddress& address : reply.addresses) {
    const absl::string_view range = policy(address);
    response->add_addresses(range.empty() ? FormatIpAddress(address) : std::string(range));
  }
}

// What the responses amount to when none other than `otherwise` explains their absence.
std::string FailureOfAll(const v1::DnsEvidence& evidence, std::string otherwise) {
  bool reserved = false;
  for (const v1::DnsResponse& response : evidence.responses()) {
    for (const std::string& address : response.addresses()) {
      if (address.find('/') == std::string::npos) return {};
      reserved = true;
    }
  }
  if (reserved) return std::string(kDnsBogon);
  if (evidence.responses_size() > 0) {
    return std::string(FailureFromRcode(evidence.responses(0).rcode()));
  }
  return otherwise;
}

uint16_t RandomId() {
  uint16_t id = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof(id));
  return id;
}

// Receives into `evidence` until the time is over. Returns why nothing came, should nothing have
// come.
asio::awaitable<std::string> Collect(udp::socket& socket, const DnsTask& task, uint16_t id,
                                     const DestinationPolicy& policy, v1::DnsEvidence* evidence) {
  const TimePoint asked = SteadyClock::now();
  const TimePoint hold_end = std::min<TimePoint>(asked + task.hold, task.deadline);
  std::string nothing(kTimeout);
  bool unreachable = false;
  std::array<char, 4096> datagram;
  for (int i = 0; i < kDatagramsMax && evidence->responses_size() < kResponsesMax; ++i) {
    const bool final_wait = evidence->responses_size() > 0 || unreachable;
    const TimePoint until = final_wait ? hold_end : task.deadline;
    if (SteadyClock::now() >= until) break;
    boost::system::error_code error;
    size_t size = 0;
    {
      Watchdog watchdog(socket.get_executor(), until, [&socket] {
        boost::system::error_code ignored;
        socket.cancel(ignored);
      });
      size = co_await socket.async_receive(asio::buffer(datagram),
                                           asio::redirect_error(asio::use_awaitable, error));
      if (error && watchdog.expired()) break;
    }
    const uint32_t delay_us = MicrosecondsSince(asked);
    if (error) {  // An ICMP error: a forger may still answer, so the socket stays open for the
                  // hold.
      nothing = FailureFromError(error);
      unreachable = true;
      continue;
    }
    const DnsReply reply = ParseDnsReply(absl::string_view(datagram.data(), size), task.host, id);
    if (reply.match == DnsMatch::kAnswer) AddResponse(reply, delay_us, policy, evidence);
    if (reply.match == DnsMatch::kWrongId) nothing = std::string(kDnsWrongId);
  }
  co_return nothing;
}

asio::awaitable<v1::DnsEvidence> Resolve(const DnsTask& task, const DestinationPolicy& policy) {
  v1::DnsEvidence evidence;
  evidence.set_resolver(task.resolver_text);
  const uint16_t id = RandomId();
  const absl::StatusOr<std::string> query = PackDnsQuery(task.host, id);
  if (!query.ok()) {
    evidence.set_failure("unknown_failure: not a DNS name");
    co_return evidence;
  }
  boost::system::error_code error;
  const udp::endpoint resolver = EndpointOf(task.resolver);
  udp::socket socket(co_await asio::this_coro::executor);
  socket.open(resolver.protocol(), error);
  if (!error) socket.connect(resolver, error);
  if (!error) socket.send(asio::buffer(*query), 0, error);
  if (error) {
    evidence.set_failure(FailureFromError(error));
    co_return evidence;
  }
  std::string nothing = co_await Collect(socket, task, id, policy, &evidence);
  evidence.set_failure(FailureOfAll(evidence, std::move(nothing)));
  co_return evidence;
}

}  // namespace

asio::awaitable<NameEvidence> ResolveName(const ResolveTask& task, const ResolverSet& resolvers,
                                          const DestinationPolicy& policy) {
  NameEvidence evidence;
  const DnsTask first{task.host, resolvers.plan.at(0).address, resolvers.plan.at(0).name, task.hold,
                      task.deadline};
  evidence.first = co_await Resolve(first, policy);
  co_return evidence;
}

}  // namespace sightline::probe
