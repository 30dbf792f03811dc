// A made-up history of a country: who lives there, what is blocked when, who lies, what breaks, and
// what the verdict must say of it. Read from TOML; tests/sim/README.md documents the format.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_SCENARIO_H_
#define SIGHTLINE_COLLECTOR_REPLAY_SCENARIO_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// From `from` up to, but not including, `until`.
struct Period {
  absl::Time from;
  absl::Time until;
  bool Contains(absl::Time time) const { return from <= time && time < until; }
};

// Where a rule holds: all regions when `regions` is empty, all networks when `networks` is.
struct Area {
  std::vector<std::string> regions;  // ISO 3166-2
  std::vector<uint32_t> networks;    // ASN
  bool Contains(absl::string_view region, uint32_t asn) const;
};

struct ScenarioTarget {
  std::string target_id;
  std::string display_name;
  v1::TargetKind kind = v1::TARGET_KIND_SERVICE;
  double open = 0;                           // share of users who reach it when no policy says so
  v1::Layer layer = v1::LAYER_TLS;           // at which it is blocked
  std::string failure = "connection_reset";  // in OONI's words
};

struct ScenarioNetwork {
  uint32_t asn = 0;
  double share = 0;  // of a region's agents; sums to 1 over the networks
};

// Agents of the country; those outside are the controls.
struct Population {
  // Of each region and network; or of each region; or in all. The other two are 0.
  uint32_t per_cell = 0;
  uint32_t per_region = 0;
  uint32_t total = 0;
  uint32_t per_prefix = 1;  // agents that share a /24, hence a bucket
  uint32_t controls = 4;
  // Ages at the start are spread evenly from `age_min` to `age_max`.
  absl::Duration age_min = absl::Hours(24 * 20);
  absl::Duration age_max = absl::Hours(24 * 120);
};

// Share of the users who reach a target; the last one that applies counts.
struct Policy {
  std::vector<std::string> target_ids;
  Period period;
  Area area;
  double open = 0;
  // The share moves from the normal one to `open` within that time, in a straight line.
  absl::Duration ramp;
};

struct Noise {
  double failure = 0;  // probability that a check that would pass fails
  double offline = 0;  // probability that an agent makes no round
};

// Agents that reach everything.
struct VpnUsers {
  double share = 0;
  Area area;
  double visible = 0;  // share of them whose system shows the tunnel
};

enum class Says { kOpen, kBlocked, kOpposite, kRandom };

// Agents that report something else than what they saw.
struct Liars {
  double share = 0;
  Says says = Says::kRandom;
  std::vector<std::string> target_ids;  // empty: everything
  Area area;
  Period period;
};

// Agents that one person runs in few address blocks; honest but for `target_ids`.
struct Sybils {
  uint32_t count = 0;
  uint32_t prefixes = 1;
  std::string region;
  uint32_t asn = 0;
  Says says = Says::kOpen;
  std::vector<std::string> target_ids;
  Period period;  // they enrol when it begins
};

enum class OutageKind {
  kService,   // the targets are down everywhere
  kAnchors,   // domestic anchors are not reached
  kLines,     // agents reach nothing, and submit when it is over
  kSilence,   // agents make no rounds
  kControls,  // controls make no rounds
};

struct Outage {
  OutageKind kind = OutageKind::kService;
  std::vector<std::string> target_ids;  // of kService
  Area area;
  double share = 1;  // of the agents there
  Period period;
};

// Batches of rounds within the period reach the collector when it is over.
struct LateUploads {
  Area area;
  double share = 1;
  Period period;
};

// A version of the agent's program that fails on some targets whatever the network does.
struct AgentVersion {
  std::string version;
  double share = 0;
  std::vector<std::string> broken_target_ids;
  Period period;
};

// What verdicts and events must say. What is empty or not set is not looked at.
struct Expectation {
  int line = 0;  // in the file
  std::string target_id;
  Period period;                                    // of the starts of windows
  std::vector<v1::Scope> scopes;                    // any of these
  std::optional<std::vector<std::string>> regions;  // TargetVerdict.open_regions
  std::optional<std::vector<uint32_t>> networks;    // TargetVerdict.open_networks
  // Region -> any of these states; "*" is every region that is not named.
  std::map<std::string, std::vector<v1::AccessState>> states;
  v1::ServiceState service = v1::SERVICE_STATE_UNSPECIFIED;
  // Of the events that go on in `event_regions`, or in all regions that have one.
  v1::EventDuration duration = v1::EVENT_DURATION_UNSPECIFIED;
  double windows = 1;  // share of the windows in which all of this must hold
  // Events of the target that overlap the period and were not withdrawn: count.
  std::optional<uint32_t> events;
  // These must have their onset within `onset_tolerance` windows of `onset`.
  std::optional<absl::Time> onset;
  uint32_t onset_tolerance = 2;
};

struct Scenario {
  std::string file;
  std::string name;
  std::string description;
  absl::Time start;
  absl::Duration window_length = absl::Hours(1);
  int windows = 0;
  int rounds_per_window = 1;
  std::string country;
  std::vector<std::string> regions;
  std::vector<ScenarioNetwork> networks;
  Population population;
  std::vector<ScenarioTarget> targets;
  std::vector<Policy> policies;
  Noise noise;
  std::vector<VpnUsers> vpn;
  std::vector<Liars> liars;
  std::vector<Sybils> sybils;
  std::vector<Outage> outages;
  std::vector<LateUploads> late;
  std::vector<AgentVersion> versions;
  std::vector<Expectation> expectations;

  absl::Time end() const { return start + window_length * windows; }
  // nullptr when there is none.
  const ScenarioTarget* FindTarget(absl::string_view target_id) const;
};

// INVALID_ARGUMENT: "FILE:LINE: what is wrong and what to write". Unknown keys are refused.
absl::StatusOr<Scenario> ParseScenario(absl::string_view toml, absl::string_view file);
// The same of a file; errors of reading it name it.
absl::StatusOr<Scenario> ReadScenario(const std::string& path);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_SCENARIO_H_
