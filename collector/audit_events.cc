#include "collector/audit_events.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/audit_difference.h"
#include "collector/audit_report.h"
#include "collector/verdict/verdict.h"
#include "common/message.h"
#include "sightline/internal/v1/fold.pb.h"
#include "sightline/internal/v1/history.pb.h"

namespace sightline {
namespace {

using internal::v1::AUDIT_PROBLEM_KIND_EVENT;
using internal::v1::AUDIT_PROBLEM_KIND_TIMELINE;

absl::Time OnsetOf(const v1::Event& event) { return FromProto(event.onset_time()); }

// What is compared.
v1::Event ContentOf(const v1::Event& event) {
  v1::Event content = event;
  content.clear_event_id();
  content.clear_target_id();
  content.clear_country();
  content.clear_amendments();
  return content;
}

// Whether the columns are the event's. Its end is not looked at: one that was withdrawn keeps what
// it was said to have covered.
bool IsRowOf(const EventRecord& record, const v1::Event& event) {
  return record.event_id == event.event_id() && record.target_id == event.target_id() &&
         record.country == event.country() && record.onset == OnsetOf(event);
}

bool SameSubject(const v1::Event& one, const v1::Event& other) {
  return one.region() == other.region() && one.asn() == other.asn() && one.kind() == other.kind() &&
         OnsetOf(one) == OnsetOf(other);
}

// Events of `from` that `others` lacks, byte for byte.
std::vector<v1::Event> Lacking(const std::vector<v1::Event>& from,
                               const std::vector<v1::Event>& others) {
  std::multiset<std::string> there;
  for (const v1::Event& event : others) there.insert(event.SerializeAsString());
  std::vector<v1::Event> lacking;
  for (const v1::Event& event : from) {
    const auto found = there.find(event.SerializeAsString());
    if (found == there.end()) {
      lacking.push_back(event);
    } else {
      there.erase(found);
    }
  }
  return lacking;
}

}  // namespace

absl::Status EventAudit::Begin(const std::string& country) {
  absl::StatusOr<std::vector<TimelineRecord>> records = store_.ReadTimelines(country);
  if (!records.ok()) return records.status();
  Country& own = countries_[country];
  for (TimelineRecord& record : *records) {
    if (record.target_id.empty()) {
      own.end = std::move(record);
      continue;
    }
    Target& target = own.targets.emplace(record.target_id, Target(window_length_)).first->second;
    // One that begins holds nothing yet; one by other rules is begun anew by whoever folds next.
    const bool other_rules =
        !record.timeline.empty() && !Timeline::Parse(record.timeline, window_length_).ok();
    if (other_rules) report_.set_timelines_other_rules(report_.timelines_other_rules() + 1);
    target.record_passed = record.timeline.empty() || other_rules;
    target.record = std::move(record);
  }
  return absl::OkStatus();
}

void EventAudit::Add(const VerdictRecord& row) {
  Country& country = countries_[row.country];
  if (!country.end.has_value() || row.window_start > country.end->window_start) return;
  if (row.cells.empty()) return;
  Target& target = country.targets.emplace(row.target_id, Target(window_length_)).first->second;
  if (absl::string_view(row.ruleset_version) != kRulesetVersion ||
      row.window_length != window_length_) {
    target.begun_anew = target.begun_anew || target.first.has_value();
    return;
  }
  if (!target.first.has_value()) target.first = row.window_start;
  if (!target.record_passed && row.window_start > target.record->window_start) {
    CompareTimeline(row.target_id, target);
  }
  internal::v1::Cells cells;
  // Cells that are none are silent, and told by the audit of the verdicts.
  if (!cells.ParseFromString(row.cells)) cells.Clear();
  StepTo(row.window_start, cells, target);
}

void EventAudit::StepTo(absl::Time start, const internal::v1::Cells& cells, Target& target) const {
  if (target.timeline.last().has_value() && start <= *target.timeline.last()) return;
  target.timeline.Step(start, cells);
  for (v1::Event& event : target.timeline.TakeEnded()) target.events.push_back(std::move(event));
}

void EventAudit::CompareTimeline(const std::string& target_id, Target& target) {
  target.record_passed = true;
  StepTo(target.record->window_start, {}, target);
  if (target.begun_anew) return;
  report_.set_timelines_compared(report_.timelines_compared() + 1);
  if (target.timeline.Serialize() == target.record->timeline) return;
  Problem(AUDIT_PROBLEM_KIND_TIMELINE, target.record->country, target_id,
          target.record->window_start, "the stored history is not what the cells come to");
}

absl::StatusOr<std::optional<TimelineRecord>> EventAudit::ReadEnd(const std::string& country) {
  absl::StatusOr<std::vector<TimelineRecord>> records = store_.ReadTimelines(country);
  if (!records.ok()) return records.status();
  for (TimelineRecord& record : *records) {
    if (record.target_id.empty()) return std::optional<TimelineRecord>(std::move(record));
  }
  return std::optional<TimelineRecord>();
}

absl::Status EventAudit::Finish(const std::string& country) {
  Country& own = countries_[country];
  const auto records = store_.ReadEvents(country, absl::InfinitePast(), absl::InfiniteFuture());
  if (!records.ok()) return records.status();
  const auto end = ReadEnd(country);
  if (!end.ok()) return end.status();
  internal::v1::HistoryEnd history;
  const bool told = own.end.has_value() && history.ParseFromString(own.end->timeline);
  // A collector that writes meanwhile is ahead of the rows that were read.
  const bool behind = !told || history.behind() || !end->has_value() ||
                      (*end)->timeline != own.end->timeline ||
                      (*end)->window_start != own.end->window_start;
  std::map<std::string, std::vector<v1::Event>> stored;
  for (const EventRecord& record : *records) {
    v1::Event event;
    if (!event.ParseFromString(record.event)) {
      Problem(AUDIT_PROBLEM_KIND_EVENT, country, record.target_id, record.onset,
              absl::StrCat(record.event_id, ": the stored bytes are no event"));
      continue;
    }
    if (!IsRowOf(record, event)) {
      Problem(AUDIT_PROBLEM_KIND_EVENT, country, record.target_id, record.onset,
              absl::StrCat(record.event_id, ": stored as another one than it says"));
    }
    own.targets.emplace(record.target_id, Target(window_length_));
    stored[record.target_id].push_back(std::move(event));
  }
  for (auto& [target_id, target] : own.targets) {
    if (!target.record_passed && target.record.has_value()) CompareTimeline(target_id, target);
    if (own.end.has_value() && target.first.has_value()) {
      StepTo(own.end->window_start, {}, target);
    }
    for (v1::Event& event : target.timeline.Ongoing()) target.events.push_back(std::move(event));
    CompareTarget(country, target_id, stored[target_id], behind, target);
  }
  return absl::OkStatus();
}

void EventAudit::CompareTarget(const std::string& country, const std::string& target_id,
                               const std::vector<v1::Event>& stored, bool behind,
                               const Target& target) {
  const auto other_rules = [&](size_t count) {
    report_.set_events_other_rules(report_.events_other_rules() + count);
  };
  if (target.begun_anew) return other_rules(stored.size());
  std::vector<v1::Event> told;
  for (const v1::Event& event : stored) {
    if (event.end() == v1::EVENT_END_WITHDRAWN) continue;
    if (target.first.has_value() && OnsetOf(event) >= *target.first) {
      told.push_back(ContentOf(event));
    } else {
      other_rules(1);
    }
  }
  report_.set_events_compared(report_.events_compared() + target.events.size());
  std::vector<v1::Event> wrong = Lacking(told, target.events);
  std::vector<v1::Event> missing = Lacking(target.events, told);
  if (behind) {
    report_.set_events_behind(report_.events_behind() + std::max(wrong.size(), missing.size()));
  }
  for (const v1::Event& event : wrong) {
    const auto by_cells = std::find_if(missing.begin(), missing.end(),
                                       [&](const auto& each) { return SameSubject(event, each); });
    std::string detail = absl::StrCat("stored ", ToJson(event, false), ", by the cells none");
    if (by_cells != missing.end()) {
      detail = absl::StrCat("stored -> by the cells: ", Difference(event, *by_cells));
      missing.erase(by_cells);
    }
    Problem(AUDIT_PROBLEM_KIND_EVENT, country, target_id, OnsetOf(event), std::move(detail),
            behind);
  }
  for (const v1::Event& event : missing) {
    Problem(AUDIT_PROBLEM_KIND_EVENT, country, target_id, OnsetOf(event),
            absl::StrCat("stored none, by the cells ", ToJson(event, false)), behind);
  }
}

void EventAudit::Problem(internal::v1::AuditProblemKind kind, const std::string& country,
                         const std::string& target_id, absl::Time start, std::string detail,
                         bool behind) {
  internal::v1::AuditProblem problem;
  problem.set_kind(kind);
  problem.set_window_start_ms(absl::ToUnixMillis(start));
  problem.set_country(country);
  problem.set_target_id(target_id);
  problem.set_detail(std::move(detail));
  if (behind) {
    AddUndecided(report_, std::move(problem));
  } else {
    AddProblem(report_, std::move(problem));
  }
}

}  // namespace sightline
