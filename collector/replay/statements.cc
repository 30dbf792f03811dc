#include "collector/replay/statements.h"

#include <algorithm>
#include <utility>

#include "common/message.h"

namespace sightline {
namespace {

bool IsStated(v1::Scope scope) {
  return scope != v1::SCOPE_UNSPECIFIED && scope != v1::SCOPE_UNDETERMINED;
}

Said ReadVerdict(const v1::TargetVerdict& verdict) {
  Said said;
  said.service_down = verdict.service_state() == v1::SERVICE_STATE_DOWN;
  if (IsStated(verdict.scope())) said.scope = verdict.scope();
  for (const v1::ScopePosterior& posterior : verdict.scope_posteriors()) {
    if (posterior.posterior() <= said.likeliest_probability) continue;
    said.likeliest = posterior.scope();
    said.likeliest_probability = posterior.posterior();
  }
  said.open_regions.insert(verdict.open_regions().begin(), verdict.open_regions().end());
  said.blocked_regions.insert(verdict.blocked_regions().begin(), verdict.blocked_regions().end());
  said.open_networks.insert(verdict.open_networks().begin(), verdict.open_networks().end());
  for (const v1::RegionAccess& region : verdict.regions()) {
    said.states[region.region()] = {region.access().state(), region.access().state_probability()};
  }
  return said;
}

// Index of the window in which `time` lies, or of the nearest one.
int WindowAt(const Replay& replay, absl::Time time) {
  const auto after =
      std::upper_bound(replay.windows.begin(), replay.windows.end(), time,
                       [](absl::Time t, const ReplayWindow& window) { return t < window.start; });
  return std::max(static_cast<int>(after - replay.windows.begin()) - 1, 0);
}

// Index of the window that ends at `time`, or of the nearest one.
int WindowEndingAt(const Replay& replay, absl::Time time) {
  return WindowAt(replay, time - absl::Nanoseconds(1));
}

v1::EventKind Opposite(v1::EventKind kind) {
  return kind == v1::EVENT_KIND_OPENING ? v1::EVENT_KIND_CLOSING : v1::EVENT_KIND_OPENING;
}

// When readers heard of an event: indices of windows.
struct Published {
  int first = 0;
  // Last window that listed it as going on.
  int last = 0;
};

// Event to when it was published.
std::map<std::string, Published> FindPublished(const Replay& replay) {
  std::map<std::string, Published> result;
  for (size_t i = 0; i < replay.windows.size(); ++i) {
    const int index = static_cast<int>(i);
    for (const v1::TargetVerdict& verdict : replay.windows[i].summary.verdicts()) {
      for (const v1::Event& event : verdict.events()) {
        const auto published = result.try_emplace(event.event_id(), Published{index, index}).first;
        if (event.end() == v1::EVENT_END_ONGOING) published->second.last = index;
      }
    }
  }
  return result;
}

void AddClaims(const Replay& replay, const v1::Event& event, std::optional<Published> published,
               std::vector<Claim>& claims) {
  Claim claim{event.target_id(),
              Place{event.region(), event.asn()},
              event.kind(),
              WindowAt(replay, FromProto(event.onset_time())),
              WindowEndingAt(replay, FromProto(event.detect_time())),
              published.has_value()};
  if (published.has_value()) claim.detect = published->first;
  claims.push_back(claim);
  if (event.end() != v1::EVENT_END_REVERSED) return;
  claim.kind = Opposite(event.kind());
  claim.onset = WindowAt(replay, FromProto(event.end_time()));
  claim.detect = published.has_value() ? published->last + 1 : claim.onset;
  // What would be said after the last window was not said.
  if (claim.detect < static_cast<int>(replay.windows.size())) claims.push_back(std::move(claim));
}

}  // namespace

Statements SightlineStatements(const Replay& replay) {
  Statements result;
  for (const ReplayWindow& window : replay.windows) {
    std::map<std::string, Said>& said = result.windows.emplace_back();
    for (const v1::TargetVerdict& verdict : window.summary.verdicts()) {
      said[verdict.target_id()] = ReadVerdict(verdict);
    }
  }
  if (replay.windows.empty()) return result;
  const std::map<std::string, Published> all_published = FindPublished(replay);
  for (const v1::Event& event : replay.events) {
    const auto published = all_published.find(event.event_id());
    AddClaims(replay, event,
              published == all_published.end() ? std::nullopt : std::optional(published->second),
              result.claims);
  }
  std::stable_sort(result.claims.begin(), result.claims.end(),
                   [](const Claim& a, const Claim& b) { return a.detect < b.detect; });
  return result;
}

std::set<std::string> TargetsOf(const Replay& replay) {
  std::set<std::string> targets;
  for (const ReplayWindow& window : replay.windows) {
    for (const v1::TargetVerdict& verdict : window.summary.verdicts()) {
      targets.insert(verdict.target_id());
    }
  }
  return targets;
}

absl::Duration WindowLengthOf(const Replay& replay) {
  const absl::Duration length = replay.windows.empty()
                                    ? absl::ZeroDuration()
                                    : FromProto(replay.windows.front().summary.window_length());
  return length > absl::ZeroDuration() ? length : absl::Hours(1);
}

}  // namespace sightline
