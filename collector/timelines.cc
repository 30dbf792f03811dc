#include "collector/timelines.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/log.h"
#include "collector/told_events.h"
#include "collector/verdict/verdict.h"
#include "common/message.h"
#include "sightline/internal/v1/history.pb.h"

namespace sightline {
namespace {

// Windows whose cells are read at a time.
constexpr int kPageWindows = 16;
// Names of events are not given again for so long after they ended.
constexpr absl::Duration kNamesKept = absl::Hours(72);

absl::Time OnsetOf(const v1::Event& event) { return FromProto(event.onset_time()); }

absl::Time EndOf(const v1::Event& event) {
  return event.has_end_time() ? FromProto(event.end_time()) : absl::InfiniteFuture();
}

void Warn(absl::string_view country, absl::string_view target_id, const absl::Status& status) {
  Log(LogLevel::kWarn, "fold", "history_begins_anew",
      {{"country", country}, {"target", target_id}, {"detail", status.ToString()}});
}

// Whether `event` is one of those that go on in `base`.
bool GoesOnIn(const Timeline& base, const v1::Event& event) {
  const std::vector<v1::Event> ongoing = base.Ongoing();
  return std::any_of(ongoing.begin(), ongoing.end(), [&](const v1::Event& each) {
    return each.region() == event.region() && each.asn() == event.asn() &&
           each.kind() == event.kind() && EndOf(event) > OnsetOf(each);
  });
}

std::string EndBytes(const LogPositions& positions, bool behind) {
  internal::v1::HistoryEnd end;
  end.set_behind(behind);
  for (const auto& [node, node_seq] : positions) {
    internal::v1::HistoryPosition& position = *end.add_positions();
    position.set_node(node);
    position.set_node_seq(node_seq);
  }
  return end.SerializeAsString();
}

}  // namespace

absl::Status Timelines::Load(const std::string& country, absl::FunctionRef<void()> between) {
  if (countries_.contains(country)) return absl::OkStatus();
  Country loaded;
  absl::Status status = LoadTimelines(country, loaded);
  if (status.ok()) status = LoadCells(country, loaded, between);
  if (status.ok()) status = LoadEvents(country, loaded);
  if (!status.ok()) return status;
  countries_.emplace(country, std::move(loaded));
  return absl::OkStatus();
}

absl::Status Timelines::LoadTimelines(const std::string& name, Country& country) {
  const absl::StatusOr<std::vector<TimelineRecord>> records = store_.ReadTimelines(name);
  if (!records.ok()) return records.status();
  for (const TimelineRecord& record : *records) {
    if (record.target_id.empty()) {
      country.told_until = record.window_start;
      internal::v1::HistoryEnd end;
      if (!end.ParseFromString(record.timeline)) continue;
      for (const internal::v1::HistoryPosition& position : end.positions()) {
        uint64_t& told = told_positions_[position.node()];
        told = std::max(told, position.node_seq());
      }
      continue;
    }
    Target target{Timeline(window_length_)};
    target.recorded = record.window_start;
    target.goes_on = target.check = true;
    if (!record.timeline.empty()) {
      const absl::StatusOr<Timeline> base = Timeline::Parse(record.timeline, window_length_);
      if (base.ok()) {
        target.track = Track(*base);
      } else {
        Warn(name, record.target_id, base.status());
        target.goes_on = false;
      }
    }
    country.targets.emplace(record.target_id, std::move(target));
  }
  return absl::OkStatus();
}

absl::Status Timelines::LoadCells(const std::string& name, Country& country,
                                  absl::FunctionRef<void()> between) {
  const absl::StatusOr<std::optional<absl::Time>> newest = store_.NewestVerdict(name);
  if (!newest.ok()) return newest.status();
  if (!newest->has_value()) return absl::OkStatus();
  absl::Time from = absl::InfiniteFuture();
  for (const auto& [target_id, target] : country.targets) {
    from = std::min(from, *target.recorded + window_length_);
  }
  const absl::Duration page = window_length_ * kPageWindows;
  for (; from <= **newest; from += page) {
    between();
    const absl::StatusOr<std::vector<VerdictRecord>> rows =
        store_.ReadCells(name, from, from + page);
    // They are made again from the log.
    if (absl::IsDataLoss(rows.status())) continue;
    if (!rows.ok()) return rows.status();
    for (const VerdictRecord& row : *rows) {
      if (absl::string_view(row.ruleset_version) != kRulesetVersion ||
          row.window_length != window_length_ || row.cells.empty()) {
        continue;
      }
      TargetOf(country, row.target_id).track.Put(row.window_start, row.cells);
    }
  }
  return absl::OkStatus();
}

absl::Status Timelines::LoadEvents(const std::string& name, Country& country) {
  absl::Time from = absl::InfiniteFuture();
  for (const auto& [target_id, target] : country.targets) {
    if (target.recorded.has_value()) from = std::min(from, *target.recorded);
    for (const v1::Event& event : target.track.base().Ongoing()) {
      from = std::min(from, OnsetOf(event));
    }
  }
  const absl::StatusOr<std::vector<EventRecord>> records =
      store_.ReadEvents(name, from - kNamesKept, absl::InfiniteFuture());
  if (!records.ok()) return records.status();
  for (const EventRecord& record : *records) {
    v1::Event event;
    if (!event.ParseFromString(record.event)) {
      Warn(name, record.target_id, absl::DataLossError("a stored event cannot be read"));
      continue;
    }
    TargetOf(country, record.target_id).told.push_back(std::move(event));
  }
  for (auto& [target_id, target] : country.targets) Settle(target);
  return absl::OkStatus();
}

Timelines::Target& Timelines::TargetOf(Country& country, const std::string& target_id) {
  const auto found = country.targets.find(target_id);
  if (found != country.targets.end()) return found->second;
  return country.targets.emplace(target_id, Target{Timeline(window_length_)}).first->second;
}

void Timelines::Put(absl::Span<const VerdictRecord> rows) {
  for (const VerdictRecord& row : rows) {
    const auto loaded = countries_.find(row.country);
    if (loaded == countries_.end()) continue;
    Country& country = loaded->second;
    if (row.cells.empty() && !country.targets.contains(row.target_id)) continue;
    Target& target = TargetOf(country, row.target_id);
    if (!target.track.Put(row.window_start, row.cells)) continue;
    target.changed = std::min(target.changed.value_or(row.window_start), row.window_start);
  }
}

// What ended before the base, and what was told of it, does not change any more.
void Timelines::Settle(Target& target) const {
  const std::optional<absl::Time> last = target.track.base().last();
  if (!last.has_value()) return;
  const auto changes = [&](const v1::Event& event) {
    return FromProto(event.detect_time()) > *last + window_length_ ||
           GoesOnIn(target.track.base(), event);
  };
  const auto first = std::stable_partition(target.told.begin(), target.told.end(), changes);
  target.settled.insert(target.settled.end(), std::make_move_iterator(first),
                        std::make_move_iterator(target.told.end()));
  target.told.erase(first, target.told.end());
  std::erase_if(target.settled,
                [&](const v1::Event& event) { return EndOf(event) < *last - kNamesKept; });
}

Timelines::Rows Timelines::Advance(const Point& point) {
  Rows rows;
  next_positions_ = point.positions;
  for (auto& [name, country] : countries_) {
    country.next_until = std::max(country.told_until.value_or(point.until), point.until);
    for (auto& [target_id, target] : country.targets) {
      AdvanceTarget(name, target_id, country, point, target, rows);
    }
    rows.timelines.push_back({"", name, *country.next_until, EndBytes(point.positions, false)});
  }
  return rows;
}

void Timelines::AdvanceTarget(const std::string& country_code, const std::string& target_id,
                              const Country& country, const Point& point, Target& target,
                              Rows& rows) const {
  const std::optional<absl::Time> last = target.track.base().last();
  const bool is_final = point.final_until.has_value() && last.has_value() &&
                        *last >= std::min(*point.final_until, *country.next_until);
  target.advanced = target.check || target.changed.has_value() || !is_final ||
                    country.told_until != country.next_until;
  if (!target.advanced) return;
  const bool past_changed =
      country.told_until.has_value() &&
      (target.check || (target.changed.has_value() && *target.changed <= *country.told_until));
  Retelling retelling;
  if (past_changed) retelling.then = target.track.At(*country.told_until).Events();
  if (country.told_until.has_value()) {
    retelling.told_until = *country.told_until + window_length_;
  }
  retelling.target_id = target_id;
  retelling.country = country_code;
  retelling.told = target.told;
  for (const v1::Event& event : target.settled) retelling.names_taken.insert(event.event_id());
  retelling.now = target.track.At(*country.next_until).Events();
  retelling.goes_on = target.goes_on;
  if (!last.has_value()) {
    retelling.begin = target.track.first().value_or(*country.next_until + window_length_);
  }
  retelling.changed_window = target.changed;
  retelling.amend_time = point.read_until;
  target.next_told = Retell(retelling);
  std::map<std::string, const v1::Event*> told;
  for (const v1::Event& event : target.told) told.emplace(event.event_id(), &event);
  for (const v1::Event& event : target.next_told) {
    const auto before = told.find(event.event_id());
    if (before != told.end() && before->second->SerializeAsString() == event.SerializeAsString()) {
      continue;
    }
    rows.events.push_back(ToRecord(event));
    EventStep& step = rows.steps.emplace_back();
    if (before != told.end()) step.before = *before->second;
    step.now = event;
  }
  target.next_base.reset();
  target.next_recorded.reset();
  if (is_final || !AdvanceBase(point, *country.next_until, target)) return;
  rows.timelines.push_back(
      {target_id, country_code, *target.next_recorded,
       target.next_base.has_value() ? target.next_base->timeline.Serialize() : ""});
}

// Whether there is a timeline to be written.
bool Timelines::AdvanceBase(const Point& point, absl::Time until, Target& target) const {
  if (point.final_until.has_value()) {
    target.next_recorded = std::min(*point.final_until, until);
    target.next_base = target.track.At(*target.next_recorded);
    return true;
  }
  const std::optional<absl::Time> first = target.track.first();
  if (target.track.base().last().has_value() || !first.has_value()) return false;
  // A history that begins: whoever goes on with it must know from where on to read.
  const absl::Time before = *first - window_length_;
  if (target.goes_on && target.recorded.has_value() && *target.recorded <= before) return false;
  target.next_recorded = before;
  return true;
}

std::vector<TimelineRecord> Timelines::Behind() const {
  std::vector<TimelineRecord> rows;
  for (const auto& [name, country] : countries_) {
    if (!country.told_until.has_value()) continue;
    rows.push_back({"", name, *country.told_until, EndBytes(told_positions_, true)});
  }
  return rows;
}

void Timelines::Commit() {
  told_positions_ = next_positions_;
  for (auto& [name, country] : countries_) {
    if (country.next_until.has_value()) country.told_until = country.next_until;
    country.next_until.reset();
    for (auto& [target_id, target] : country.targets) {
      if (!std::exchange(target.advanced, false)) continue;
      target.told = std::move(target.next_told);
      target.changed.reset();
      target.goes_on = true;
      target.check = false;
      if (target.next_recorded.has_value()) target.recorded = target.next_recorded;
      if (!target.next_base.has_value()) continue;
      target.track.MoveBase(*target.next_base);
      target.next_base.reset();
      Settle(target);
    }
  }
}

}  // namespace sightline
