#ifndef SIGHTLINE_AGENT_PROBE_VANTAGE_H_
#define SIGHTLINE_AGENT_PROBE_VANTAGE_H_

// What could make a round say something else than it seems to: VPNs, proxies, moves, clocks.
// Labelled, never dropped. For the engine only: this header costs seconds to compile.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "agent/probe/destination.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

inline constexpr int kEchoServicesMax = 4;

// One look at the machine's place in the network. Addresses stay in memory.
struct Glimpse {
  v1::Egress egress = v1::EGRESS_UNSPECIFIED;
  // Interface of the default route; empty when there is none.
  std::string interface;
  // Own address as the domestic and the foreign echo services see it: the answer of the first one
  // in the plan's order; absent when none answered.
  std::optional<IpAddress> domestic_echo;
  std::optional<IpAddress> foreign_echo;
};

// Looks at the route towards the first public address of the plan (resolver, neutral server or echo
// service), so that policy routing counts, and asks the plan's first kEchoServicesMax echo
// services, each once, all at the same time, until `deadline`. Returns as soon as all have
// answered. `plan` and `policy` must outlive it.
boost::asio::awaitable<Glimpse> TakeGlimpse(const v1::Plan& plan, const DestinationPolicy& policy,
                                            std::chrono::steady_clock::time_point deadline);

// What the machine says about itself.
struct MachineFacts {
  bool proxy_configured = false;
  v1::Presence tcp_timestamps = v1::PRESENCE_UNSPECIFIED;
};
// Reads the environment and /proc/sys/net/ipv4/tcp_timestamps.
MachineFacts ReadMachineFacts();

// Whether the environment names a proxy (http_proxy, https_proxy, all_proxy, in either case).
bool ProxyConfigured();

// From the text of /proc/sys/net/ipv4/tcp_timestamps. Pure.
v1::Presence TcpTimestamps(absl::string_view text);

// What the looks (before, during and after the round, in order) and the observations of the round
// amount to. `captive_portal` is the observation of plan.captive_portal, or nullptr.
// `round_time_ms` is the agent's time at the start of the round: milliseconds since 1970 UTC. Pure.
// No address goes into the result.
//
// egress: the most telling of the looks: an interface that is not DIRECT, else DIRECT, else NONE.
// address_stable, echoes_agree: only addresses of one family are compared.
// clock_offset_ms: each exchange over verified TLS that ended its observation tells the server's
// second; agent and server are taken at the middle of what is possible (half the exchange before
// the observation's end; half a second into the server's second), so one sample is off by at most
// 500 ms and half the exchange, unless the server's clock is wrong or a cache kept an old Date. The
// result is the median; its error adds the median distance of the samples from it.
v1::Vantage DescribeVantage(const v1::Plan& plan, const std::vector<Glimpse>& glimpses,
                            const std::vector<v1::Observation>& observations,
                            const v1::Observation* captive_portal, int64_t round_time_ms,
                            const MachineFacts& facts);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_VANTAGE_H_
