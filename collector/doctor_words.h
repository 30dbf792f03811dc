// How times and sizes are written in findings; for the files of doctor.h.
#ifndef SIGHTLINE_COLLECTOR_DOCTOR_WORDS_H_
#define SIGHTLINE_COLLECTOR_DOCTOR_WORDS_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace sightline {

// "2026-11-29"
inline std::string DayOfTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d", time, absl::UTCTimeZone());
}

// "3 days", "5 hours", "20 minutes": the largest unit that fills once.
inline std::string AgeText(absl::Duration age) {
  const int64_t minutes = absl::ToInt64Minutes(age);
  if (minutes >= 2 * 24 * 60) return absl::StrCat(minutes / (24 * 60), " days");
  if (minutes >= 2 * 60) return absl::StrCat(minutes / 60, " hours");
  return absl::StrCat(minutes, " minutes");
}

// "1.5 GiB"
inline std::string SizeText(int64_t bytes) {
  const double mebibytes = static_cast<double>(bytes) / (1 << 20);
  if (mebibytes < 1024) return absl::StrCat(static_cast<int64_t>(mebibytes), " MiB");
  return absl::StrCat(static_cast<int64_t>(mebibytes / 1024 * 10) / 10.0, " GiB");
}

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_DOCTOR_WORDS_H_
