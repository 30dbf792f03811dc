#include "collector/cli/event_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "collector/cli/moment.h"
#include "collector/cli/table.h"
#include "collector/export/csv_row.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

std::string Words(v1::EventDuration duration) {
  std::string word = ShortName(duration);
  absl::AsciiStrToLower(&word);
  return absl::StrReplaceAll(word, {{"_", " "}});
}

std::string Where(const v1::Event& event) {
  return event.region().empty() ? absl::StrCat("AS", event.asn()) : event.region();
}

std::string Lasted(const v1::Event& event) {
  std::string lasted = Words(event.duration());
  if (event.end() == v1::EVENT_END_LOST_SIGHT) lasted += ", then lost sight of";
  if (event.end() == v1::EVENT_END_WITHDRAWN) lasted = "withdrawn";
  if (!event.amendments().empty()) {
    absl::StrAppend(&lasted, ", amended ", event.amendments_size(), "x");
  }
  return lasted;
}

std::string Rfc3339(bool set, const google::protobuf::Timestamp& time) {
  if (!set) return "";
  return absl::FormatTime(absl::RFC3339_sec, FromProto(time), absl::UTCTimeZone());
}

}  // namespace

std::string Length(absl::Duration length) {
  if (length < absl::Seconds(90)) return absl::StrCat(absl::ToInt64Seconds(length), " s");
  if (length < absl::Minutes(90)) return absl::StrCat(absl::ToInt64Minutes(length), " min");
  if (length < absl::Hours(48)) return absl::StrCat(absl::ToInt64Hours(length), " h");
  return absl::StrCat(absl::ToInt64Hours(length) / 24, " days");
}

std::string Since(const v1::TargetVerdict& verdict, absl::Time window_end) {
  const v1::Event* first = nullptr;
  for (const v1::Event& event : verdict.events()) {
    if (event.end() != v1::EVENT_END_ONGOING) continue;
    if (first == nullptr || FromProto(event.onset_time()) < FromProto(first->onset_time())) {
      first = &event;
    }
  }
  if (first == nullptr) return "";
  const absl::Time onset = FromProto(first->onset_time());
  return absl::StrCat("since ", MomentText(onset), " UTC (", Length(window_end - onset), ", ",
                      Words(first->duration()), ")");
}

std::string EventTable(const Events& events, bool colour) {
  if (events.empty()) return "";
  Table table;
  table.AddRow({{"Target", Tone::kStrong},
                {"Where", Tone::kStrong},
                {"What", Tone::kStrong},
                {"Onset (UTC)", Tone::kStrong},
                {"Told (UTC)", Tone::kStrong},
                {"Over (UTC)", Tone::kStrong},
                {"Lasted", Tone::kStrong},
                {"Rate", Tone::kStrong, true}});
  for (const v1::Event& event : events) {
    table.AddRow({{event.target_id()},
                  {Where(event)},
                  {absl::AsciiStrToLower(ShortName(event.kind()))},
                  {MomentText(FromProto(event.onset_time()))},
                  {MomentText(FromProto(event.detect_time()))},
                  {event.has_end_time() ? MomentText(FromProto(event.end_time()))
                                        : absl::AsciiStrToLower(ShortName(event.end()))},
                  {Lasted(event)},
                  {absl::StrCat(static_cast<int>(100 * event.rate_mean() + 0.5), " %"),
                   Tone::kPlain, true}});
  }
  return table.Render(0, colour);
}

std::string EventCsv(const Events& events) {
  std::string csv;
  AddCsvRow(
      {"event_id", "target_id", "country", "region", "asn", "kind", "onset_time", "detect_time",
       "end", "end_time", "duration", "sustained_time", "long_run_time", "lasts_probability",
       "windows_observed", "windows_different", "rate_mean", "amendments"},
      csv);
  for (const v1::Event& event : events) {
    AddCsvRow({event.event_id(), event.target_id(), event.country(), event.region(),
               event.asn() == 0 ? "" : absl::StrCat(event.asn()), ShortName(event.kind()),
               Rfc3339(event.has_onset_time(), event.onset_time()),
               Rfc3339(event.has_detect_time(), event.detect_time()), ShortName(event.end()),
               Rfc3339(event.has_end_time(), event.end_time()), ShortName(event.duration()),
               Rfc3339(event.has_sustained_time(), event.sustained_time()),
               Rfc3339(event.has_long_run_time(), event.long_run_time()),
               absl::StrCat(event.lasts_probability()), absl::StrCat(event.windows_observed()),
               absl::StrCat(event.windows_different()), absl::StrCat(event.rate_mean()),
               absl::StrCat(event.amendments_size())},
              csv);
  }
  return csv;
}

}  // namespace sightline::cli
