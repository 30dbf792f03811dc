// What the fold keeps of one window: plain values, ordered, so that whoever walks them gets the
// same sums in the same order whatever the order in which the records came. What there is most of,
// targets of an agent, lies side by side.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_WINDOW_H_
#define SIGHTLINE_COLLECTOR_VERDICT_WINDOW_H_

#include <boost/container/flat_map.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "absl/time/time.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// Where a blocked round failed first.
struct Cause {
  std::string layer;    // dns, tcp, tls, http or app
  std::string failure;  // in OONI's words
  bool operator<(const Cause& other) const {
    return std::tie(layer, failure) < std::tie(other.layer, other.failure);
  }
};

// Rounds of one agent from one origin, by what they say about one target. Each round is counted
// in exactly one of the six numbers.
struct TargetCounts {
  // Rounds in which a domestic anchor other than the target was reached (for a control: anything
  // was reached).
  uint32_t open = 0;
  uint32_t blocked = 0;
  uint32_t down = 0;
  uint32_t undecided = 0;
  // Rounds in which anchors were tried and none was reached, whatever the target did.
  uint32_t own_outage = 0;
  // Rounds that tried no other domestic anchor.
  uint32_t no_anchor = 0;
  // Of the `blocked` rounds; the values sum to `blocked`.
  boost::container::flat_map<Cause, uint32_t> causes;
};

// Where the collector saw a batch come from.
struct SeenFrom {
  std::string country;  // ISO 3166-1 alpha-2; empty when unknown
  uint32_t asn = 0;     // 0 when unknown
  std::string bucket;   // 16 bytes
  bool operator<(const SeenFrom& other) const {
    return std::tie(country, asn, bucket) < std::tie(other.country, other.asn, other.bucket);
  }
};

// What rounds say about the way they went, by the agent's own words (Vantage). The same facts
// whatever the order in which the rounds came.
struct VantageFacts {
  std::string agent_version;   // the newest by code points
  uint32_t tunnel = 0;         // rounds through a tunnel (tun, WireGuard)
  uint32_t fake_ip = 0;        // rounds whose system resolver gave addresses of 198.18/15
  uint32_t proxy = 0;          // rounds of a system that has a proxy
  uint32_t echoes_differ = 0;  // rounds whose echoes at home and abroad saw different addresses
  // Fastest connection to an anchor: microseconds, 0 when there was none.
  uint32_t domestic_connect_us = 0;
  uint32_t foreign_connect_us = 0;

  void Add(const VantageFacts& other);
};

struct OriginCounts {
  uint32_t rounds = 0;
  VantageFacts vantage;                                           // of these rounds
  boost::container::flat_map<std::string, TargetCounts> targets;  // by target_id
};

struct AgentWindow {
  v1::AgentRole role = v1::AGENT_ROLE_UNSPECIFIED;
  std::string region;
  absl::Time enroll_time;
  std::map<SeenFrom, OriginCounts> origins;
};

struct Window {
  absl::Time start;
  absl::Duration length;
  std::map<std::string, AgentWindow> agents;  // by agent_id
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_WINDOW_H_
