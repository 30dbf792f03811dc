#include "collector/changes.h"

#include <algorithm>
#include <map>
#include <set>

#include "collector/change_text.h"
#include "common/message.h"

namespace sightline {
namespace {

using internal::v1::StatedRegion;
using internal::v1::Statement;

bool IsOpen(v1::AccessState state) {
  return state == v1::ACCESS_STATE_OPEN || state == v1::ACCESS_STATE_PARTIAL;
}

// What is known of a region that is in `state`, when `before` was known of it.
v1::AccessState KnownState(v1::AccessState state, v1::AccessState before) {
  if (IsOpen(state)) return v1::ACCESS_STATE_OPEN;
  return state == v1::ACCESS_STATE_BLOCKED ? state : before;
}

std::map<std::string, StatedRegion> ByCode(const Statement* statement) {
  std::map<std::string, StatedRegion> regions;
  if (statement == nullptr) return regions;
  for (const StatedRegion& each : statement->regions()) regions.emplace(each.region(), each);
  return regions;
}

bool LastsLong(const v1::Event& event) {
  return event.duration() == v1::EVENT_DURATION_SUSTAINED ||
         event.duration() == v1::EVENT_DURATION_LONG_RUN;
}

bool BecameLasting(const EventStep& step) {
  if (step.now.end() != v1::EVENT_END_ONGOING || !LastsLong(step.now)) return false;
  return !step.before.has_value() || step.before->duration() < step.now.duration();
}

bool BeganOrEnded(const EventStep& step) {
  return !step.before.has_value() || step.before->end() != step.now.end();
}

// Places that opened and closed, by what is known of them before and now.
void AddPlaceKinds(const std::map<std::string, StatedRegion>& before, const Statement& now,
                   v1::Change& change, std::set<v1::ChangeKind>& kinds) {
  bool was_open = false;
  bool is_open = false;
  for (const StatedRegion& region : now.regions()) {
    const auto found = before.find(region.region());
    const v1::AccessState known =
        found == before.end() ? v1::ACCESS_STATE_UNSPECIFIED : found->second.known_state();
    was_open |= known == v1::ACCESS_STATE_OPEN;
    is_open |= region.known_state() == v1::ACCESS_STATE_OPEN;
    if (known == v1::ACCESS_STATE_BLOCKED && region.known_state() == v1::ACCESS_STATE_OPEN) {
      change.add_opened_regions(region.region());
    }
    if (known == v1::ACCESS_STATE_OPEN && region.known_state() == v1::ACCESS_STATE_BLOCKED) {
      change.add_closed_regions(region.region());
    }
  }
  const bool opened = !change.opened_regions().empty();
  const bool closed = !change.closed_regions().empty();
  if (opened) kinds.insert(was_open ? v1::CHANGE_KIND_WIDENED : v1::CHANGE_KIND_OPENED);
  if (closed) kinds.insert(is_open ? v1::CHANGE_KIND_NARROWED : v1::CHANGE_KIND_CLOSED);
}

// Adds the regions with another state; whether one of them came to contradict itself.
bool AddRegions(const std::map<std::string, StatedRegion>& before, const Statement& now,
                v1::Change& change) {
  bool disputed = false;
  for (const StatedRegion& region : now.regions()) {
    const auto found = before.find(region.region());
    const v1::AccessState was =
        found == before.end() ? v1::ACCESS_STATE_UNSPECIFIED : found->second.state();
    if (was == region.state()) continue;
    v1::RegionChange& entry = *change.add_regions();
    entry.set_region(region.region());
    entry.set_state(region.state());
    entry.set_previous_state(was);
    disputed |= region.state() == v1::ACCESS_STATE_DISPUTED;
  }
  return disputed;
}

// What `change` says of the whole; whether any of it is different.
bool AddWhole(const Statement* before, const Statement& now, v1::Change& change) {
  change.set_scope(now.scope());
  change.set_service_state(now.service_state());
  *change.mutable_window_start_time() = now.window_start_time();
  for (const StatedRegion& region : now.regions()) {
    if (IsOpen(region.state())) change.add_open_regions(region.region());
  }
  *change.mutable_open_networks() = now.open_networks();
  if (before == nullptr) return true;
  change.set_previous_scope(before->scope());
  change.set_previous_service_state(before->service_state());
  return before->scope() != now.scope() || before->service_state() != now.service_state() ||
         !std::equal(before->open_networks().begin(), before->open_networks().end(),
                     now.open_networks().begin(), now.open_networks().end());
}

void Finish(const v1::TargetVerdict& verdict, const std::set<v1::ChangeKind>& kinds,
            v1::Change& change) {
  change.set_target_id(verdict.target_id());
  change.set_display_name(verdict.display_name());
  for (const v1::ChangeKind kind : kinds) change.add_kinds(kind);
  change.set_text(ChangeText(change, [&](const std::string& code) {
    for (const v1::RegionAccess& region : verdict.regions()) {
      if (region.region() == code && !region.display_name().empty()) return region.display_name();
    }
    return code;
  }));
}

}  // namespace

Statement StatementOf(const v1::TargetVerdict& verdict, absl::Time window_start,
                      const Statement* before) {
  const std::map<std::string, StatedRegion> known = ByCode(before);
  Statement statement;
  *statement.mutable_window_start_time() = ToProto(window_start);
  statement.set_scope(verdict.scope());
  statement.set_service_state(verdict.service_state());
  *statement.mutable_open_networks() = verdict.open_networks();
  for (const v1::RegionAccess& each : verdict.regions()) {
    const auto found = known.find(each.region());
    StatedRegion& region = *statement.add_regions();
    region.set_region(each.region());
    region.set_state(each.access().state());
    region.set_known_state(KnownState(each.access().state(), found == known.end()
                                                                 ? v1::ACCESS_STATE_UNSPECIFIED
                                                                 : found->second.known_state()));
  }
  return statement;
}

bool IsTold(const EventStep& step) { return BeganOrEnded(step) || BecameLasting(step); }

std::optional<v1::Change> ChangeBetween(const Statement* before, const Statement& now,
                                        const v1::TargetVerdict& verdict,
                                        const std::vector<EventStep>& steps) {
  const std::map<std::string, StatedRegion> regions = ByCode(before);
  v1::Change change;
  bool is_other = AddWhole(before, now, change);
  std::set<v1::ChangeKind> kinds;
  AddPlaceKinds(regions, now, change, kinds);
  if (AddRegions(regions, now, change)) kinds.insert(v1::CHANGE_KIND_DISPUTED);
  is_other |= !change.regions().empty();
  if (before != nullptr && before->service_state() != now.service_state() &&
      (before->service_state() == v1::SERVICE_STATE_DOWN ||
       now.service_state() == v1::SERVICE_STATE_DOWN)) {
    kinds.insert(v1::CHANGE_KIND_SERVICE);
  }
  for (const EventStep& step : steps) {
    if (BecameLasting(step)) kinds.insert(v1::CHANGE_KIND_SUSTAINED);
    if (BeganOrEnded(step)) kinds.insert(v1::CHANGE_KIND_EVENT);
    *change.add_events() = step.now;
  }
  if (kinds.empty() && !is_other) return std::nullopt;
  if (kinds.empty()) kinds.insert(v1::CHANGE_KIND_OTHER);
  Finish(verdict, kinds, change);
  return change;
}

std::optional<v1::Change> CorrectionOf(const v1::TargetVerdict* before,
                                       const v1::TargetVerdict& verdict, absl::Time window_start) {
  std::optional<Statement> was;
  if (before != nullptr) was = StatementOf(*before, window_start, nullptr);
  const Statement* was_said = was.has_value() ? &*was : nullptr;
  const Statement now = StatementOf(verdict, window_start, nullptr);
  v1::Change change;
  const bool differs = AddWhole(was_said, now, change);
  AddRegions(ByCode(was_said), now, change);
  if (!differs && change.regions().empty()) return std::nullopt;
  Finish(verdict, {v1::CHANGE_KIND_CORRECTED}, change);
  return change;
}

}  // namespace sightline
