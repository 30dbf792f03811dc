#include "collector/cli/audit_log_text.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/cli/moment.h"
#include "collector/cli/table.h"
#include "collector/export/csv_row.h"
#include "common/message.h"

namespace sightline::cli {

std::string AuditLogTable(const v1::ListAuditEntriesResponse& entries, bool colour) {
  if (entries.entries().empty()) return "Nobody changed anything yet.\n";
  Table table;
  table.AddRow({{"No.", Tone::kStrong, true},
                {"Time (UTC)", Tone::kStrong},
                {"Collector", Tone::kStrong},
                {"Who", Tone::kStrong},
                {"Method", Tone::kStrong},
                {"Outcome", Tone::kStrong},
                {"Detail", Tone::kStrong}});
  for (const v1::AuditEntry& entry : entries.entries()) {
    const bool done = entry.outcome() == "OK";
    table.AddRow({{absl::StrCat(entry.audit_seq()), Tone::kPlain, true},
                  {MomentText(FromProto(entry.time()))},
                  {entry.node()},
                  {entry.actor()},
                  {entry.method()},
                  {entry.outcome().empty() ? "(not known)" : entry.outcome(),
                   done ? Tone::kPlain : Tone::kWarning},
                  {entry.detail()}});
  }
  return table.Render(0, colour);
}

std::string AuditLogCsv(const v1::ListAuditEntriesResponse& entries) {
  std::string csv;
  AddCsvRow({"audit_seq", "time", "node", "actor", "method", "detail", "outcome"}, csv);
  for (const v1::AuditEntry& entry : entries.entries()) {
    AddCsvRow({absl::StrCat(entry.audit_seq()),
               absl::FormatTime(absl::RFC3339_sec, FromProto(entry.time()), absl::UTCTimeZone()),
               entry.node(), entry.actor(), entry.method(), entry.detail(), entry.outcome()},
              csv);
  }
  return csv;
}

}  // namespace sightline::cli
