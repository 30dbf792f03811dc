#ifndef SIGHTLINE_AGENT_PROBE_ROUND_STATE_H_
#define SIGHTLINE_AGENT_PROBE_ROUND_STATE_H_

// What the coroutines of one round share, and what the engine remembers from round to round. For
// the engine only: this header costs seconds to compile.

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "agent/probe/budget.h"
#include "agent/probe/destination.h"
#include "agent/probe/penalty.h"
#include "agent/probe/resolve.h"
#include "agent/probe/steps.h"
#include "agent/probe/together.h"
#include "agent/probe/trust.h"
#include "sightline/v1/observation.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::probe {

// Kept between rounds; never on disk.
struct EngineMemory {
  TrustCache trust;
  PenaltyBook penalties;
  Budget budget{v1::ProbeBudget(), SteadyClock::now()};
  // Checks that succeeded the last time: for them no contrast is made beforehand.
  absl::flat_hash_set<std::string> good_checks;
};

// The durations of a round.
struct RoundTimes {
  TimePoint start;
  // Nothing goes on after this.
  TimePoint deadline;
  std::chrono::microseconds check_timeout{0};
  std::chrono::microseconds dns_hold{0};
  std::chrono::microseconds cool_down{0};
  // An attempt that gets less time than this would say nothing, and is not made.
  std::chrono::microseconds patience{0};
};

struct Round {
  const v1::Plan& plan;
  const DestinationPolicy& policy;
  EngineMemory& memory;
  RoundTimes times;
  // Absent when the plan names none that can be used.
  std::optional<ResolverSet> resolvers;
  // By host: asked once a round; nullopt when the budget did not allow it.
  Memo<std::optional<NameEvidence>> names;
  // Contrasts with neutral servers, by kind, server and name: made once a round.
  Memo<v1::ContrastEvidence> neutral;
};

// One address to try.
struct AttemptTask {
  // Must outlive the attempt.
  const Request& request;
  SSL_CTX* trust = nullptr;
  IpAddress address;
  // Whether what is said may bring a penalty on the address and port.
  bool sensitive = false;
  TimePoint deadline;
};

// What an attempt leaves.
struct Tried {
  v1::Attempt attempt;
  // Location header as received, for FollowLocation.
  std::string location;
  // What the body says.
  v1::Listing listing = v1::LISTING_UNSPECIFIED;
};

// Connects and speaks the request's protocol as far as it goes. nullopt, and nothing sent, when the
// budget does not allow it or the policy refuses the address.
boost::asio::awaitable<std::optional<Tried>> TryAddress(Round& round, AttemptTask task);

// What is known of one check while it runs.
struct CheckRun {
  const v1::Check& check;
  bool sensitive = false;
  SSL_CTX* trust = nullptr;
  Request request;
  TimePoint deadline;
  v1::Observation seen;
  // Where the last response of the chain leads to; absent when it does not lead on.
  std::optional<std::string> location;
};

// Everything asked about the name, from the round's memory when it was asked already. nullptr when
// the budget does not allow to ask.
boost::asio::awaitable<const NameEvidence*> LookUp(Round& round, const std::string& host,
                                                   TimePoint deadline);

// Runs a check within its own and the round's deadline and completes `observation` at its end.
boost::asio::awaitable<void> RunCheck(Round& round, const v1::Check& check, bool sensitive,
                                      v1::Observation* observation);

// Says a neutral name to an address, to see whether a TLS server answers there at all.
boost::asio::awaitable<v1::ContrastEvidence> NeutralName(Round& round, const CheckRun& run,
                                                         const IpAddress& address, uint16_t port,
                                                         TimePoint deadline);

// Makes the comparisons that tell why the check failed, or whether it was only slow, and adds them
// to run.seen.
boost::asio::awaitable<void> AddContrasts(Round& round, CheckRun& run);

// The same for the last redirect, which is where `hop` failed.
boost::asio::awaitable<void> AddContrastsOfHop(Round& round, CheckRun& run, const v1::Check& hop);

}  // namespace sightline::probe

#endif  // SIGHTLINE_AGENT_PROBE_ROUND_STATE_H_
