// What the agent is doing, for the person at the machine: kept in memory and written to
// status.toml, which `sightline-agent status` prints (status_text.h).
#ifndef SIGHTLINE_AGENT_STATUS_BOARD_H_
#define SIGHTLINE_AGENT_STATUS_BOARD_H_

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sightline::agent {

struct AgentStatus {
  absl::Time start_time;
  // Rounds since the start; the last one that was sealed.
  int64_t rounds = 0;
  std::optional<absl::Time> last_round_time;
  int64_t last_round_checks = 0;
  // What the plan in force allows the probes, within what the agent allows any plan
  // (common/probe_limits.h).
  int64_t connections_per_minute_max = 0;
  int64_t probe_bytes_per_hour_max = 0;
  int64_t probe_bytes_per_day_max = 0;
  // What they used up to the end of the last round: in the hour that was running, and in it and the
  // 23 before; hours count from the start. Requests are connections and questions to name servers
  // and echo services.
  int64_t hour_requests = 0;
  int64_t hour_probe_bytes_sent = 0;
  int64_t hour_probe_bytes_received = 0;
  int64_t day_requests = 0;
  int64_t day_probe_bytes_sent = 0;
  int64_t day_probe_bytes_received = 0;
  // Empty, or why the agent does not probe now or could not keep its last round.
  std::string probing_problem;

  int64_t plan_version = 0;
  absl::Time plan_expire_time;
  // Why the last offered plan was not taken; empty when it was.
  std::string plan_refusal;

  int64_t sealed_seq = 0;
  int64_t acked_seq = 0;
  int64_t spool_batches = 0;
  int64_t spool_bytes = 0;
  int64_t spool_bytes_max = 0;
  // Given up because the spool was full, since the start; tombstones say so in the chain.
  int64_t lost_batches = 0;
  int64_t lost_observations = 0;

  // idle, delivered, unreachable, refused, diverged or paused; and what was the matter.
  std::string collector_state = "idle";
  std::string collector_detail;
  std::optional<absl::Time> last_delivery_time;
  // Of the last refusal, whenever that was; empty when there was none since the start.
  std::string last_refusal;
  std::optional<absl::Time> last_refusal_time;
  // The agent's clock minus the collector's: milliseconds.
  std::optional<int64_t> clock_offset_ms;

  // Uploaded on the current UTC day and since the start: bytes, without TLS and HTTP/2.
  int64_t bytes_sent_today = 0;
  int64_t bytes_sent = 0;
  // Of the process: highest resident memory and processor time.
  int64_t memory_peak_kib = 0;
  int64_t cpu_ms = 0;
};

std::string StatusToToml(const AgentStatus& status);
// INVALID_ARGUMENT says what is wrong in the text.
absl::StatusOr<AgentStatus> StatusFromToml(absl::string_view text);

// Thread-safe.
class StatusBoard {
 public:
  // Saves to `path`; an empty path saves nothing.
  StatusBoard(std::string path, AgentStatus initial)
      : path_(std::move(path)), status_(std::move(initial)) {}

  void Update(const std::function<void(AgentStatus&)>& change);
  AgentStatus Get() const;

  // Replaces the file in one step. Not synchronised with the disk: it is for looking at, and a
  // crash may lose it.
  absl::Status Save();

 private:
  const std::string path_;
  mutable std::mutex mutex_;
  AgentStatus status_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_STATUS_BOARD_H_
