#ifndef SIGHTLINE_AGENT_PROBE_RESOLVE_H_
#define SIGHTLINE_AGENT_PROBE_RESOLVE_H_

// Everything that is asked about one name. For the engine only: this header costs seconds to
// compile.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "agent/probe/destination.h"
#include "sightline/v1/observation.pb.h"

namespace sightline::probe {

// A resolver and how the evidence names it.
struct NamedResolver {
  ResolverAddress address;
  // "ADDRESS:PORT" of the plan, or "system".
  std::string name;
};

// Whom to ask, the same for every name of a round.
struct ResolverSet {
  // Of the plan, in its order; the first is asked about every name.
  std::vector<NamedResolver> plan;
  // As the machine is configured, whatever its address; absent when the plan does not want it.
  std::optional<NamedResolver> system;
  // Where no resolver lives; absent when the plan names none.
  std::optional<NamedResolver> injection_control;
  // Ranges that forged answers are known to hold.
  std::vector<AddressRange> forged_ranges;
};

// What came back about one name.
struct NameEvidence {
  // A questions over UDP to the first resolver of the plan.
  v1::DnsEvidence first;
  // The rest, in the order asked: AAAA, system resolver, injection control; and when `first` failed
  // or is suspicious, TCP to the first resolver and UDP to the other resolvers of the plan.
  std::vector<v1::DnsEvidence> others;
};

struct ResolveTask {
  std::string host;
  // How long a socket stays open after its question.
  std::chrono::microseconds hold{0};
  std::chrono::steady_clock::time_point deadline;
};

// Asks each once, from a socket of its own, all but the last two kinds at the same time. Over UDP
// every response is kept until `hold` after the question; when none has come from the first
// resolver by then, waits for it until the deadline. Addresses that `policy` refuses are reported as
// their range. Takes the address of a name that is an IP literal without asking anybody.
boost::asio::awaitable<NameEvidence> ResolveName(const ResolveTask& task,
                                                 const ResolverSet& resolvers,
                                                 const DestinationPolicy& policy);

// The first "nameserver" of a resolv.conf(5) text; nullopt when there is none that is an address.
std::optional<NamedResolver> SystemResolver(const std::string& resolv_conf);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_RESOLVE_H_
