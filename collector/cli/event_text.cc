#include "collector/cli/event_text.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

std::string Words(v1::EventDuration duration) {
  std::string word = ShortName(duration);
  absl::AsciiStrToLower(&word);
  return absl::StrReplaceAll(word, {{"_", " "}});
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
  const bool whole_minute = absl::ToUnixSeconds(onset) % 60 == 0;
  return absl::StrCat("since ",
                      absl::FormatTime(whole_minute ? "%Y-%m-%d %H:%M" : "%Y-%m-%d %H:%M:%S", onset,
                                       absl::UTCTimeZone()),
                      " UTC (", Length(window_end - onset), ", ", Words(first->duration()), ")");
}

}  // namespace sightline::cli
