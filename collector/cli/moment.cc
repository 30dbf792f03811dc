#include "collector/cli/moment.h"

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sightline::cli {

absl::StatusOr<absl::Time> ParseMoment(absl::string_view flag, absl::string_view text) {
  constexpr const char* kForms[] = {absl::RFC3339_full, "%Y-%m-%d", "%Y-%m-%d %H:%M",
                                    "%Y-%m-%d %H:%M:%S"};
  absl::Time time;
  std::string ignored;
  for (const char* form : kForms) {
    // "infinite-past" and its like are no moments.
    if (absl::ParseTime(form, text, absl::UTCTimeZone(), &time, &ignored) &&
        time != absl::InfinitePast() && time != absl::InfiniteFuture()) {
      return time;
    }
  }
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": \"", absl::Utf8SafeCEscape(text),
                   "\" is no time; write 2024-04-08, \"2024-04-08 13:00\" (UTC) or "
                   "2024-04-08T13:00:00+08:00"));
}

std::string MomentText(absl::Time time) {
  const bool whole_minute = absl::ToUnixSeconds(time) % 60 == 0;
  return absl::FormatTime(whole_minute ? "%Y-%m-%d %H:%M" : "%Y-%m-%d %H:%M:%S", time,
                          absl::UTCTimeZone());
}

}  // namespace sightline::cli
