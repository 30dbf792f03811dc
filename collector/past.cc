#include "collector/past.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "collector/directory.h"
#include "collector/paging.h"
#include "collector/read_time.h"
#include "collector/stored_verdicts.h"
#include "collector/told_events.h"
#include "common/message.h"

namespace sightline {
namespace {

std::string Words(absl::Time time) {
  return absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone());
}

// Start of the window that `time` is in, on the grid of a window that starts at `start`.
absl::Time WindowOf(absl::Time time, absl::Time start, absl::Duration length) {
  return start + absl::Floor(time - start, length);
}

// Lists the windows that there are.
absl::Status NoVerdicts(StoreReader& store, const std::string& country, absl::Time time) {
  const auto oldest = store.OldestVerdict(country);
  if (!oldest.ok()) return oldest.status();
  const auto newest = store.NewestVerdict(country);
  if (!newest.ok()) return newest.status();
  if (!oldest->has_value() || !newest->has_value()) {
    return absl::NotFoundError(
        absl::StrCat("time: there are no verdicts on ", country, " of any window yet"));
  }
  return absl::NotFoundError(absl::StrCat(
      "time: there are no verdicts on ", country, " of the window that ", Words(time),
      " is in; windows with verdicts start at ", Words(**oldest), " to ", Words(**newest)));
}

std::string EventKey(const v1::Event& event) {
  // Times since 1970 in milliseconds have 13 digits until the year 2286.
  return absl::StrFormat("%015d %s", absl::ToUnixMillis(FromProto(event.onset_time())),
                         event.event_id());
}

// Whether the targets that were asked for are known: to the plan, or to some event.
absl::Status CheckTargets(const v1::Plan& plan, const std::set<std::string>& wanted,
                          absl::Span<const v1::Event> events) {
  std::set<std::string> known;
  for (const v1::Target& target : plan.targets()) known.insert(target.target_id());
  for (const v1::Event& event : events) known.insert(event.target_id());
  for (const std::string& target_id : wanted) {
    if (known.contains(target_id)) continue;
    return absl::NotFoundError(absl::StrCat("target_ids: no target \"",
                                            absl::Utf8SafeCEscape(target_id),
                                            "\"; known: ", absl::StrJoin(known, ", ")));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::GetSummaryResponse> SummaryAt(StoreReader& store, const v1::Plan& plan,
                                                 const v1::GetSummaryRequest& request) {
  const absl::StatusOr<absl::Time> time = ReadTime("time", request.time());
  if (!time.ok()) return time.status();
  const std::string& country = request.country();
  if (const auto entry = FindCountry(plan, country); !entry.ok()) return entry.status();
  const absl::StatusOr<std::optional<absl::Time>> newest = store.NewestVerdict(country);
  if (!newest.ok()) return newest.status();
  if (!newest->has_value()) return NoVerdicts(store, country, *time);
  const auto rows = store.ReadCells(country, **newest, **newest + absl::Milliseconds(1));
  if (!rows.ok()) return rows.status();
  if (rows->empty()) return absl::AbortedError("verdicts went while they were read; ask again");
  const absl::Time start = WindowOf(*time, **newest, rows->front().window_length);
  absl::StatusOr<v1::GetSummaryResponse> summary = StoredSummary(store, country, start);
  if (absl::IsNotFound(summary.status())) return NoVerdicts(store, country, *time);
  if (!summary.ok()) return summary.status();
  return SelectTargets(*summary, request);
}

absl::StatusOr<v1::ListEventsResponse> ListEvents(StoreReader& store, const v1::Plan& plan,
                                                  const v1::ListEventsRequest& request) {
  if (const auto entry = FindCountry(plan, request.country()); !entry.ok()) return entry.status();
  const absl::StatusOr<TimeSpan> span = ReadTimeSpan(request);
  if (!span.ok()) return span.status();
  const absl::StatusOr<std::vector<EventRecord>> records =
      store.ReadEvents(request.country(), span->from, span->until);
  if (!records.ok()) return records.status();
  std::vector<v1::Event> events;
  for (const EventRecord& record : *records) {
    if (events.emplace_back().ParseFromString(record.event)) continue;
    return absl::DataLossError(
        absl::StrCat("the stored event ", record.event_id, " cannot be read"));
  }
  return SelectEvents(events, plan, request);
}

absl::StatusOr<v1::ListEventsResponse> SelectEvents(absl::Span<const v1::Event> events,
                                                    const v1::Plan& plan,
                                                    const v1::ListEventsRequest& request) {
  const absl::StatusOr<TimeSpan> span = ReadTimeSpan(request);
  if (!span.ok()) return span.status();
  const std::set<std::string> wanted(request.target_ids().begin(), request.target_ids().end());
  if (absl::Status known = CheckTargets(plan, wanted, events); !known.ok()) return known;
  std::map<std::string, const v1::Event*> selected;
  for (const v1::Event& event : events) {
    if (!wanted.empty() && !wanted.contains(event.target_id())) continue;
    const EventRecord record = ToRecord(event);
    if (record.onset >= span->until || record.end <= span->from) continue;
    selected.emplace(EventKey(event), &event);
  }
  v1::ListEventsResponse response;
  const auto next =
      FillPage(selected, request, [&](const v1::Event* event) { *response.add_events() = *event; });
  if (!next.ok()) return next.status();
  response.set_next_page_token(*next);
  return response;
}

}  // namespace sightline
