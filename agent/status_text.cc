#include "agent/status_text.h"

#include <toml++/toml.h>

#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/message.h"
#include "common/probe_limits.h"

namespace sightline::agent {
namespace {

constexpr int64_t kKib = 1024;
constexpr int64_t kMib = kKib * 1024;

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string Ago(absl::Time time, absl::Time now) {
  return absl::StrCat(absl::FormatDuration(absl::Trunc(now - time, absl::Seconds(1))), " ago");
}

void Line(std::string& text, absl::string_view name, absl::string_view value) {
  absl::StrAppendFormat(&text, "%-11s %s\n", name, value);
}

void CollectorLines(std::string& text, const AgentStatus& status, absl::Time now) {
  Line(text, "collector",
       status.collector_detail.empty()
           ? status.collector_state
           : absl::StrCat(status.collector_state, ": ", status.collector_detail));
  if (status.last_delivery_time) Line(text, "delivered", Ago(*status.last_delivery_time, now));
  if (status.last_refusal_time) {
    Line(text, "refused",
         absl::StrCat(Ago(*status.last_refusal_time, now), ", ", status.last_refusal));
  }
  if (status.clock_offset_ms) {
    Line(text, "clock", absl::StrCat(*status.clock_offset_ms, " ms from the collector's"));
  }
}

// Limits are mostly whole MiB.
std::string Bytes(int64_t bytes) {
  return bytes >= kMib && bytes % kMib == 0 ? absl::StrCat(bytes / kMib, " MiB")
                                            : absl::StrCat(bytes / kKib, " KiB");
}

std::string Use(int64_t requests, int64_t sent, int64_t received) {
  return absl::StrCat(requests, " requests; ", sent / kKib, " KiB sent and ", received / kKib,
                      " KiB received over connections");
}

void BudgetLines(std::string& text, const AgentStatus& status) {
  Line(text, "plan allows",
       absl::StrCat(status.connections_per_minute_max, " connections a minute, ",
                    Bytes(status.probe_bytes_per_hour_max), " an hour, ",
                    Bytes(status.probe_bytes_per_day_max), " a day"));
  Line(text, "ceilings",
       absl::StrCat("no plan may allow more than ", kConnectionsPerMinuteMax,
                    " connections a minute, ", Bytes(static_cast<int64_t>(kBytesPerHourMax)),
                    " an hour, ", Bytes(static_cast<int64_t>(kBytesPerDayMax)), " a day"));
  Line(text, "this hour",
       Use(status.hour_requests, status.hour_probe_bytes_sent, status.hour_probe_bytes_received));
  Line(text, "this day",
       Use(status.day_requests, status.day_probe_bytes_sent, status.day_probe_bytes_received));
}

std::string StateText(const StatusView& view) {
  std::string text = view.running ? "running" : "not running";
  if (view.pause) absl::StrAppend(&text, ", paused ", *view.pause);
  if (view.status == nullptr) {
    return absl::StrCat(text, view.running ? "; starting" : "; it has not run yet");
  }
  return absl::StrCat(text, view.running
                                ? absl::StrCat("; started ", Ago(view.status->start_time, view.now))
                                : "; what follows was true when it last ran");
}

}  // namespace

std::string FormatStatusText(const StatusView& view) {
  std::string text;
  Line(text, "agent",
       absl::StrCat(absl::BytesToHexString(view.identity.agent_id).substr(0, 16), ", ",
                    view.identity.region, ", ", ShortName(view.identity.role)));
  Line(text, "state", StateText(view));
  if (view.status == nullptr) return text;
  const AgentStatus* status = view.status;
  const absl::Time now = view.now;
  Line(text, "last round",
       status->last_round_time
           ? absl::StrCat(Ago(*status->last_round_time, now), ", ", status->last_round_checks,
                          " checks; ", status->rounds, " rounds since the start")
           : "none since the start");
  if (!status->probing_problem.empty()) Line(text, "problem", status->probing_problem);
  Line(text, "plan",
       absl::StrCat("version ", status->plan_version, ", expires ",
                    TimeText(status->plan_expire_time)));
  if (!status->plan_refusal.empty()) Line(text, "plan refused", status->plan_refusal);
  Line(text, "batches",
       absl::StrCat(status->sealed_seq, " sealed, ", status->acked_seq, " acknowledged"));
  Line(text, "spool",
       absl::StrCat(status->spool_batches, " waiting, ", status->spool_bytes / 1024, " of ",
                    status->spool_bytes_max / 1024, " KiB on disk"));
  if (status->lost_batches > 0) {
    Line(text, "given up",
         absl::StrCat(status->lost_batches, " batches with ", status->lost_observations,
                      " observations, because the spool was full"));
  }
  CollectorLines(text, *status, now);
  BudgetLines(text, *status);
  Line(text, "uploaded",
       absl::StrCat(status->bytes_sent_today / 1024, " KiB today, ", status->bytes_sent / 1024,
                    " KiB since the start"));
  Line(text, "cost",
       absl::StrCat(status->memory_peak_kib / 1024, " MiB memory at most, ", status->cpu_ms,
                    " ms processor time"));
  return text;
}

std::string FormatStatusJson(const StatusView& view) {
  // What was written as TOML can be read as such.
  toml::table table =
      view.status == nullptr ? toml::table() : toml::parse(StatusToToml(*view.status));
  table.insert("agent_id", absl::BytesToHexString(view.identity.agent_id));
  table.insert("region", view.identity.region);
  table.insert("role", ShortName(view.identity.role));
  table.insert("key_generation", static_cast<int64_t>(view.identity.key_generation));
  table.insert("running", view.running);
  table.insert("paused", view.pause.has_value());
  if (view.paused_until) table.insert("paused_until", TimeText(*view.paused_until));
  table.insert("connections_per_minute_ceiling", int64_t{kConnectionsPerMinuteMax});
  table.insert("probe_bytes_per_hour_ceiling", static_cast<int64_t>(kBytesPerHourMax));
  table.insert("probe_bytes_per_day_ceiling", static_cast<int64_t>(kBytesPerDayMax));
  std::ostringstream text;
  text << toml::json_formatter(table) << "\n";
  return text.str();
}

}  // namespace sightline::agent
