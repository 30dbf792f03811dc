#include "collector/stored_verdicts.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/verdict/time_words.h"
#include "common/message.h"

namespace sightline {
namespace {

absl::StatusOr<Board::Summary> NewestOf(Store& store, const std::string& country,
                                        const FollowerOptions& options) {
  const absl::StatusOr<std::optional<absl::Time>> newest = store.NewestVerdict(country);
  if (!newest.ok()) return newest.status();
  if (!newest->has_value()) return Board::Summary(NothingComplete(options));
  absl::StatusOr<v1::GetSummaryResponse> summary = StoredSummary(store, country, **newest);
  if (absl::IsNotFound(summary.status())) {
    return absl::AbortedError("verdicts went while they were read");
  }
  if (!summary.ok()) return summary.status();
  return Board::Summary(std::make_shared<const v1::GetSummaryResponse>(*std::move(summary)));
}

}  // namespace

absl::StatusOr<v1::GetSummaryResponse> SummaryOfRows(absl::Span<const VerdictRecord> rows) {
  v1::GetSummaryResponse summary;
  const VerdictRecord& any = rows.front();
  summary.set_country(any.country);
  *summary.mutable_window_start_time() = ToProto(any.window_start);
  *summary.mutable_window_length() = ToProto(any.window_length);
  for (const VerdictRecord& row : rows) {
    if (row.verdict.empty()) continue;
    summary.set_ruleset_version(row.ruleset_version);
    if (!summary.add_verdicts()->ParseFromString(row.verdict)) {
      return absl::DataLossError(absl::StrCat("the stored verdict on ", row.target_id, " in ",
                                              row.country, " cannot be read"));
    }
  }
  return summary;
}

absl::StatusOr<v1::GetSummaryResponse> StoredSummary(StoreReader& store, const std::string& country,
                                                     absl::Time window_start) {
  const absl::StatusOr<std::vector<VerdictRecord>> rows =
      store.ReadVerdicts(country, window_start, window_start + absl::Milliseconds(1));
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return absl::NotFoundError("there are no verdicts on this window");
  absl::StatusOr<v1::GetSummaryResponse> summary = SummaryOfRows(*rows);
  if (!summary.ok()) return summary.status();
  const absl::Time window_end = window_start + rows->front().window_length;
  const absl::StatusOr<std::vector<EventRecord>> records =
      store.ReadEvents(country, window_start, window_end);
  if (!records.ok()) return records.status();
  std::vector<v1::Event> events;
  for (const EventRecord& record : *records) {
    if (!events.emplace_back().ParseFromString(record.event)) {
      return absl::DataLossError(
          absl::StrCat("the stored event ", record.event_id, " cannot be read"));
    }
  }
  AddTime(events, *summary);
  return summary;
}

absl::Status ShowStored(Store& store, const v1::Plan& plan, const FollowerOptions& options,
                        Board& board) {
  for (const v1::CountryRegions& entry : plan.countries()) {
    absl::StatusOr<Board::Summary> summary = NewestOf(store, entry.country(), options);
    if (!summary.ok()) return summary.status();
    board.Put(entry.country(), *std::move(summary));
  }
  return absl::OkStatus();
}

}  // namespace sightline
