#include "agent/spool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "agent/spool_view.h"

namespace sightline::agent {
namespace {

constexpr size_t kSegmentsMin = 16;

// Room that only tombstones, acknowledgements and segment beginnings may use: acknowledgements are
// smaller than the batches that they free, by more than this factor.
size_t Reserve(const SpoolOptions& options) { return options.segment_bytes / 2 + 1024; }

}  // namespace

absl::StatusOr<std::unique_ptr<Spool>> Spool::Open(Files& files, SpoolOptions options,
                                                   SpoolRecovery* recovery) {
  if (options.bytes_max < kSegmentsMin * options.segment_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("bytes_max of the spool: must be at least ", kSegmentsMin, " segments"));
  }
  if (absl::Status status = files.MakeFolder(options.folder); !status.ok()) return status;
  std::unique_ptr<Spool> spool(new Spool(files, std::move(options)));
  const std::lock_guard lock(spool->mutex_);
  *recovery = SpoolRecovery();
  absl::Status status = ReplaySpool(files, spool->options_.folder, spool->index_, *recovery);
  if (status.ok()) status = spool->Heal(recovery);
  if (!status.ok()) return status;
  spool->DeleteDeadSegments();
  return spool;
}

absl::Status Spool::Heal(SpoolRecovery* recovery) {
  const absl::StatusOr<std::vector<LostRange>> gaps = index_.FindGaps();
  if (!gaps.ok()) return UnusableSpool(options_.folder, gaps.status().message());
  for (const LostRange& gap : *gaps) {
    absl::Status status = WriteBatch(options_.seal_tombstone(gap));
    if (!status.ok()) return status;
    recovery->loss.batches += gap.last_seq - gap.first_seq + 1;
  }
  return absl::OkStatus();
}

std::string Spool::PathOf(uint64_t segment) const { return SegmentPath(options_.folder, segment); }

absl::Status Spool::Roll() {
  const uint64_t id = index_.newest_segment() + 1;
  const std::string beginning = EncodeRecord(RecordType::kState, EncodeState(index_.state()));
  absl::Status status = files_.WriteAtomically(PathOf(id), beginning, 0600);
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<AppendFile>> file = files_.OpenAppend(PathOf(id));
  // Known from here on, also when it could not be opened: the next one gets another name.
  index_.AddSegment(id);
  index_.AddBytes(id, beginning.size());
  index_.MarkWritten(id);
  if (!file.ok()) return file.status();
  active_ = *std::move(file);
  return absl::OkStatus();
}

absl::Status Spool::Write(RecordType type, absl::string_view body) {
  if (active_ != nullptr &&
      index_.segment_bytes(index_.newest_segment()) >= options_.segment_bytes) {
    active_ = nullptr;
  }
  if (active_ == nullptr) {
    if (absl::Status status = Roll(); !status.ok()) return status;
  }
  const std::string record = EncodeRecord(type, body);
  index_.AddBytes(index_.newest_segment(), record.size());
  absl::Status status = active_->Append(record);
  if (status.ok()) status = active_->Sync();
  // What the file holds now is unknown; the next segment begins with the state that counts.
  if (status.ok()) {
    index_.MarkWritten(index_.newest_segment());
  } else {
    active_ = nullptr;
  }
  return status;
}

absl::Status Spool::WriteBatch(const SealedBatch& sealed) {
  const std::string body = sealed.signed_batch.SerializeAsString();
  const size_t size = EncodeRecord(RecordType::kBatch, body).size();
  if (absl::Status status = Write(RecordType::kBatch, body); !status.ok()) return status;
  const uint64_t segment = index_.newest_segment();
  index_.Insert(EntryOf(sealed, segment, index_.segment_bytes(segment) - size, size));
  return absl::OkStatus();
}

absl::Status Spool::MakeRoom(size_t bytes) {
  const size_t limit = options_.bytes_max - Reserve(options_);
  DeleteDeadSegments();
  if (index_.bytes() + bytes <= limit) return absl::OkStatus();
  const std::optional<LostRange> lost = index_.ChooseVictims(
      kBatchesInFlightMax, index_.bytes() + bytes - limit, index_.newest_segment());
  if (!lost) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the spool in ", options_.folder, " is full (", options_.bytes_max,
                     " bytes); give it more room or wait until the collector answers"));
  }
  if (absl::Status status = WriteBatch(options_.seal_tombstone(*lost)); !status.ok()) return status;
  lost_.batches += lost->last_seq - lost->first_seq + 1;
  lost_.observations += lost->observations;
  DeleteDeadSegments();
  return absl::OkStatus();
}

void Spool::DeleteDeadSegments() {
  for (const uint64_t id : index_.DeadSegments()) {
    // One that cannot be removed now counts on and is tried again.
    if (files_.Remove(PathOf(id)).ok()) index_.RemoveSegment(id);
  }
}

absl::Status Spool::Append(const SealedBatch& sealed) {
  const std::lock_guard lock(mutex_);
  if (sealed.batch.batch_seq() != index_.tail().seq + 1 ||
      sealed.batch.prev_hash() != index_.tail().head) {
    return absl::FailedPreconditionError(
        absl::StrCat("batch ", sealed.batch.batch_seq(),
                     " does not continue the spool, which ends at ", index_.tail().seq));
  }
  const size_t bytes =
      EncodeRecord(RecordType::kBatch, sealed.signed_batch.SerializeAsString()).size();
  absl::Status status = MakeRoom(bytes);
  if (status.ok()) status = WriteBatch(sealed);
  return status;
}

absl::StatusOr<std::vector<v1::SignedBatch>> Spool::ReadAfter(uint64_t seq,
                                                              size_t count_max) const {
  const std::lock_guard lock(mutex_);
  std::vector<v1::SignedBatch> batches;
  uint64_t loaded = 0;
  std::string data;
  for (const SpoolEntry& entry : index_.entries()) {
    if (batches.size() == count_max) break;
    if (entry.last_seq <= seq) continue;
    if (entry.segment != loaded) {
      absl::StatusOr<std::string> read = files_.Read(PathOf(entry.segment));
      if (!read.ok()) return read.status();
      data = *std::move(read);
      loaded = entry.segment;
    }
    const std::optional<Record> record = ReadRecord(data, entry.offset);
    v1::SignedBatch batch;
    if (!record ||
        !batch.ParseFromArray(record->body.data(), static_cast<int>(record->body.size()))) {
      return absl::DataLossError(absl::StrCat("batch ", entry.last_seq, " in ",
                                              PathOf(entry.segment),
                                              " became unreadable; restart the agent"));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

absl::Status Spool::Acknowledge(uint64_t seq) {
  const std::lock_guard lock(mutex_);
  if (seq == index_.acked().seq) return absl::OkStatus();
  const std::optional<ChainPoint> point = index_.PointAt(seq);
  if (!point) {
    return absl::FailedPreconditionError(
        absl::StrCat("no batch in the spool ends at ", seq, ", so it cannot be acknowledged"));
  }
  absl::Status status = Write(RecordType::kAck, EncodePoint(*point));
  if (!status.ok()) return status;
  index_.Acknowledge(*point);
  DeleteDeadSegments();
  return absl::OkStatus();
}

std::optional<ChainPoint> Spool::PointAt(uint64_t seq) const {
  const std::lock_guard lock(mutex_);
  return index_.PointAt(seq);
}

SpoolTotals Spool::totals() const {
  const std::lock_guard lock(mutex_);
  return {index_.acked(), index_.tail(), index_.entries().size(), index_.bytes(), lost_};
}

}  // namespace sightline::agent
