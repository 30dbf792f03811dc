#include "agent/status_board.h"

#include <toml++/toml.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace sightline::agent {
namespace {

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

// Calls `visit(name, field)` for each field, in the order of the file.
template <typename Status, typename Visitor>
void VisitFields(Status& status, Visitor visit) {
  visit("start_time", status.start_time);
  visit("rounds", status.rounds);
  visit("last_round_time", status.last_round_time);
  visit("last_round_checks", status.last_round_checks);
  visit("connections_per_minute_max", status.connections_per_minute_max);
  visit("probe_bytes_per_hour_max", status.probe_bytes_per_hour_max);
  visit("probe_bytes_per_day_max", status.probe_bytes_per_day_max);
  visit("hour_requests", status.hour_requests);
  visit("hour_probe_bytes_sent", status.hour_probe_bytes_sent);
  visit("hour_probe_bytes_received", status.hour_probe_bytes_received);
  visit("day_requests", status.day_requests);
  visit("day_probe_bytes_sent", status.day_probe_bytes_sent);
  visit("day_probe_bytes_received", status.day_probe_bytes_received);
  visit("probing_problem", status.probing_problem);
  visit("plan_version", status.plan_version);
  visit("plan_expire_time", status.plan_expire_time);
  visit("plan_refusal", status.plan_refusal);
  visit("sealed_seq", status.sealed_seq);
  visit("acked_seq", status.acked_seq);
  visit("spool_batches", status.spool_batches);
  visit("spool_bytes", status.spool_bytes);
  visit("spool_bytes_max", status.spool_bytes_max);
  visit("lost_batches", status.lost_batches);
  visit("lost_observations", status.lost_observations);
  visit("collector_state", status.collector_state);
  visit("collector_detail", status.collector_detail);
  visit("last_delivery_time", status.last_delivery_time);
  visit("last_refusal", status.last_refusal);
  visit("last_refusal_time", status.last_refusal_time);
  visit("clock_offset_ms", status.clock_offset_ms);
  visit("bytes_sent_today", status.bytes_sent_today);
  visit("bytes_sent", status.bytes_sent);
  visit("memory_peak_kib", status.memory_peak_kib);
  visit("cpu_ms", status.cpu_ms);
}

class TableWriter {
 public:
  explicit TableWriter(toml::table& table) : table_(table) {}
  void operator()(const char* name, absl::Time time) { table_.insert(name, TimeText(time)); }
  void operator()(const char* name, int64_t value) { table_.insert(name, value); }
  void operator()(const char* name, const std::string& value) { table_.insert(name, value); }
  template <typename T>
  void operator()(const char* name, const std::optional<T>& value) {
    if (value) (*this)(name, *value);
  }

 private:
  toml::table& table_;
};

// Remembers the first field that does not fit.
class TableReader {
 public:
  explicit TableReader(const toml::table& table) : table_(table) {}
  void operator()(const char* name, absl::Time& time) {
    std::string text;
    (*this)(name, text);
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) Wrong(name);
  }
  void operator()(const char* name, int64_t& value) { Take(name, value); }
  void operator()(const char* name, std::string& value) { Take(name, value); }
  template <typename T>
  void operator()(const char* name, std::optional<T>& value) {
    if (!table_.contains(name)) return;
    (*this)(name, value.emplace());
  }
  const std::string& wrong() const { return wrong_; }

 private:
  template <typename T>
  void Take(const char* name, T& value) {
    if (const std::optional<T> found = table_[name].template value_exact<T>()) {
      value = *found;
    } else {
      Wrong(name);
    }
  }
  void Wrong(const char* name) {
    if (wrong_.empty()) wrong_ = name;
  }

  const toml::table& table_;
  std::string wrong_;
};

toml::table ToTable(const AgentStatus& status) {
  toml::table table;
  VisitFields(status, TableWriter(table));
  return table;
}

}  // namespace

std::string StatusToToml(const AgentStatus& status) {
  std::ostringstream text;
  text << ToTable(status) << "\n";
  return text.str();
}

absl::StatusOr<AgentStatus> StatusFromToml(absl::string_view text) {
  try {
    const toml::table table = toml::parse(std::string_view(text.data(), text.size()));
    AgentStatus status;
    TableReader reader(table);
    VisitFields(status, [&reader](const char* name, auto& field) { reader(name, field); });
    if (!reader.wrong().empty()) {
      return absl::InvalidArgumentError(absl::StrCat(reader.wrong(), ": missing or malformed"));
    }
    return status;
  } catch (const toml::parse_error& error) {
    return absl::InvalidArgumentError(
        absl::StrCat("line ", error.source().begin.line, ": ", error.what()));
  }
}

void StatusBoard::Update(const std::function<void(AgentStatus&)>& change) {
  const std::lock_guard lock(mutex_);
  change(status_);
}

AgentStatus StatusBoard::Get() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

absl::Status StatusBoard::Save() {
  if (path_.empty()) return absl::OkStatus();
  const std::lock_guard lock(mutex_);
  const std::string temporary = path_ + ".new";
  std::ofstream file(temporary, std::ios::trunc);
  file << StatusToToml(status_);
  file.close();
  if (!file || std::rename(temporary.c_str(), path_.c_str()) != 0) {
    return absl::UnavailableError(absl::StrCat("cannot write ", path_, "; is the disk full?"));
  }
  return absl::OkStatus();
}

}  // namespace sightline::agent
