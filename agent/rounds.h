// The loop of rounds: when one is due, whether the agent is paused, and what `status` says of it.
#ifndef SIGHTLINE_AGENT_ROUNDS_H_
#define SIGHTLINE_AGENT_ROUNDS_H_

#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "agent/link.h"
#include "agent/plan_keeper.h"
#include "agent/round.h"
#include "agent/state.h"
#include "agent/status_board.h"

namespace sightline::agent {

// Writes what the spool holds into `status`.
void NoteSpool(const Spool& spool, AgentStatus& status);
// Writes what the process took so far into `status`.
void NoteCost(AgentStatus& status);
// Writes what the plan allows the probes into `status`.
void NoteLimits(const v1::Plan& plan, AgentStatus& status);

// One thread.
class Rounds {
 public:
  // All must outlive it.
  Rounds(RoundParts parts, const StateFolder& folder, PlanKeeper& plans, StatusBoard& board,
         Link& link);

  // Opens the link and runs rounds until parts.stop is requested; while the folder says that the
  // agent is paused, the link is closed and no round runs.
  void Loop();

 private:
  enum class Wait { kDue, kResumed, kStopped };

  bool Paused() const;
  // Opens or closes the link as the folder says; whether the agent is paused.
  bool FollowPause();
  Wait WaitFor(absl::Duration delay);
  void Round(const v1::Plan& plan);
  void Problem(const std::string& text);
  void Publish();

  RoundParts parts_;
  const StateFolder& folder_;
  PlanKeeper& plans_;
  StatusBoard& board_;
  Link& link_;
  std::optional<bool> paused_;  // As the link was left.
  std::string last_problem_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_ROUNDS_H_
