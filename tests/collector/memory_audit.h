// The part of MemoryStore that keeps the audit log.
#ifndef SIGHTLINE_TESTS_COLLECTOR_MEMORY_AUDIT_H_
#define SIGHTLINE_TESTS_COLLECTOR_MEMORY_AUDIT_H_

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/store.h"

namespace sightline {

// Thread-safe.
class MemoryAudit : public Store {
 public:
  absl::StatusOr<int64_t> BeginAuditEntry(const AuditEntryRecord& entry) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    entries_.push_back(entry);
    entries_.back().audit_seq = static_cast<int64_t>(entries_.size());
    entries_.back().outcome.clear();
    return entries_.back().audit_seq;
  }

  absl::Status FinishAuditEntry(int64_t audit_seq, absl::string_view outcome) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    if (audit_seq < 1 || audit_seq > static_cast<int64_t>(entries_.size())) {
      return absl::NotFoundError("audit_seq: there is no such entry");
    }
    entries_[static_cast<size_t>(audit_seq) - 1].outcome = std::string(outcome);
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<AuditEntryRecord>> ListAuditEntries(int64_t before,
                                                                 size_t limit) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<AuditEntryRecord> result;
    for (auto it = entries_.rbegin(); it != entries_.rend() && result.size() < limit; ++it) {
      if (it->audit_seq < before) result.push_back(*it);
    }
    return result;
  }

 protected:
  void FailAuditWith(absl::Status status) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(status);
  }

 private:
  std::mutex mutex_;
  absl::Status failure_;
  std::vector<AuditEntryRecord> entries_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_MEMORY_AUDIT_H_
