#include "agent/spool_view.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"

namespace sightline::agent {
namespace {

constexpr absl::string_view kSuffix = ".seg";
// An agent that works meanwhile may delete a segment between two looks.
constexpr int kTriesMax = 3;

std::optional<uint64_t> SegmentId(absl::string_view name) {
  uint64_t id = 0;
  if (!absl::EndsWith(name, kSuffix)) return std::nullopt;
  if (!absl::SimpleAtoi(absl::StripSuffix(name, kSuffix), &id)) return std::nullopt;
  return id;
}

// How much of the segment before this one counts; all of it when its state cannot be read.
size_t PreviousBytes(absl::string_view segment) {
  const std::optional<Record> first = ReadRecord(segment, 0);
  const std::optional<SpoolState> state =
      first ? DecodeState(first->body) : std::optional<SpoolState>();
  return state ? state->previous_bytes : absl::string_view::npos;
}

// nullopt when its record became unreadable.
absl::StatusOr<std::optional<absl::Time>> RoundOf(Files& files, const std::string& folder,
                                                  const SpoolEntry& entry) {
  const absl::StatusOr<std::string> data = files.Read(SegmentPath(folder, entry.segment));
  if (!data.ok()) return data.status();
  const std::optional<Record> record = ReadRecord(*data, entry.offset);
  v1::SignedBatch signed_batch;
  v1::Batch batch;
  const bool readable =
      record.has_value() && record->type == RecordType::kBatch &&
      signed_batch.ParseFromArray(record->body.data(), static_cast<int>(record->body.size())) &&
      batch.ParseFromString(signed_batch.batch());
  if (!readable) return std::optional<absl::Time>();
  return std::optional<absl::Time>(absl::FromUnixMillis(batch.round_time_ms()));
}

absl::StatusOr<SpoolView> LookOnce(Files& files, const std::string& folder) {
  SpoolIndex index;
  SpoolRecovery recovery;
  if (absl::Status status = ReplaySpool(files, folder, index, recovery); !status.ok()) {
    return status;
  }
  SpoolView view;
  view.batches = index.entries().size();
  view.bytes = index.bytes();
  view.torn_bytes = recovery.torn_bytes;
  if (!index.entries().empty()) {
    const auto oldest = RoundOf(files, folder, index.entries().front());
    if (!oldest.ok()) return oldest.status();
    view.oldest_round = *oldest;
  }
  const absl::StatusOr<std::vector<LostRange>> gaps = index.FindGaps();
  if (!gaps.ok()) return UnusableSpool(folder, gaps.status().message());
  for (const LostRange& gap : *gaps) view.batches_damaged += gap.last_seq - gap.first_seq + 1;
  return view;
}

}  // namespace

std::string SegmentPath(const std::string& folder, uint64_t segment) {
  return absl::StrCat(folder, "/", absl::StrFormat("%010d", segment), kSuffix);
}

absl::Status UnusableSpool(const std::string& folder, absl::string_view why) {
  return absl::DataLossError(absl::StrCat(
      "the spool in ", folder, " is damaged (", why,
      "); this agent's chain cannot be continued. Move its whole folder away and enrol anew with a "
      "new invite"));
}

absl::Status ReplaySpool(Files& files, const std::string& folder, SpoolIndex& index,
                         SpoolRecovery& recovery) {
  const absl::StatusOr<std::vector<std::string>> names = files.List(folder);
  if (!names.ok()) return names.status();
  std::vector<uint64_t> ids;
  for (const std::string& name : *names) {
    if (const std::optional<uint64_t> id = SegmentId(name)) ids.push_back(*id);
  }
  std::sort(ids.begin(), ids.end());
  // Each segment says how much of the one before counts, so the next one is looked at first.
  for (size_t i = 0; i < ids.size(); ++i) {
    const uint64_t id = ids[i];
    const absl::StatusOr<std::string> data = files.Read(SegmentPath(folder, id));
    if (!data.ok()) return data.status();
    absl::string_view counted = *data;
    if (i + 1 < ids.size() && ids[i + 1] == id + 1) {
      const absl::StatusOr<std::string> next = files.Read(SegmentPath(folder, id + 1));
      if (!next.ok()) return next.status();
      counted = counted.substr(0, PreviousBytes(*next));
    }
    const SegmentContents contents = ReadSegment(counted);
    const absl::Status status = index.Replay(id, contents, data->size());
    // Without the newest state nobody knows how far the chain went.
    if (!status.ok() && id == ids.back()) return UnusableSpool(folder, status.message());
    recovery.records_damaged += contents.records_damaged;
    // An older torn tail was reported when it was the newest.
    recovery.torn_bytes = contents.torn_bytes;
  }
  return absl::OkStatus();
}

absl::StatusOr<SpoolView> ViewSpool(Files& files, const std::string& folder) {
  if (absl::IsNotFound(files.List(folder).status())) return SpoolView();
  for (int i = 1;; ++i) {
    absl::StatusOr<SpoolView> view = LookOnce(files, folder);
    if (view.ok() || i == kTriesMax) return view;
  }
}

}  // namespace sightline::agent
