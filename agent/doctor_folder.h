// The doctor's checks of the agent's folder: what is in it, and what it says of the agent's work.
#ifndef SIGHTLINE_AGENT_DOCTOR_FOLDER_H_
#define SIGHTLINE_AGENT_DOCTOR_FOLDER_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "agent/pause.h"
#include "agent/spool_view.h"
#include "agent/state.h"
#include "agent/status_board.h"
#include "common/clock.h"
#include "common/files.h"
#include "common/finding.h"

namespace sightline::agent {

struct FolderFacts {
  std::string path;
  bool exists = false;
  uid_t owner = 0;
  mode_t mode = 0;
  uid_t self = 0;                    // Who looks.
  std::vector<std::string> foreign;  // Files in it that are not the owner's.
  std::vector<std::string> open;     // Files in it to which others have a right.
};

struct PlanFacts {
  absl::Status status;  // Why it cannot be followed, its age aside.
  uint64_t version = 0;
  absl::Time issue_time;
  absl::Time expire_time;
  absl::Duration round_interval;
};

// What was seen in a folder.
struct AgentFacts {
  FolderFacts folder;
  absl::StatusOr<Identity> identity = absl::UnknownError("");
  absl::Status key;
  bool running = false;
  std::optional<Pause> pause;
  PlanFacts plan;
  absl::StatusOr<SpoolView> spool = absl::UnknownError("");
  // What the agent last said of itself; NOT_FOUND when it never ran.
  absl::StatusOr<AgentStatus> status = absl::UnknownError("");
};

// Reads the folder; changes nothing. Key, plan and what follows are looked at only when an agent is
// enrolled there.
AgentFacts LookAtFolder(const std::string& path, Files& files, const Clock& clock);

// Pure, each of them.
Finding JudgeFolder(const FolderFacts& facts);
Finding JudgeIdentity(const absl::StatusOr<Identity>& identity);
Finding JudgeKey(const absl::Status& key);
Finding JudgeRunning(bool running, const std::string& path);
Finding JudgePause(const std::optional<Pause>& pause, absl::Time now);
Finding JudgePlan(const PlanFacts& plan, absl::Time now);
Finding JudgeSpool(const absl::StatusOr<SpoolView>& spool, bool running, absl::Time now);
// What the agent said of its rounds, and of the collector.
Finding JudgeRounds(const AgentFacts& facts, absl::Time now);
Finding JudgeDelivery(const AgentFacts& facts, absl::Time now);

// All that apply.
std::vector<Finding> JudgeAgent(const AgentFacts& facts, absl::Time now);

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_DOCTOR_FOLDER_H_
