#include "collector/cli/watch_text.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "collector/cli/headline.h"
#include "collector/cli/moment.h"
#include "collector/cli/table.h"
#include "collector/export/csv_row.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

std::string Kinds(const v1::Change& change, absl::string_view between) {
  return absl::StrJoin(change.kinds(), between, [](std::string* out, int kind) {
    out->append(absl::AsciiStrToLower(ShortName(static_cast<v1::ChangeKind>(kind))));
  });
}

// Of the first kind, which says most.
Tone ToneOf(const v1::Change& change) {
  switch (change.kinds().empty() ? v1::CHANGE_KIND_UNSPECIFIED : change.kinds(0)) {
    case v1::CHANGE_KIND_OPENED:
    case v1::CHANGE_KIND_WIDENED:
      return Tone::kGood;
    case v1::CHANGE_KIND_CLOSED:
    case v1::CHANGE_KIND_NARROWED:
      return Tone::kBad;
    case v1::CHANGE_KIND_DISPUTED:
    case v1::CHANGE_KIND_SERVICE:
    case v1::CHANGE_KIND_CORRECTED:
      return Tone::kWarning;
    default:
      return Tone::kPlain;
  }
}

std::string WindowText(bool set, const google::protobuf::Timestamp& time) {
  return set ? absl::StrCat(MomentText(FromProto(time)), " UTC") : "no window yet";
}

std::string Rfc3339(bool set, const google::protobuf::Timestamp& time) {
  if (!set) return "";
  return absl::FormatTime(absl::RFC3339_sec, FromProto(time), absl::UTCTimeZone());
}

}  // namespace

std::string ChangeLine(const v1::Change& change, bool colour) {
  return absl::StrCat(Paint(WindowText(change.has_window_start_time(), change.window_start_time()),
                            Tone::kFaint, colour),
                      "  ", Paint(Printable(change.target_id()), Tone::kStrong, colour), "  ",
                      Paint(Printable(Kinds(change, ", ")), ToneOf(change), colour), "  ",
                      Printable(change.text()), "\n");
}

std::string HeartbeatLine(const v1::Heartbeat& heartbeat, bool colour) {
  return Paint(absl::StrCat(
                   WindowText(heartbeat.has_window_start_time(), heartbeat.window_start_time()),
                   "  nothing changed"),
               Tone::kFaint, colour) +
         "\n";
}

std::string WatchCsvHead() {
  std::string csv;
  AddCsvRow({"message", "window_start_time", "target_id", "change_seq", "kinds", "scope",
             "previous_scope", "service_state", "open_regions", "text", "resume_token"},
            csv);
  return csv;
}

std::string WatchCsv(const v1::WatchSummariesResponse& message) {
  std::string csv;
  const v1::GetSummaryResponse& summary = message.summary();
  for (const v1::TargetVerdict& verdict : summary.verdicts()) {
    AddCsvRow({"summary", Rfc3339(summary.has_window_start_time(), summary.window_start_time()),
               verdict.target_id(), "", "", ShortName(verdict.scope()), "",
               ShortName(verdict.service_state()), absl::StrJoin(verdict.open_regions(), " "),
               Headline(verdict), message.resume_token()},
              csv);
  }
  if (message.has_change()) {
    const v1::Change& change = message.change();
    AddCsvRow(
        {"change", Rfc3339(change.has_window_start_time(), change.window_start_time()),
         change.target_id(), absl::StrCat(change.change_seq()), Kinds(change, " "),
         ShortName(change.scope()),
         change.previous_scope() == v1::SCOPE_UNSPECIFIED ? "" : ShortName(change.previous_scope()),
         ShortName(change.service_state()), absl::StrJoin(change.open_regions(), " "),
         change.text(), message.resume_token()},
        csv);
  }
  if (message.has_heartbeat()) {
    const v1::Heartbeat& beat = message.heartbeat();
    AddCsvRow({"heartbeat", Rfc3339(beat.has_window_start_time(), beat.window_start_time()), "", "",
               "", "", "", "", "", "", message.resume_token()},
              csv);
  }
  return csv;
}

}  // namespace sightline::cli
