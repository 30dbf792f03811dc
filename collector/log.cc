#include "collector/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <chrono>
#include <memory>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "collector/log_limiter.h"
#include "common/redact.h"

namespace sightline {
namespace {

// Longer than any address with port and zone.
constexpr size_t kTailMax = 80;

std::atomic<LogFormat> log_format = LogFormat::kLogfmt;

const char* Name(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      break;
  }
  return "error";
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

// Without addresses, cut, and with bytes beyond ASCII as \xHH: neither UTF-8 that is none nor
// characters that turn a line around get through.
std::string Clean(const LogField& field) {
  // Bounds the work. Half an address at the end would not be recognised: what could be one goes.
  const absl::string_view start = absl::string_view(field.value).substr(0, 2 * kLogValueMax);
  std::string text = field.own_address ? std::string(start) : RedactAddresses(start);
  if (start.size() < field.value.size()) text.resize(text.size() - std::min(text.size(), kTailMax));
  std::string clean;
  for (const char c : text.substr(0, kLogValueMax)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x7f) {
      clean += c;
    } else {
      absl::StrAppendFormat(&clean, "\\x%02x", byte);
    }
  }
  if (field.value.size() > kLogValueMax) clean += "...";
  return clean;
}

constexpr absl::string_view kPlainMarks = "_-.,:/+@";

bool IsPlain(absl::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           kPlainMarks.find(c) != absl::string_view::npos;
  });
}

std::string Quoted(absl::string_view text) {
  return boost::json::serialize(boost::json::string(text.data(), text.size()));
}

void AppendField(LogFormat format, absl::string_view key, absl::string_view value,
                 std::string& line) {
  if (!line.empty()) line += format == LogFormat::kJson ? ',' : ' ';
  if (format == LogFormat::kJson) {
    absl::StrAppend(&line, Quoted(key), ":", Quoted(value));
  } else {
    absl::StrAppend(&line, key, "=", IsPlain(value) ? std::string(value) : Quoted(value));
  }
}

}  // namespace

absl::StatusOr<LogFormat> ParseLogFormat(absl::string_view name) {
  if (name == "logfmt") return LogFormat::kLogfmt;
  if (name == "json") return LogFormat::kJson;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", name, "\" is no format; logfmt and json are"));
}

void StartLog(LogFormat format) {
  log_format = format;
  auto logger =
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_pattern(format == LogFormat::kJson ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%eZ\",%v}"
                                                 : "time=%Y-%m-%dT%H:%M:%S.%eZ %v",
                      spdlog::pattern_time_type::utc);
  spdlog::set_default_logger(std::move(logger));
}

std::string FormatEvent(LogFormat format, LogLevel level, absl::string_view part,
                        absl::string_view event, std::initializer_list<LogField> fields,
                        uint64_t suppressed) {
  std::string line;
  AppendField(format, "level", Name(level), line);
  AppendField(format, "part", part, line);
  AppendField(format, "event", event, line);
  for (const LogField& field : fields) AppendField(format, field.key, Clean(field), line);
  if (suppressed > 0) AppendField(format, "suppressed", absl::StrCat(suppressed), line);
  return line;
}

void Log(LogLevel level, absl::string_view part, absl::string_view event,
         std::initializer_list<LogField> fields) {
  static LogLimiter& limiter = *new LogLimiter(kLogLinesMax);
  const std::optional<uint64_t> suppressed =
      limiter.Admit(part, event, std::chrono::steady_clock::now());
  if (!suppressed.has_value()) return;
  const std::string line = FormatEvent(log_format, level, part, event, fields, *suppressed);
  spdlog::default_logger_raw()->log(ToSpdlog(level), spdlog::string_view_t(line));
}

}  // namespace sightline
