// An export, read like the store that it was taken from.
#ifndef SIGHTLINE_COLLECTOR_EXPORT_EXPORT_STORE_H_
#define SIGHTLINE_COLLECTOR_EXPORT_EXPORT_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "collector/export/export_blocks.h"
#include "collector/export/export_index.h"
#include "collector/store/store.h"
#include "sightline/internal/v1/export.pb.h"

namespace sightline {

// Thread-safe. Reads from the file with every call and checks each block again. What a record's
// signed batch says (numbers, hashes, round time) is taken from it; of bytes that are no batch
// these are 0 or empty. Of the checkpoint only the positions are there. Errors: DATA_LOSS as
// ExportBlockReader.
class ExportStore : public StoreReader {
 public:
  // Reads the whole file once. Errors as ExportBlockReader::Open and ReadIndex.
  static absl::StatusOr<std::unique_ptr<ExportStore>> Open(
      const std::string& path, const std::function<void(uint64_t, uint64_t)>& progress);
  static absl::StatusOr<std::unique_ptr<ExportStore>> Open(
      ExportBlockReader reader, const std::function<void(uint64_t, uint64_t)>& progress);

  const internal::v1::ExportHeader& header() const { return index_.header; }
  const internal::v1::ExportEnd& counts() const { return index_.end; }
  uint64_t bytes() const { return reader_.size(); }
  // node_seq of the last record of the node's log in the file, 0 when there is none.
  uint64_t LastRecord(const std::string& node) const;
  // Those that there are verdicts or events on, ordered.
  std::set<std::string> Countries() const;
  // 32 bytes: the hash at the end of the file.
  absl::StatusOr<std::string> Fingerprint() const { return reader_.HashBefore(reader_.size()); }

  absl::StatusOr<AgentRecord> FindAgent(absl::string_view agent_id) override;
  absl::StatusOr<std::vector<AgentRecord>> ListAgents(absl::string_view after,
                                                      size_t limit) override;
  absl::StatusOr<std::vector<v1::KeySuccession>> ReadKeySuccessions(
      absl::string_view agent_id) override;
  absl::StatusOr<std::vector<v1::SignedPlan>> ListPlans() override;
  absl::StatusOr<std::vector<LogRecord>> ReadLog(absl::string_view node, uint64_t after,
                                                 size_t limit) override;
  absl::StatusOr<std::vector<std::string>> ListNodes() override;
  // For a time that is not infinite it reads the log from its start.
  absl::StatusOr<uint64_t> SeekLog(absl::string_view node, absl::Time time) override;
  absl::StatusOr<int64_t> FirstDay() override;
  absl::StatusOr<FoldCheckpoint> ReadCheckpoint() override;
  absl::StatusOr<std::vector<VerdictRecord>> ReadVerdicts(absl::string_view country,
                                                          absl::Time from,
                                                          absl::Time until) override;
  absl::StatusOr<std::vector<VerdictRecord>> ReadCells(absl::string_view country, absl::Time from,
                                                       absl::Time until) override;
  absl::StatusOr<std::vector<EventRecord>> ReadEvents(absl::string_view country, absl::Time from,
                                                      absl::Time until) override;
  absl::StatusOr<std::vector<TimelineRecord>> ReadTimelines(absl::string_view country) override;
  absl::StatusOr<std::optional<absl::Time>> OldestVerdict(absl::string_view country) override;
  absl::StatusOr<std::optional<absl::Time>> NewestVerdict(absl::string_view country) override;

 private:
  ExportStore(ExportBlockReader reader, ExportIndex index)
      : reader_(std::move(reader)), index_(std::move(index)) {}

  // Nothing when the file has no such agent.
  absl::StatusOr<std::optional<internal::v1::ExportAgent>> FindRow(
      absl::string_view agent_id) const;

  // Calls `take` with each block of the list from the one that `key` is in, until it returns false.
  template <typename Key>
  absl::Status ForEachFrom(const BlockList<Key>& list, const Key& key,
                           const std::function<bool(internal::v1::ExportBlock&)>& take) const;

  const ExportBlockReader reader_;
  const ExportIndex index_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_EXPORT_EXPORT_STORE_H_
