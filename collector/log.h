// The collector's log: one event a line on standard error, for people and for machines, without
// addresses of anybody.
//
//   time=2026-11-25T17:30:00.123Z level=warn part=intake event=refused agent=1a2b3c detail="..."
#ifndef SIGHTLINE_COLLECTOR_LOG_H_
#define SIGHTLINE_COLLECTOR_LOG_H_

#include <initializer_list>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sightline {

enum class LogFormat {
  kLogfmt,  // key=value, with values as JSON strings where they are no plain words
  kJson,    // an object a line; every value is a string
};

// "logfmt" or "json". INVALID_ARGUMENT for another name.
absl::StatusOr<LogFormat> ParseLogFormat(absl::string_view name);

enum class LogLevel { kInfo, kWarn, kError };

// A key of lower-case letters and '_', other than time, level, part, event and suppressed; and a
// value, text or number.
struct LogField {
  LogField(absl::string_view field_key, const absl::AlphaNum& field_value)
      : key(field_key), value(field_value.Piece()) {}

  // An address of the operator's own choice, such as a listener's: it stays readable.
  static LogField OwnAddress(absl::string_view key, absl::string_view value) {
    LogField field(key, value);
    field.own_address = true;
    return field;
  }

  absl::string_view key;
  std::string value;
  bool own_address = false;
};

// Sends the log to standard error in this format. Call it before there are threads.
void StartLog(LogFormat format);

// Writes one event. Thread-safe. `part` and `event` are words of ours, known when the program is
// compiled; `part` as in metrics and health. Values may come from anybody: they are cut at
// kLogValueMax bytes, addresses and URLs in them are taken out, what is no printable ASCII is
// escaped, so no value can pass for a line or a key. More than kLogLinesMax lines a second of the
// same part and event are dropped and counted: the next line has "suppressed".
void Log(LogLevel level, absl::string_view part, absl::string_view event,
         std::initializer_list<LogField> fields);

inline constexpr size_t kLogValueMax = 1000;
inline constexpr int kLogLinesMax = 100;

// An event as it is written, without the time. Pure.
std::string FormatEvent(LogFormat format, LogLevel level, absl::string_view part,
                        absl::string_view event, std::initializer_list<LogField> fields,
                        uint64_t suppressed);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_LOG_H_
