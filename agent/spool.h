// Append-only queue of signed batches on disk, oldest first; SPOOL.md describes the format.
#ifndef SIGHTLINE_AGENT_SPOOL_H_
#define SIGHTLINE_AGENT_SPOOL_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "agent/spool_index.h"
#include "common/files.h"
#include "common/seal.h"

namespace sightline::agent {

// Batches that an uplink may have on their way at once. The spool never replaces so many of its
// oldest batches by a tombstone: the collector may hold them already.
inline constexpr size_t kBatchesInFlightMax = 8;

struct SpoolOptions {
  std::string folder;
  // Never exceeded. At least 16 segments.
  size_t bytes_max = size_t{16} * 1024 * 1024;
  // A segment takes no more records once it is this large.
  size_t segment_bytes = size_t{256} * 1024;
  // Signs the tombstone for batches that are lost. Called under the spool's lock.
  std::function<SealedBatch(const LostRange&)> seal_tombstone;
};

// What was given up. Each range has its tombstone in the spool.
struct SpoolLoss {
  uint64_t batches = 0;
  uint64_t observations = 0;
};

// What Open found after the last run.
struct SpoolRecovery {
  size_t torn_bytes = 0;  // Of an append that a crash cut short; nobody was told that it worked.
  size_t records_damaged = 0;  // Unreadable although once written.
  SpoolLoss loss;              // `observations` is unknown, so 0, for batches that damage took.
};

struct SpoolTotals {
  ChainPoint acked;
  ChainPoint tail;
  size_t batches = 0;
  size_t bytes = 0;  // On disk.
  SpoolLoss lost;    // Since Open.
};

// Thread-safe. Errors of the file system are returned as they are; the spool stays usable and keeps
// all that it reported as appended.
class Spool {
 public:
  // Makes the folder when there is none. Drops a torn tail; puts tombstones where damage took
  // batches. DATA_LOSS, with what to do, when the chain cannot be continued from what is left.
  // `files` must outlive the spool.
  static absl::StatusOr<std::unique_ptr<Spool>> Open(Files& files, SpoolOptions options,
                                                     SpoolRecovery* recovery);

  // Takes a batch that continues tail(); on the disk on return. When the spool is full, a tombstone
  // takes the place of the oldest batches after the first kBatchesInFlightMax, and totals() counts
  // what was lost. RESOURCE_EXHAUSTED when that makes no room or the disk is full; after any error
  // the batch is not in the spool and its number is free.
  absl::Status Append(const SealedBatch& sealed);

  // Up to `count_max` batches with numbers above `seq`, oldest first. DATA_LOSS when one became
  // unreadable; the next Open puts a tombstone there.
  absl::StatusOr<std::vector<v1::SignedBatch>> ReadAfter(uint64_t seq, size_t count_max) const;

  // Drops all up to `seq`; on the disk on return. FAILED_PRECONDITION when no batch ends there.
  absl::Status Acknowledge(uint64_t seq);

  // The chain at `seq`; nullopt when that is neither the end of a batch nor the acknowledged point.
  std::optional<ChainPoint> PointAt(uint64_t seq) const;
  SpoolTotals totals() const;
  size_t bytes_max() const { return options_.bytes_max; }

 private:
  Spool(Files& files, SpoolOptions options) : files_(files), options_(std::move(options)) {}

  absl::Status Heal(SpoolRecovery* recovery);
  absl::Status Roll();
  absl::Status Write(RecordType type, absl::string_view body);
  absl::Status WriteBatch(const SealedBatch& sealed);
  absl::Status MakeRoom(size_t bytes);
  void DeleteDeadSegments();
  std::string PathOf(uint64_t segment) const;

  Files& files_;
  const SpoolOptions options_;
  mutable std::mutex mutex_;
  SpoolIndex index_;
  SpoolLoss lost_;
  // Open for appending; null before the first append and after a failed one.
  std::unique_ptr<AppendFile> active_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_SPOOL_H_
