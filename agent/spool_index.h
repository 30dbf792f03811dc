// What a spool holds and where, without the bytes. Pure; Spool keeps it in step with the disk.
#ifndef SIGHTLINE_AGENT_SPOOL_INDEX_H_
#define SIGHTLINE_AGENT_SPOOL_INDEX_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "agent/spool_format.h"
#include "common/seal.h"

namespace sightline::agent {

// A batch in the spool: one that a round made, or a tombstone for several.
struct SpoolEntry {
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  std::string prev_hash;
  std::string chain_hash;     // What the prev_hash of the next batch holds.
  uint64_t observations = 0;  // In the batch, or lost with the batches that it stands for.
  uint64_t segment = 0;
  size_t offset = 0;
  size_t size = 0;
};

SpoolEntry EntryOf(const SealedBatch& sealed, uint64_t segment, size_t offset, size_t size);

// Oldest first. Not thread-safe.
class SpoolIndex {
 public:
  SpoolIndex();

  // Replays a segment; call in ascending order of `id`. INVALID_ARGUMENT when it does not begin
  // with a state record; what it holds besides is taken.
  absl::Status Replay(uint64_t id, const SegmentContents& contents, size_t bytes);

  // After the last Replay. Ranges that damage took away, for which tombstones are needed. DATA_LOSS
  // when two batches that follow each other do not chain.
  absl::StatusOr<std::vector<LostRange>> FindGaps();

  void AddSegment(uint64_t id) { segments_[id]; }
  void AddBytes(uint64_t id, size_t bytes) { segments_[id].bytes += bytes; }
  // All bytes added so far are there for good.
  void MarkWritten(uint64_t id) { segments_[id].written = segments_[id].bytes; }
  void RemoveSegment(uint64_t id) { segments_.erase(id); }

  // Takes a batch in. One whose range covers older entries replaces them; otherwise it is the last.
  void Insert(SpoolEntry entry);
  // Drops the entries up to `point`.
  void Acknowledge(const ChainPoint& point);

  // The chain at `seq`; nullopt when no entry ends there and it is not the acknowledged point.
  std::optional<ChainPoint> PointAt(uint64_t seq) const;

  // The oldest entries after the first `kept` whose removal leaves segments other than `active`
  // with at least `bytes` bytes in all without entries. nullopt when removing all would not.
  std::optional<LostRange> ChooseVictims(size_t kept, size_t bytes, uint64_t active) const;

  // Segments without entries, but never the newest: it holds the state.
  std::vector<uint64_t> DeadSegments() const;

  const ChainPoint& acked() const { return acked_; }
  const ChainPoint& tail() const { return tail_; }
  const std::deque<SpoolEntry>& entries() const { return entries_; }
  size_t bytes() const;
  size_t segment_bytes(uint64_t id) const;
  // What the next segment's state says.
  SpoolState state() const;
  uint64_t newest_segment() const { return segments_.empty() ? 0 : segments_.rbegin()->first; }

 private:
  struct Segment {
    size_t bytes = 0;    // On disk, at most.
    size_t written = 0;  // Of them, without what a failed write left at the end.
    size_t live = 0;     // Entries.
  };

  void Erase(size_t begin, size_t end);
  void Restore(const SpoolState& state);

  ChainPoint acked_;
  ChainPoint tail_;
  std::deque<SpoolEntry> entries_;
  std::map<uint64_t, Segment> segments_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_SPOOL_INDEX_H_
