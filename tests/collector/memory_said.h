// The part of MemoryStore that keeps what was said to readers: changes, statements, revisions,
// notes.
#ifndef SIGHTLINE_TESTS_COLLECTOR_MEMORY_SAID_H_
#define SIGHTLINE_TESTS_COLLECTOR_MEMORY_SAID_H_

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/store.h"
#include "tests/collector/memory_webhooks.h"

namespace sightline {

// Thread-safe.
class MemorySaid : public MemoryWebhooks {
 public:
  absl::StatusOr<std::vector<ChangeRecord>> ReadChanges(absl::string_view country, int64_t after,
                                                        size_t limit) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<ChangeRecord> result;
    for (const ChangeRecord& each : changes_[std::string(country)]) {
      if (each.change_seq > after && result.size() < limit) result.push_back(each);
    }
    return result;
  }

  absl::StatusOr<int64_t> NewestChange(absl::string_view country) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    const std::vector<ChangeRecord>& changes = changes_[std::string(country)];
    return changes.empty() ? 0 : changes.back().change_seq;
  }

  absl::StatusOr<std::vector<StatementRecord>> ReadStatements(absl::string_view country) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<StatementRecord> result;
    for (const auto& [key, record] : statements_) {
      if (record.country == country) result.push_back(record);
    }
    return result;
  }

  absl::StatusOr<std::vector<WindowRevision>> ReadRevisions(absl::string_view country,
                                                            int64_t after) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<WindowRevision> result;
    for (const auto& [start, revision] : revisions_[std::string(country)]) {
      if (revision > after) result.push_back({start, revision});
    }
    std::stable_sort(result.begin(), result.end(),
                     [](const WindowRevision& one, const WindowRevision& other) {
                       return one.revision < other.revision;
                     });
    return result;
  }

  absl::StatusOr<int64_t> NewestRevision(absl::string_view country) override {
    const absl::StatusOr<std::vector<WindowRevision>> all = ReadRevisions(country, 0);
    if (!all.ok()) return all.status();
    return all->empty() ? 0 : all->back().revision;
  }

  absl::Status PutAnnotation(const AnnotationRecord& annotation) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    annotations_[{annotation.country, annotation.annotation_id}] = annotation;
    return absl::OkStatus();
  }

  absl::Status DeleteAnnotation(absl::string_view country,
                                absl::string_view annotation_id) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    const bool gone = annotations_.erase({std::string(country), std::string(annotation_id)}) == 1;
    return gone ? absl::OkStatus() : absl::NotFoundError("annotation_id: there is no such note");
  }

  absl::StatusOr<std::vector<AnnotationRecord>> ReadAnnotations(
      absl::string_view country) override {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
    std::vector<AnnotationRecord> result;
    for (const auto& [key, record] : annotations_) {
      if (record.country == country) result.push_back(record);
    }
    std::stable_sort(result.begin(), result.end(),
                     [](const AnnotationRecord& one, const AnnotationRecord& other) {
                       return one.time < other.time;
                     });
    return result;
  }

 protected:
  void FailSaidWith(absl::Status status) {
    const std::lock_guard lock(mutex_);
    failure_ = std::move(status);
  }

  void LoseSaid() {
    const std::lock_guard lock(mutex_);
    changes_.clear();
    statements_.clear();
    revisions_.clear();
  }

  void WriteSaid(const FoldWrite& write) {
    const std::lock_guard lock(mutex_);
    for (const ChangeRecord& each : write.changes) changes_[each.country].push_back(each);
    for (const StatementRecord& each : write.statements) {
      statements_[{each.country, each.target_id}] = each;
    }
    for (const VerdictRecord& each : write.verdicts) {
      revisions_[each.country][each.window_start] = revision_;
    }
    for (const EventRecord& each : write.events) revisions_[each.country][each.onset] = revision_;
    ++revision_;
  }

 private:
  std::mutex mutex_;
  absl::Status failure_;
  std::map<std::string, std::vector<ChangeRecord>> changes_;                   // country
  std::map<std::pair<std::string, std::string>, StatementRecord> statements_;  // country, target
  std::map<std::string, std::map<absl::Time, int64_t>> revisions_;             // country
  int64_t revision_ = 1;                                                       // of the next write
  std::map<std::pair<std::string, std::string>, AnnotationRecord> annotations_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_MEMORY_SAID_H_
