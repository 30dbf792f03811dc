// What a method says about the windows of a replay, in one form for all methods, so that Sightline
// and the baselines are measured by the same code. Pure; thread-safe.
#ifndef SIGHTLINE_COLLECTOR_REPLAY_STATEMENTS_H_
#define SIGHTLINE_COLLECTOR_REPLAY_STATEMENTS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collector/replay/replay.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// A region's state and how probable the method holds it.
struct SaidState {
  v1::AccessState state = v1::ACCESS_STATE_UNKNOWN;
  // Ratio, 0 to 1; 0 when the method names none.
  double probability = 0;
};

// What was said about one target in one window.
struct Said {
  // Empty: no scope was stated.
  std::optional<v1::Scope> scope;
  // The scope that the method holds most probable, stated or not, and its probability; empty when
  // it names none.
  std::optional<v1::Scope> likeliest;
  double likeliest_probability = 0;
  std::set<std::string> open_regions;
  std::set<std::string> blocked_regions;
  // Looked at when the scope is BY_NETWORK.
  std::set<uint32_t> open_networks;
  // Region code to state.
  std::map<std::string, SaidState> states;
  bool service_down = false;
};

// A region, or a network across regions.
struct Place {
  // ISO 3166-2 code; empty when it is a network.
  std::string region;
  // Autonomous system number; 0 when it is a region.
  uint32_t asn = 0;

  friend auto operator<=>(const Place&, const Place&) = default;
};

// "This became different here."
struct Claim {
  std::string target_id;
  Place place;
  v1::EventKind kind = v1::EVENT_KIND_UNSPECIFIED;
  // Index of the window that the method holds to be the first different one.
  int onset = 0;
  // Index of the window at whose end the method said so.
  int detect = 0;
  // False: it was only said of the past, when late reports had come.
  bool in_time = true;
};

// Everything a method says about a replay.
struct Statements {
  // Whether the method can say that some reach a target and some do not.
  bool knows_partial = true;
  // One entry per window of the replay: target to what was said.
  std::vector<std::map<std::string, Said>> windows;
  // Ordered by detect; those of one window in no order that matters.
  std::vector<Claim> claims;
};

// What Sightline said: the verdicts as they were published, and its events. An event is a claim
// made with the first published window that lists it; one that no window lists was not said in
// time. That it is over is a claim of the opposite kind, made with the first published window that
// no longer lists it as going on; an event that lost sight, or was withdrawn, makes no such claim.
// Onsets are those of the events as they stand in the end.
Statements SightlineStatements(const Replay& replay);

// The targets that the replay's verdicts speak about, ordered.
std::set<std::string> TargetsOf(const Replay& replay);

// Length of the replay's windows; the first summary's, or an hour when there is none.
absl::Duration WindowLengthOf(const Replay& replay);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REPLAY_STATEMENTS_H_
