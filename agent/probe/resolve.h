#ifndef SIGHTLINE_AGENT_PROBE_RESOLVE_H_
#define SIGHTLINE_AGENT_PROBE_RESOLVE_H_

// Everything that is asked about one name. For the engine only: this header costs seconds to
// compile.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <string>
#include <vector>

#include "agent/probe/destination.h"
#include "agent/probe/resolver_set.h"
#include "sightline/v1/observation.pb.h"

namespace sightline::probe {

// What came back about one name.
struct NameEvidence {
  // A question over UDP to the first resolver of the plan. For a name that is an IP literal: that
  // address as one response without delay, resolver, source or transport.
  v1::DnsEvidence first;
  // The rest, in this order: AAAA, system resolver, injection control; and when `first` is
  // Suspicious() at the end of its hold, TCP to the first resolver and UDP to the other resolvers
  // of the plan. Those that nobody was asked for are left out.
  std::vector<v1::DnsEvidence> others;
};

struct ResolveTask {
  std::string host;
  // How long a socket stays open after its question.
  std::chrono::microseconds hold{0};
  std::chrono::steady_clock::time_point deadline;
};

// Asks each once, from a socket of its own, all but the last two kinds at the same time. Over UDP
// every response is kept until `hold` after the question. When none has come by then,
//   - `first` waits for one until the deadline, while TCP and the other resolvers are asked
//   already;
//   - the system resolver, TCP and the other resolvers have half of the time between their question
//     and the deadline, if that is more than the hold;
//   - AAAA and the injection control, from which silence is nothing unusual, are not waited for.
// So a name with a usable answer takes one hold, or up to half of the time when the system resolver
// is silent; a suspicious answer costs another hold, or up to half of the time that is left; and
// silence takes all of it, so that whoever has other plans sets the deadline before their own.
//
// Nothing lasts longer than the deadline. Addresses that `policy` refuses are reported as their
// range. Takes the address of a name that is an IP literal without asking anybody. A host that is
// no DNS name has the failure kNotADnsName, and nobody is asked. The arguments outlive the
// coroutine; cancelling it ends the questions.
boost::asio::awaitable<NameEvidence> ResolveName(const ResolveTask& task,
                                                 const ResolverSet& resolvers,
                                                 const DestinationPolicy& policy);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_RESOLVE_H_
