#include "collector/audit_events.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/audit_difference.h"
#include "collector/audit_event_row.h"
#include "collector/audit_report.h"
#include "collector/verdict/cells.h"
#include "collector/verdict/verdict.h"
#include "common/message.h"
#include "sightline/internal/v1/fold.pb.h"
#include "sightline/internal/v1/history.pb.h"

namespace sightline {
namespace {

using internal::v1::AUDIT_PROBLEM_KIND_CELLS;
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
    if (!internal::v1::Timeline().ParseFromString(record.timeline)) {
      Problem(AUDIT_PROBLEM_KIND_TIMELINE, country, record.target_id, record.window_start,
              "the stored bytes are no history");
    }
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
  Target& target = country.targets.emplace(row.target_id, Target(window_length_)).first->second;
  target.has_rows = true;
  const bool other_rules = absl::string_view(row.ruleset_version) != kRulesetVersion ||
                           row.window_length != window_length_;
  if (other_rules || row.cells.empty()) target.has_other_rows = true;
  if (!country.end.has_value() || row.window_start > country.end->window_start) {
    report_.set_verdicts_untold(report_.verdicts_untold() + 1);
    return;
  }
  if (row.cells.empty()) return;
  if (other_rules) {
    target.begun_anew = target.begun_anew || target.first.has_value();
    return;
  }
  if (!target.first.has_value()) target.first = row.window_start;
  if (!target.record_passed && row.window_start > target.record->window_start) {
    CompareTimeline(row.target_id, target);
  }
  internal::v1::Cells cells;
  if (!cells.ParseFromString(row.cells) || !ArePlausible(cells)) {
    Problem(AUDIT_PROBLEM_KIND_CELLS, row.country, row.target_id, row.window_start,
            "no log gives these cells; events are told as if nobody had reported");
    cells.Clear();
  }
  StepTo(row.window_start, cells, target);
}

void EventAudit::StepTo(absl::Time start, const internal::v1::Cells& cells, Target& target) {
  const std::optional<absl::Time> last = target.timeline.last();
  if (exhausted_ || (last.has_value() && start <= *last)) return;
  if (last.has_value()) {
    const double silent = std::min(start - *last, Timeline::kSilenceMax) / window_length_ *
                          static_cast<double>(target.timeline.series());
    exhausted_ = silent > static_cast<double>(silence_left_);
    if (exhausted_) return;
    silence_left_ -= static_cast<uint64_t>(silent);
  }
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
  const auto end = ReadEnd(country);
  if (!end.ok()) return end.status();
  internal::v1::HistoryEnd history;
  const bool told = own.end.has_value() && history.ParseFromString(own.end->timeline);
  // A collector that writes meanwhile is ahead of the rows that were read.
  const bool behind = !told || history.behind() || !end->has_value() ||
                      (*end)->timeline != own.end->timeline ||
                      (*end)->window_start != own.end->window_start;
  auto stored = ReadStored(country);
  if (!stored.ok()) return stored.status();
  for (const auto& [target_id, events] : *stored) {
    own.targets.emplace(target_id, Target(window_length_));
  }
  for (auto& [target_id, target] : own.targets) {
    if (!target.record_passed && target.record.has_value()) CompareTimeline(target_id, target);
    if (own.end.has_value() && target.first.has_value()) {
      StepTo(own.end->window_start, {}, target);
    }
    for (v1::Event& event : target.timeline.Ongoing()) target.events.push_back(std::move(event));
    if (exhausted_) break;
    if (target.first.has_value() && !target.record.has_value()) {
      Problem(AUDIT_PROBLEM_KIND_TIMELINE, country, target_id, *target.first,
              "there is no history, though there are cells and events were told", behind);
    }
    if (target.first.has_value() && target.record.has_value() && target.record->timeline.empty() &&
        target.record->window_start >= *target.first) {
      Problem(AUDIT_PROBLEM_KIND_TIMELINE, country, target_id, target.record->window_start,
              "the history is said to begin after it, and there are cells of before", behind);
    }
    CompareTarget(country, target_id, (*stored)[target_id], behind, target);
  }
  if (!exhausted_) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      country, ": there are too many silent windows between verdicts to follow its events"));
}

// By target, those whose bytes are events.
absl::StatusOr<std::map<std::string, std::vector<v1::Event>>> EventAudit::ReadStored(
    const std::string& country) {
  const auto records = store_.ReadEvents(country, absl::InfinitePast(), absl::InfiniteFuture());
  if (!records.ok()) return records.status();
  std::map<std::string, std::vector<v1::Event>> stored;
  for (const EventRecord& record : *records) {
    EventFindings findings = CheckEventRow(record);
    if (!findings.wrong.empty()) {
      Problem(AUDIT_PROBLEM_KIND_EVENT, country, record.target_id, record.onset,
              std::move(findings.wrong));
    }
    if (!findings.event.has_value()) continue;
    const std::string target_id = findings.event->target_id();
    stored[target_id].push_back(*std::move(findings.event));
  }
  return stored;
}

// What the cells must come to. The rest is counted, or wrong.
std::vector<v1::Event> EventAudit::TakeComparable(const std::string& country,
                                                  const std::string& target_id,
                                                  const std::vector<v1::Event>& stored, bool behind,
                                                  const Target& target) {
  std::vector<v1::Event> comparable;
  for (const v1::Event& event : stored) {
    if (event.end() == v1::EVENT_END_WITHDRAWN) {
      report_.set_events_withdrawn(report_.events_withdrawn() + 1);
      continue;
    }
    if (event.amendments_size() > 0) report_.set_events_amended(report_.events_amended() + 1);
    if (target.first.has_value() && !target.begun_anew && OnsetOf(event) >= *target.first) {
      comparable.push_back(ContentOf(event));
    } else if (target.begun_anew || target.has_other_rows) {
      report_.set_events_other_rules(report_.events_other_rules() + 1);
    } else {
      const bool undecided = behind && target.has_rows;
      if (undecided) report_.set_events_behind(report_.events_behind() + 1);
      Problem(
          AUDIT_PROBLEM_KIND_EVENT, country, target_id, OnsetOf(event),
          absl::StrCat("there are no cells that it could come from: stored ", ToJson(event, false)),
          undecided);
    }
  }
  return comparable;
}

void EventAudit::CompareTarget(const std::string& country, const std::string& target_id,
                               const std::vector<v1::Event>& stored, bool behind,
                               const Target& target) {
  const std::vector<v1::Event> told = TakeComparable(country, target_id, stored, behind, target);
  if (target.begun_anew) return;
  report_.set_events_compared(report_.events_compared() + target.events.size());
  const std::vector<v1::Event> wrong = Lacking(told, target.events);
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
