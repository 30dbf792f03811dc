#include <openssl/rand.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "agent/probe/dns_lookup.h"
#include "agent/probe/failure.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;
using asio::ip::udp;

// What is neither an answer nor an error does not keep a lookup busy for ever.
constexpr int kDatagramsMax = 64;
// Without EDNS a response has at most 512 bytes; an injector need not know.
constexpr size_t kDatagramBytesMax = 4096;

}  // namespace

DnsQuery QueryOf(const Lookup& lookup) {
  DnsQuery query;
  query.host = lookup.host;
  query.type = lookup.question == v1::DNS_QUESTION_AAAA ? DnsType::kAaaa : DnsType::kA;
  RAND_bytes(reinterpret_cast<unsigned char*>(&query.id), sizeof(query.id));
  return query;
}

void Describe(const Lookup& lookup, v1::DnsTransport transport, v1::DnsEvidence* evidence) {
  evidence->set_resolver(lookup.resolver->name);
  evidence->set_source(lookup.source);
  evidence->set_transport(transport);
  evidence->set_question(lookup.question);
}

asio::ip::address AddressOf(const ResolverAddress& resolver) {
  const auto& bytes = resolver.address.bytes;
  if (resolver.address.v6) return asio::ip::address_v6(bytes);
  return asio::ip::address_v4({bytes[0], bytes[1], bytes[2], bytes[3]});
}

UdpLookup::UdpLookup(const asio::any_io_executor& executor, const Lookup& lookup,
                     v1::DnsEvidence* evidence)
    : lookup_(lookup),
      query_(QueryOf(lookup)),
      evidence_(evidence),
      socket_(executor),
      nothing_(kTimeout) {}

bool UdpLookup::Send() {
  const absl::StatusOr<std::string> query = PackDnsQuery(query_);
  if (!query.ok()) {
    nothing_ = std::string(kNotADnsName);
    return false;
  }
  const udp::endpoint resolver(AddressOf(lookup_.resolver->address),
                               lookup_.resolver->address.port);
  boost::system::error_code error;
  socket_.open(resolver.protocol(), error);
  if (!error) socket_.non_blocking(true, error);
  // Connected, so that the kernel drops what comes from elsewhere and tells ICMP errors.
  if (!error) socket_.connect(resolver, error);
  asked_ = SteadyClock::now();
  if (!error) socket_.send(asio::buffer(*query), 0, error);
  if (error) nothing_ = FailureFromError(error);
  return !error;
}

asio::awaitable<void> UdpLookup::Ask(TimePoint hold_end) {
  Describe(lookup_, v1::DNS_TRANSPORT_UDP, evidence_);
  if (Send()) {
    co_await Collect(hold_end, kResponsesMax);
  } else {
    unreachable_ = true;
  }
  SetFailure(nothing_, evidence_);
}

asio::awaitable<void> UdpLookup::AwaitFirst(TimePoint deadline) {
  if (unreachable_ || evidence_->responses_size() > 0) co_return;
  co_await Collect(deadline, 1);
  SetFailure(nothing_, evidence_);
}

asio::awaitable<void> UdpLookup::Collect(TimePoint until, int responses_max) {
  if (SteadyClock::now() >= until) co_return;
  Watchdog watchdog(socket_.get_executor(), until, [this] {
    boost::system::error_code ignored;
    socket_.cancel(ignored);
  });
  while (evidence_->responses_size() < responses_max && datagrams_ < kDatagramsMax) {
    boost::system::error_code error;
    co_await socket_.async_wait(udp::socket::wait_read,
                                asio::redirect_error(asio::use_awaitable, error));
    // What is there when the time is over came in time.
    Drain(responses_max);
    if (error || watchdog.expired()) break;
  }
}

void UdpLookup::Drain(int responses_max) {
  std::array<char, kDatagramBytesMax> datagram;
  while (evidence_->responses_size() < responses_max && datagrams_ < kDatagramsMax) {
    boost::system::error_code error;
    const size_t size = socket_.receive(asio::buffer(datagram), 0, error);
    if (error == asio::error::would_block) return;
    ++datagrams_;
    if (error) {  // An ICMP error: a forger may still answer, so the socket stays open for the
                  // hold.
      nothing_ = FailureFromError(error);
      unreachable_ = true;
      continue;
    }
    const DnsReply reply = ParseDnsReply(absl::string_view(datagram.data(), size), query_);
    if (reply.match == DnsMatch::kAnswer) {
      AddResponse(reply, MicrosecondsSince(asked_), lookup_.rules, evidence_);
    }
    if (reply.match == DnsMatch::kWrongId) nothing_ = std::string(kDnsWrongId);
  }
}

}  // namespace sightline::probe
