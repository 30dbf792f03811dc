#include "collector/cli/note_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/cli/moment.h"
#include "collector/cli/table.h"
#include "collector/export/csv_row.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

// Days stand without a clock, as most notes are written.
std::string When(absl::Time time) {
  const std::string day = absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
  const bool whole = absl::ToUnixSeconds(time) % (24 * 60 * 60) == 0;
  return whole ? day : MomentText(time);
}

std::string Rfc3339(bool set, const google::protobuf::Timestamp& time) {
  if (!set) return "";
  return absl::FormatTime(absl::RFC3339_sec, FromProto(time), absl::UTCTimeZone());
}

}  // namespace

std::string NoteTable(const v1::ListAnnotationsResponse& notes, bool colour) {
  if (notes.annotations().empty()) return "No notes.\n";
  Table table;
  table.AddRow({{"Time (UTC)", Tone::kStrong},
                {"Target", Tone::kStrong},
                {"Source", Tone::kStrong},
                {"Note", Tone::kStrong},
                {"Text", Tone::kStrong}});
  for (const v1::Annotation& note : notes.annotations()) {
    table.AddRow(
        {{When(FromProto(note.time()))},
         {note.target_id().empty() ? "all" : note.target_id()},
         {absl::AsciiStrToLower(ShortName(note.source()))},
         {note.annotation_id(), Tone::kFaint},
         {note.url().empty() ? note.text() : absl::StrCat(note.text(), "  ", note.url())}});
  }
  return table.Render(0, colour);
}

std::string NoteCsv(const v1::ListAnnotationsResponse& notes) {
  std::string csv;
  AddCsvRow(
      {"annotation_id", "country", "target_id", "time", "text", "url", "source", "create_time"},
      csv);
  for (const v1::Annotation& note : notes.annotations()) {
    AddCsvRow({note.annotation_id(), note.country(), note.target_id(),
               Rfc3339(note.has_time(), note.time()), note.text(), note.url(),
               ShortName(note.source()), Rfc3339(note.has_create_time(), note.create_time())},
              csv);
  }
  return csv;
}

}  // namespace sightline::cli
