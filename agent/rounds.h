// The loop of rounds: when one is due, whether the agent is paused, and what `status` and the
// service manager hear of it.
#ifndef SIGHTLINE_AGENT_ROUNDS_H_
#define SIGHTLINE_AGENT_ROUNDS_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "absl/time/time.h"
#include "agent/link.h"
#include "agent/plan_keeper.h"
#include "agent/round.h"
#include "agent/service_report.h"
#include "agent/state.h"
#include "agent/status_board.h"

namespace sightline::agent {

// Writes what the spool holds into `status`.
void NoteSpool(const Spool& spool, AgentStatus& status);
// Writes what the process took so far into `status`.
void NoteCost(AgentStatus& status);
// Writes what the plan allows the probes into `status`.
void NoteLimits(const v1::Plan& plan, AgentStatus& status);

// Longer than the engine lets any round take, and than the transport lets any stream: what is
// still not over then never will be, and the watchdog hears no more.
inline constexpr absl::Duration kStuckAfter = absl::Hours(2);

// One thread.
class Rounds {
 public:
  // What the loop tells and asks besides. All must outlive it.
  struct Ends {
    const StateFolder& folder;
    PlanKeeper& plans;
    StatusBoard& board;
    Link& link;
    ServiceReport& service;
    // Reads the settings again: parts.stop asks for it.
    std::function<void()> reload;
    absl::Duration stuck_after = kStuckAfter;
  };
  Rounds(RoundParts parts, Ends ends);

  // Opens the link and runs rounds until parts.stop is requested; while the folder says that the
  // agent is paused, the link is closed and no round runs. The service manager hears READY once
  // that is decided, and that the loop is alive unless a round or a stream hangs.
  void Loop();

 private:
  enum class Wait { kDue, kResumed, kStopped };

  bool Paused() const;
  // Opens or closes the link as the folder says; whether the agent is paused.
  bool FollowPause();
  Wait WaitFor(absl::Duration delay);
  void Reload();
  void TellService();
  void TellAlive();
  void Round(const v1::Plan& plan);
  void Problem(const std::string& text);
  void Publish();

  RoundParts parts_;
  const StateFolder& folder_;
  PlanKeeper& plans_;
  StatusBoard& board_;
  Link& link_;
  ServiceReport& service_;
  const std::function<void()> reload_;
  const absl::Duration stuck_after_;
  std::optional<absl::Time> round_start_;  // Of the round that is under way, by CLOCK_MONOTONIC.
  std::string pause_text_;                 // Empty unless paused.
  std::optional<bool> paused_;             // As the link was left.
  std::string last_problem_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_ROUNDS_H_
