// A volunteer's wish that the agent keep still: paused.toml in its folder. It works on an agent
// that runs, which looks at the file every few seconds, and on one that is started later. Paused
// means no probing and no connection to the collector.
#ifndef SIGHTLINE_AGENT_PAUSE_H_
#define SIGHTLINE_AGENT_PAUSE_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/state.h"
#include "common/files.h"

namespace sightline::agent {

// How often a running agent looks for the file.
inline constexpr absl::Duration kPauseLook = absl::Seconds(3);
inline constexpr absl::Duration kPauseMax = absl::Hours(24 * 366);

struct Pause {
  std::optional<absl::Time> until;  // Absent: until `resume`.
};

// The pause that is in force at `now`; nullopt when there is none. A file that cannot be read or
// makes no sense counts as a pause without end: somebody wanted one.
std::optional<Pause> PauseInForce(const StateFolder& folder, absl::Time now);

// "until 2026-01-01T12:00:00Z", or how to end it.
std::string PauseText(const Pause& pause, const StateFolder& folder);

// Pauses the agent of the folder, for good or, with a `duration` such as "90m", for that long, and
// returns what to tell the volunteer. NOT_FOUND when nobody enrolled there; INVALID_ARGUMENT unless
// the duration is above 0 and at most kPauseMax.
absl::StatusOr<std::string> PauseAgent(const std::string& state_folder, Files& files,
                                       absl::Time now, const std::string& duration);

// Ends the pause; no error when there is none. Otherwise as PauseAgent.
absl::StatusOr<std::string> ResumeAgent(const std::string& state_folder, Files& files,
                                        absl::Time now);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_PAUSE_H_
