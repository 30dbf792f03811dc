#ifndef SIGHTLINE_AGENT_PROBE_DNS_LOOKUP_H_
#define SIGHTLINE_AGENT_PROBE_DNS_LOOKUP_H_

// One question to one resolver, over UDP or TCP. For resolve.cc only: this header costs seconds to
// compile. Nothing here retries.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "agent/probe/dns_evidence.h"
#include "agent/probe/resolver_set.h"
#include "agent/probe/steps.h"

namespace sightline::probe {

// The largest message read over TCP; far above what any list of addresses needs.
inline constexpr size_t kDnsMessageBytesMax = 16 * 1024;

// What to ask whom. All that it refers to outlives it.
struct Lookup {
  absl::string_view host;
  // nullptr when there is nobody to ask.
  const NamedResolver* resolver = nullptr;
  v1::DnsSource source = v1::DNS_SOURCE_PLAN;
  v1::DnsQuestion question = v1::DNS_QUESTION_A;
  const AnswerRules& rules;
};

// One question over UDP, from a socket of its own.
class UdpLookup {
 public:
  // `evidence` is filled by the calls below and outlives the lookup.
  UdpLookup(const boost::asio::any_io_executor& executor, const Lookup& lookup,
            v1::DnsEvidence* evidence);

  // Asks, and keeps every response until `hold_end`.
  boost::asio::awaitable<void> Ask(TimePoint hold_end);
  // After Ask(): waits for the first response until the deadline, unless one came already or the
  // network said that none will.
  boost::asio::awaitable<void> AwaitFirst(TimePoint deadline);

 private:
  // False when the question did not leave.
  bool Send();
  boost::asio::awaitable<void> Collect(TimePoint until, int responses_max);
  // Reads what is there, without waiting.
  void Drain(int responses_max);

  Lookup lookup_;
  DnsQuery query_;
  v1::DnsEvidence* evidence_;
  boost::asio::ip::udp::socket socket_;
  TimePoint asked_;
  int datagrams_ = 0;
  bool unreachable_ = false;
  // Why there is no response, while there is none.
  std::string nothing_;
};

// One question over TCP (RFC 7766), one message in reply; until the deadline.
boost::asio::awaitable<void> AskOverTcp(const Lookup& lookup, TimePoint deadline,
                                        v1::DnsEvidence* evidence);

// A question with an unpredictable id.
DnsQuery QueryOf(const Lookup& lookup);
// Says in the evidence what is asked.
void Describe(const Lookup& lookup, v1::DnsTransport transport, v1::DnsEvidence* evidence);
boost::asio::ip::address AddressOf(const ResolverAddress& resolver);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_DNS_LOOKUP_H_
