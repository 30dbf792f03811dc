#include "collector/audit_event_row.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/event_name.h"
#include "common/message.h"

namespace sightline {
namespace {

std::string TimeText(absl::Time time) {
  return time == absl::InfiniteFuture() ? "none" : absl::FormatTime(time, absl::UTCTimeZone());
}

// Each column that differs from the event, with both values, or an empty string.
std::string ColumnsThatDiffer(const EventRecord& record, const v1::Event& event) {
  std::string differ;
  const auto compare = [&](absl::string_view name, absl::string_view column,
                           absl::string_view says) {
    if (column == says) return;
    absl::StrAppend(&differ, differ.empty() ? "" : ", ", name, " ", column, " where it has ", says);
  };
  const absl::Time end =
      event.has_end_time() ? FromProto(event.end_time()) : absl::InfiniteFuture();
  compare("event_id", record.event_id, event.event_id());
  compare("target_id", record.target_id, event.target_id());
  compare("country", record.country, event.country());
  compare("onset", TimeText(record.onset), TimeText(FromProto(event.onset_time())));
  compare("end", TimeText(record.end), TimeText(end));
  return differ;
}

}  // namespace

EventFindings CheckEventRow(const EventRecord& record) {
  EventFindings findings;
  v1::Event event;
  if (!event.ParseFromString(record.event)) {
    findings.wrong = absl::StrCat(record.event_id, ": the stored bytes are no event");
    return findings;
  }
  const std::string differ = ColumnsThatDiffer(record, event);
  if (!differ.empty()) {
    findings.wrong =
        absl::StrCat(record.event_id, ": the columns are not those of the event: ", differ);
  } else if (!absl::StartsWith(event.event_id(),
                               EventNameStem(event.target_id(), event.country(), event))) {
    findings.wrong =
        absl::StrCat(record.event_id, ": the name is not that of target, place and kind");
  } else if (event.SerializeAsString() != record.event) {
    findings.wrong = absl::StrCat(record.event_id, ": the same fields in other bytes");
  }
  findings.event = std::move(event);
  return findings;
}

}  // namespace sightline
