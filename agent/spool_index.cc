#include "agent/spool_index.h"

#include <algorithm>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/wire.h"

namespace sightline::agent {
namespace {

using Entries = std::deque<SpoolEntry>;

// First entry that ends at or after `seq`.
Entries::const_iterator LowerBound(const Entries& entries, uint64_t seq) {
  return std::lower_bound(entries.begin(), entries.end(), seq,
                          [](const SpoolEntry& entry, uint64_t s) { return entry.last_seq < s; });
}

std::optional<SealedBatch> Parse(absl::string_view body) {
  SealedBatch sealed;
  if (!sealed.signed_batch.ParseFromArray(body.data(), static_cast<int>(body.size())) ||
      !sealed.batch.ParseFromString(sealed.signed_batch.batch())) {
    return std::nullopt;
  }
  return sealed;
}

LostRange Gap(const ChainPoint& before, uint64_t last_seq, std::string continues_from) {
  LostRange gap;
  gap.first_seq = before.seq + 1;
  gap.last_seq = last_seq;
  gap.prev_hash = before.head;
  gap.continues_from = std::move(continues_from);
  return gap;
}

}  // namespace

SpoolEntry EntryOf(const SealedBatch& sealed, uint64_t segment, size_t offset, size_t size) {
  SpoolEntry entry;
  entry.first_seq = FirstSeq(sealed.batch);
  entry.last_seq = sealed.batch.batch_seq();
  entry.prev_hash = sealed.batch.prev_hash();
  entry.chain_hash = ChainHash(sealed.signed_batch, sealed.batch);
  entry.observations = sealed.batch.has_tombstone()
                           ? sealed.batch.tombstone().observations_lost()
                           : static_cast<uint64_t>(sealed.batch.observations_size());
  entry.segment = segment;
  entry.offset = offset;
  entry.size = size;
  return entry;
}

SpoolIndex::SpoolIndex() : acked_{0, GenesisHash()}, tail_{0, GenesisHash()} {}

void SpoolIndex::Restore(const SpoolState& state) {
  tail_ = state.tail;
  if (state.acked.seq > acked_.seq) Acknowledge(state.acked);
}

absl::Status SpoolIndex::Replay(uint64_t id, const SegmentContents& contents, size_t bytes) {
  AddSegment(id);
  AddBytes(id, bytes - contents.torn_bytes);
  MarkWritten(id);
  AddBytes(id, contents.torn_bytes);
  bool has_state = false;
  for (const Record& record : contents.records) {
    if (record.type == RecordType::kState && record.offset == 0) {
      const std::optional<SpoolState> state = DecodeState(record.body);
      has_state = state.has_value();
      if (state) Restore(*state);
    } else if (record.type == RecordType::kAck) {
      const std::optional<ChainPoint> point = DecodePoint(record.body);
      if (point && point->seq > acked_.seq) Acknowledge(*point);
    } else if (record.type == RecordType::kBatch) {
      const std::optional<SealedBatch> sealed = Parse(record.body);
      if (sealed) Insert(EntryOf(*sealed, id, record.offset, record.size));
    }
  }
  if (!has_state) return absl::InvalidArgumentError("the segment has no readable beginning");
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LostRange>> SpoolIndex::FindGaps() {
  std::vector<LostRange> gaps;
  ChainPoint at = acked_;
  for (const SpoolEntry& entry : entries_) {
    if (entry.first_seq > at.seq + 1) {
      gaps.push_back(Gap(at, entry.first_seq - 1, entry.prev_hash));
    } else if (entry.first_seq != at.seq + 1 || entry.prev_hash != at.head) {
      return absl::DataLossError(absl::StrCat("batch ", entry.first_seq,
                                              " in the spool does not continue batch ", at.seq));
    }
    at = ChainPoint{entry.last_seq, entry.chain_hash};
  }
  if (at.seq < tail_.seq) {
    gaps.push_back(Gap(at, tail_.seq, tail_.head));
  } else if (at.seq != tail_.seq || at.head != tail_.head) {
    // What is sealed next would continue a batch that nobody has.
    return absl::DataLossError(absl::StrCat("the spool says that its chain ends with batch ",
                                            tail_.seq, ", and that is not the batch ", at.seq,
                                            " that it holds"));
  }
  return gaps;
}

void SpoolIndex::Insert(SpoolEntry entry) {
  const auto begin = LowerBound(entries_, entry.first_seq);
  auto end = begin;
  while (end != entries_.end() && end->first_seq <= entry.last_seq) ++end;
  const size_t position = static_cast<size_t>(begin - entries_.begin());
  Erase(position, static_cast<size_t>(end - entries_.begin()));
  ++segments_[entry.segment].live;
  if (entry.last_seq > tail_.seq) tail_ = ChainPoint{entry.last_seq, entry.chain_hash};
  entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(position), std::move(entry));
}

void SpoolIndex::Acknowledge(const ChainPoint& point) {
  size_t count = 0;
  while (count < entries_.size() && entries_[count].last_seq <= point.seq) ++count;
  Erase(0, count);
  acked_ = point;
  if (tail_.seq < point.seq) tail_ = point;
}

void SpoolIndex::Erase(size_t begin, size_t end) {
  for (size_t i = begin; i < end; ++i) --segments_[entries_[i].segment].live;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(begin),
                 entries_.begin() + static_cast<std::ptrdiff_t>(end));
}

std::optional<ChainPoint> SpoolIndex::PointAt(uint64_t seq) const {
  if (seq == acked_.seq) return acked_;
  const auto it = LowerBound(entries_, seq);
  if (it == entries_.end() || it->last_seq != seq) return std::nullopt;
  return ChainPoint{seq, it->chain_hash};
}

std::optional<LostRange> SpoolIndex::ChooseVictims(size_t kept, size_t bytes,
                                                   uint64_t active) const {
  std::map<uint64_t, Segment> segments = segments_;
  size_t freed = 0;
  LostRange lost;
  for (size_t i = kept; i < entries_.size(); ++i) {
    const SpoolEntry& entry = entries_[i];
    if (i == kept) {
      lost.first_seq = entry.first_seq;
      lost.prev_hash = entry.prev_hash;
    }
    lost.last_seq = entry.last_seq;
    lost.continues_from = entry.chain_hash;
    lost.observations += entry.observations;
    Segment& segment = segments[entry.segment];
    if (--segment.live == 0 && entry.segment != active) freed += segment.bytes;
    if (freed >= bytes) return lost;
  }
  return std::nullopt;
}

std::vector<uint64_t> SpoolIndex::DeadSegments() const {
  std::vector<uint64_t> dead;
  for (const auto& [id, segment] : segments_) {
    if (segment.live == 0 && id != newest_segment()) dead.push_back(id);
  }
  return dead;
}

size_t SpoolIndex::bytes() const {
  size_t total = 0;
  for (const auto& [id, segment] : segments_) total += segment.bytes;
  return total;
}

SpoolState SpoolIndex::state() const {
  const auto newest = segments_.rbegin();
  return {acked_, tail_, newest == segments_.rend() ? 0 : newest->second.written};
}

size_t SpoolIndex::segment_bytes(uint64_t id) const {
  const auto it = segments_.find(id);
  return it == segments_.end() ? 0 : it->second.bytes;
}

}  // namespace sightline::agent
