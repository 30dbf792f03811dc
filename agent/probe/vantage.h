#ifndef SIGHTLINE_AGENT_PROBE_VANTAGE_H_
#define SIGHTLINE_AGENT_PROBE_VANTAGE_H_

// What could make a round say something else than it seems to: VPNs, proxies, moves, clocks.
// Labelled, never dropped. For the engine only: this header costs seconds to compile.

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "agent/probe/destination.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

// One look at the machine's place in the network. Addresses stay in memory.
struct Glimpse {
  v1::Egress egress = v1::EGRESS_UNSPECIFIED;
  // Interface of the default route; empty when there is none.
  std::string interface;
  // Own address as the domestic and the foreign echo services see it; absent when none answered.
  std::optional<IpAddress> domestic_echo;
  std::optional<IpAddress> foreign_echo;
};

// Looks at the default route (towards public addresses of the plan, so that policy routing counts)
// and asks the plan's echo services, each once, all at the same time, until `deadline`.
boost::asio::awaitable<Glimpse> TakeGlimpse(const v1::Plan& plan, const DestinationPolicy& policy,
                                            std::chrono::steady_clock::time_point deadline);

// What the looks (before, during and after the round, in order) and the observations of the round
// amount to. `captive_portal` is the observation of plan.captive_portal, or nullptr. `round_time_s`
// is the agent's time at the start of the round: seconds since 1970 UTC. Pure.
v1::Vantage DescribeVantage(const v1::Plan& plan, const std::vector<Glimpse>& glimpses,
                            const std::vector<v1::Observation>& observations,
                            const v1::Observation* captive_portal, int64_t round_time_ms);

// Whether the environment names a proxy (http_proxy, https_proxy, all_proxy, in either case).
bool ProxyConfigured();

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_VANTAGE_H_
