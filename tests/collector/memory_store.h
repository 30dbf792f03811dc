// A store in memory for tests of what lies above it; the real ones have a conformance suite of
// their own. Each call can be made to fail.
#ifndef SIGHTLINE_TESTS_COLLECTOR_MEMORY_STORE_H_
#define SIGHTLINE_TESTS_COLLECTOR_MEMORY_STORE_H_

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <tuple>

#include "collector/store/store.h"
#include "common/crypto.h"
#include "tests/collector/memory_said.h"

namespace sightline {

// Thread-safe.
class MemoryStore : public MemorySaid {
 public:
  // Every later call answers with this until it is OK again.
  void FailWith(absl::Status status) {
    const std::lock_guard lock(mutex_);
    FailSaidWith(status);
    FailWebhooksWith(status);
    FailAgentsWith(status);
    FailAuditWith(status);
    failure_ = std::move(status);
  }
  // Only PrepareDays answers with this.
  void FailDaysWith(absl::Status status) {
    const std::lock_guard lock(mutex_);
    days_failure_ = std::move(status);
  }
  // Loses what the fold wrote, but for its checkpoint.
  void LoseHistory() {
    const std::lock_guard lock(mutex_);
    verdicts_.clear();
    events_.clear();
    timelines_.clear();
    LoseSaid();
  }
  std::vector<LogRecord> log() const {
    const std::lock_guard lock(mutex_);
    return log_;
  }

  absl::Status AddPlan(uint64_t version, const v1::SignedPlan& plan) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    const auto [it, added] = plans_.emplace(version, plan);
    if (!added && it->second.SerializeAsString() != plan.SerializeAsString()) {
      return absl::AlreadyExistsError("another plan has this version");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<v1::SignedPlan>> ListPlans() override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<v1::SignedPlan> result;
    for (const auto& [version, plan] : plans_) result.push_back(plan);
    return result;
  }

  absl::StatusOr<AppendResult> Append(absl::string_view node,
                                      absl::Span<const LogRecord> records) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    AppendResult result;
    std::set<std::string> broken;  // agents with a record in this group that did not fit
    for (const LogRecord& record : records) {
      const bool fits = !broken.contains(record.agent_id) && MoveAgent(record);
      result.outcomes.push_back(fits ? AppendOutcome::kAppended : AppendOutcome::kConflict);
      if (!fits) broken.insert(record.agent_id);
      if (!fits) continue;
      log_.push_back(record);
      log_.back().node = std::string(node);
      log_.back().node_seq = result.last_node_seq = ++node_seqs_[std::string(node)];
    }
    return result;
  }

  absl::StatusOr<std::vector<LogRecord>> ReadLog(absl::string_view node, uint64_t after,
                                                 size_t limit) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<LogRecord> result;
    for (const LogRecord& record : log_) {
      if (record.node == node && record.node_seq > after && result.size() < limit) {
        result.push_back(record);
      }
    }
    return result;
  }

  absl::StatusOr<std::vector<std::string>> ListNodes() override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::set<std::string> nodes;
    for (const LogRecord& record : log_) nodes.insert(record.node);
    return std::vector<std::string>(nodes.begin(), nodes.end());
  }

  absl::StatusOr<uint64_t> SeekLog(absl::string_view node, absl::Time time) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    uint64_t end = 0;
    for (const LogRecord& record : log_) {
      if (record.node != node) continue;
      if (record.receive_time >= time) return record.node_seq - 1;
      end = record.node_seq;
    }
    return end;
  }

  absl::StatusOr<std::string> FindBatch(absl::string_view agent_id, uint64_t batch_seq,
                                        int64_t /*day*/) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    for (const LogRecord& record : log_) {
      if (record.agent_id == agent_id && record.batch_seq == batch_seq) return record.batch;
    }
    return absl::NotFoundError("no such batch");
  }

  absl::Status PrepareDays(int64_t /*today*/) override {
    const std::lock_guard lock(mutex_);
    return failure_.ok() ? days_failure_ : failure_;
  }

  absl::Status DropDaysBefore(int64_t day) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    first_day_ = std::max(first_day_, day);
    std::erase_if(log_, [&](const LogRecord& record) {
      return record.round_time < absl::UnixEpoch() + absl::Hours(24) * first_day_;
    });
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> FirstDay() override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    return first_day_;
  }

  absl::StatusOr<LeaseRecord> ReadLease(absl::string_view name) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    return leases_[std::string(name)];
  }

  absl::StatusOr<bool> MoveLease(absl::string_view name, const LeaseRecord& seen,
                                 const LeaseRecord& next) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    LeaseRecord& held = leases_[std::string(name)];
    if (!(held == seen)) return false;
    held = next;
    return true;
  }

  absl::Status WriteFold(absl::string_view lease_name, const LeaseRecord& held,
                         const FoldWrite& write) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    const LeaseRecord& lease = leases_[std::string(lease_name)];
    if (lease.holder != held.holder || lease.term != held.term) {
      return absl::FailedPreconditionError("the lease is somebody else's");
    }
    for (const VerdictRecord& each : write.verdicts) {
      verdicts_[{each.country, each.window_start, each.target_id}] = each;
    }
    for (const EventRecord& each : write.events) {
      events_[{each.target_id, each.event_id}] = each;
    }
    for (const TimelineRecord& each : write.timelines) {
      timelines_[{each.country, each.target_id}] = each;
    }
    WriteSaid(write);
    const FoldCheckpoint* checkpoint = write.checkpoint;
    if (checkpoint == nullptr) return absl::OkStatus();
    for (const auto& [node, seq] : checkpoint->positions) checkpoint_.positions[node] = seq;
    for (const auto& [start, state] : checkpoint->windows) checkpoint_.windows[start] = state;
    checkpoint_.windows.erase(checkpoint_.windows.begin(),
                              checkpoint_.windows.lower_bound(checkpoint->keep_from));
    return absl::OkStatus();
  }

  absl::StatusOr<FoldCheckpoint> ReadCheckpoint() override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    return checkpoint_;
  }

  absl::StatusOr<std::vector<VerdictRecord>> ReadVerdicts(absl::string_view country,
                                                          absl::Time from,
                                                          absl::Time until) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<VerdictRecord> result;
    for (const auto& [key, record] : verdicts_) {
      if (record.country == country && record.window_start >= from && record.window_start < until) {
        result.push_back(record);
      }
    }
    return result;
  }

  absl::StatusOr<std::vector<VerdictRecord>> ReadCells(absl::string_view country, absl::Time from,
                                                       absl::Time until) override {
    absl::StatusOr<std::vector<VerdictRecord>> result = ReadVerdicts(country, from, until);
    if (!result.ok()) return result;
    for (VerdictRecord& record : *result) record.verdict.clear();
    return result;
  }

  absl::StatusOr<std::vector<EventRecord>> ReadEvents(absl::string_view country, absl::Time from,
                                                      absl::Time until) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::map<std::pair<absl::Time, std::string>, EventRecord> found;
    for (const auto& [key, record] : events_) {
      if (record.country != country || record.onset >= until || record.end <= from) continue;
      found[{record.onset, record.event_id}] = record;
    }
    std::vector<EventRecord> result;
    for (auto& [key, record] : found) result.push_back(std::move(record));
    return result;
  }

  absl::StatusOr<std::vector<TimelineRecord>> ReadTimelines(absl::string_view country) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<TimelineRecord> result;
    for (const auto& [key, record] : timelines_) {
      if (record.country == country) result.push_back(record);
    }
    return result;
  }

  absl::StatusOr<std::optional<absl::Time>> OldestVerdict(absl::string_view country) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    for (const auto& [key, record] : verdicts_) {
      if (record.country == country) return std::optional<absl::Time>(record.window_start);
    }
    return std::optional<absl::Time>();
  }

  absl::StatusOr<std::optional<absl::Time>> NewestVerdict(absl::string_view country) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::optional<absl::Time> newest;
    for (const auto& [key, record] : verdicts_) {
      if (record.country == country) newest = std::max(newest, {record.window_start});
    }
    return newest;
  }

  absl::StatusOr<std::string> BucketKey(int64_t day) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    return bucket_keys_.emplace(day, RandomBytes(32)).first->second;
  }

 private:
  mutable std::mutex mutex_;
  absl::Status failure_;
  absl::Status days_failure_;
  std::map<uint64_t, v1::SignedPlan> plans_;
  std::vector<LogRecord> log_;
  std::map<std::string, uint64_t> node_seqs_;
  int64_t first_day_ = 0;
  std::map<std::string, LeaseRecord> leases_;
  std::map<std::tuple<std::string, absl::Time, std::string>, VerdictRecord> verdicts_;
  std::map<std::pair<std::string, std::string>, EventRecord> events_;        // target, event_id
  std::map<std::pair<std::string, std::string>, TimelineRecord> timelines_;  // country, target
  FoldCheckpoint checkpoint_;
  std::map<int64_t, std::string> bucket_keys_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_MEMORY_STORE_H_
