// What readers and the fold itself take from SqlStore of what was found: verdicts, cells, events,
// timelines.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/sql_store.h"

namespace sightline {
namespace {

constexpr absl::string_view kSelectVerdicts =
    "SELECT target_id, window_start_ms, window_length_ms, ruleset_version, verdict FROM verdicts "
    "WHERE country = $1 AND window_start_ms >= $2 AND window_start_ms < $3 "
    "ORDER BY window_start_ms, target_id";
constexpr absl::string_view kSelectRules =
    "SELECT target_id, window_start_ms, window_length_ms, ruleset_version FROM verdicts "
    "WHERE country = $1 AND window_start_ms >= $2 AND window_start_ms < $3 "
    "ORDER BY window_start_ms, target_id";
constexpr absl::string_view kSelectCells =
    "SELECT target_id, window_start_ms, cells FROM cells "
    "WHERE country = $1 AND window_start_ms >= $2 AND window_start_ms < $3 "
    "ORDER BY window_start_ms, target_id";
constexpr absl::string_view kSelectOldestVerdict =
    "SELECT window_start_ms FROM verdicts WHERE country = $1 "
    "ORDER BY window_start_ms LIMIT 1";
constexpr absl::string_view kSelectNewestVerdict =
    "SELECT window_start_ms FROM verdicts WHERE country = $1 "
    "ORDER BY window_start_ms DESC LIMIT 1";
constexpr absl::string_view kSelectEvents =
    "SELECT target_id, event_id, onset_ms, end_ms, event FROM events "
    "WHERE country = $1 AND onset_ms < $2 AND end_ms > $3 ORDER BY onset_ms, event_id";
constexpr absl::string_view kSelectTimelines =
    "SELECT target_id, window_start_ms, timeline FROM timelines WHERE country = $1 "
    "ORDER BY target_id";

// `select` names the columns of kSelectVerdicts, with or without the verdict.
absl::StatusOr<std::vector<VerdictRecord>> ReadRows(SqlDatabase& database, absl::string_view select,
                                                    absl::string_view country, absl::Time from,
                                                    absl::Time until) {
  std::vector<VerdictRecord> records;
  const SqlValues range = {SqlText{country}, absl::ToUnixMillis(from), absl::ToUnixMillis(until)};
  const absl::Status status = database.ReadOnce([&](SqlSession& session) {
    absl::StatusOr<SqlResult> found = session.Run(select, range);
    if (!found.ok()) return found.status();
    absl::StatusOr<SqlResult> cells = session.Run(kSelectCells, range);
    if (!cells.ok()) return cells.status();
    if (cells->rows.size() != found->rows.size()) {
      return absl::DataLossError(absl::StrCat("there are ", found->rows.size(), " verdicts and ",
                                              cells->rows.size(), " rows of cells on ", country,
                                              "; both are made again from the log"));
    }
    for (size_t i = 0; i < found->rows.size(); ++i) {
      std::vector<SqlCell>& row = found->rows[i];
      VerdictRecord& record = records.emplace_back();
      record.target_id = std::move(row[0].bytes);
      record.country = std::string(country);
      record.window_start = absl::FromUnixMillis(row[1].number);
      record.window_length = absl::Milliseconds(row[2].number);
      record.ruleset_version = std::move(row[3].bytes);
      if (row.size() > 4) record.verdict = std::move(row[4].bytes);
      record.cells = std::move(cells->rows[i][2].bytes);
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return records;
}

// The time in the only row, if there is one.
absl::StatusOr<std::optional<absl::Time>> OnlyTime(const absl::StatusOr<SqlResult>& found) {
  if (!found.ok()) return found.status();
  if (found->rows.empty()) return std::optional<absl::Time>();
  return std::optional<absl::Time>(absl::FromUnixMillis(found->rows[0][0].number));
}

// What goes on has no end.
absl::Time EndFromMillis(int64_t millis) {
  return millis == absl::ToUnixMillis(absl::InfiniteFuture()) ? absl::InfiniteFuture()
                                                              : absl::FromUnixMillis(millis);
}

}  // namespace

absl::StatusOr<std::vector<VerdictRecord>> SqlStore::ReadVerdicts(absl::string_view country,
                                                                  absl::Time from,
                                                                  absl::Time until) {
  return ReadRows(*database_, kSelectVerdicts, country, from, until);
}

absl::StatusOr<std::vector<VerdictRecord>> SqlStore::ReadCells(absl::string_view country,
                                                               absl::Time from, absl::Time until) {
  return ReadRows(*database_, kSelectRules, country, from, until);
}

absl::StatusOr<std::vector<EventRecord>> SqlStore::ReadEvents(absl::string_view country,
                                                              absl::Time from, absl::Time until) {
  absl::StatusOr<SqlResult> found =
      Query(kSelectEvents, {SqlText{country}, absl::ToUnixMillis(until), absl::ToUnixMillis(from)});
  if (!found.ok()) return found.status();
  std::vector<EventRecord> records;
  for (std::vector<SqlCell>& row : found->rows) {
    EventRecord& record = records.emplace_back();
    record.target_id = std::move(row[0].bytes);
    record.event_id = std::move(row[1].bytes);
    record.country = std::string(country);
    record.onset = absl::FromUnixMillis(row[2].number);
    record.end = EndFromMillis(row[3].number);
    record.event = std::move(row[4].bytes);
  }
  return records;
}

absl::StatusOr<std::vector<TimelineRecord>> SqlStore::ReadTimelines(absl::string_view country) {
  absl::StatusOr<SqlResult> found = Query(kSelectTimelines, {SqlText{country}});
  if (!found.ok()) return found.status();
  std::vector<TimelineRecord> records;
  for (std::vector<SqlCell>& row : found->rows) {
    TimelineRecord& record = records.emplace_back();
    record.target_id = std::move(row[0].bytes);
    record.country = std::string(country);
    record.window_start = absl::FromUnixMillis(row[1].number);
    record.timeline = std::move(row[2].bytes);
  }
  return records;
}

absl::StatusOr<std::optional<absl::Time>> SqlStore::OldestVerdict(absl::string_view country) {
  return OnlyTime(Query(kSelectOldestVerdict, {SqlText{country}}));
}

absl::StatusOr<std::optional<absl::Time>> SqlStore::NewestVerdict(absl::string_view country) {
  return OnlyTime(Query(kSelectNewestVerdict, {SqlText{country}}));
}

}  // namespace sightline
