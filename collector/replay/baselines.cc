#include "collector/replay/baselines.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace sightline {
namespace {

// OONI's parameters; see OoniCusum.
constexpr double kReachableMean = 0.0;
constexpr double kBlockedMean = 0.7;
constexpr double kDrift = (kBlockedMean - kReachableMean) / 2;
constexpr double kDelayHours = 10;
constexpr double kThreshold = kDelayHours * kDrift;
constexpr absl::Duration kSilence = absl::Hours(24);
constexpr absl::Duration kHalfLife = absl::Hours(48);

// A region has asn 0, a network no region, a cell both.
using Series = Place;

// Series to whether it is open; series of which nothing is known are not there.
using Known = std::map<Series, bool>;

// The raw results of one target in one window, for every series.
std::map<Series, RawCount> CountSeries(const ReplayWindow& window, const std::string& target_id) {
  std::map<Series, RawCount> counts;
  const auto add = [&counts](Series series, const RawCount& more) {
    RawCount& count = counts[std::move(series)];
    count.open += more.open;
    count.decided += more.decided;
  };
  for (auto raw = window.raw.lower_bound({target_id, "", 0});
       raw != window.raw.end() && std::get<0>(raw->first) == target_id; ++raw) {
    if (raw->second.decided == 0) continue;
    const auto& [target, region, asn] = raw->first;
    add({region, 0}, raw->second);
    add({"", asn}, raw->second);
    add({region, asn}, raw->second);
  }
  return counts;
}

bool IsRegion(const Series& series) { return series.asn == 0; }
bool IsNetwork(const Series& series) { return series.region.empty(); }
bool IsCell(const Series& series) { return !IsRegion(series) && !IsNetwork(series); }

// How many of the series are known, and open.
RawCount CountOpen(const Known& known, bool (*of_kind)(const Series&)) {
  RawCount count;
  for (const auto& [series, open] : known) {
    if (!of_kind(series)) continue;
    ++count.decided;
    count.open += open ? 1 : 0;
  }
  return count;
}

bool IsMixed(const RawCount& count) { return count.open > 0 && count.open < count.decided; }

// Whether every cell is as the region (or the network) that it lies in.
bool CellsFollow(const Known& known, bool regions) {
  return std::all_of(known.begin(), known.end(), [&](const auto& entry) {
    const auto& [series, open] = entry;
    if (!IsCell(series)) return true;
    const auto whole = known.find(regions ? Series{series.region, 0} : Series{"", series.asn});
    return whole == known.end() || whole->second == open;
  });
}

// For whom it is open, by set logic on regions and networks; cells decide what these leave open.
std::optional<v1::Scope> ScopeOf(const Known& known) {
  const RawCount regions = CountOpen(known, IsRegion);
  const RawCount networks = CountOpen(known, IsNetwork);
  const RawCount cells = CountOpen(known, IsCell);
  if (regions.decided == 0) return std::nullopt;
  if (regions.open == 0 && networks.open == 0) {
    return cells.open == 1 ? v1::SCOPE_ISOLATED : v1::SCOPE_NOWHERE;
  }
  if (regions.open == regions.decided && networks.open == networks.decided) {
    return v1::SCOPE_WIDESPREAD;
  }
  if (cells.open == 1) return v1::SCOPE_ISOLATED;
  if (IsMixed(regions) && !IsMixed(networks)) return v1::SCOPE_LOCAL;
  if (!IsMixed(regions)) return v1::SCOPE_BY_NETWORK;
  if (CellsFollow(known, /*regions=*/true)) return v1::SCOPE_LOCAL;
  if (CellsFollow(known, /*regions=*/false)) return v1::SCOPE_BY_NETWORK;
  return v1::SCOPE_MIXED;
}

Said SayFrom(const Known& known) {
  Said said;
  said.scope = ScopeOf(known);
  said.likeliest = said.scope;
  for (const auto& [series, open] : known) {
    if (open && IsNetwork(series)) said.open_networks.insert(series.asn);
    if (open && IsCell(series) && said.scope == v1::SCOPE_ISOLATED) {
      said.open_regions.insert(series.region);
    }
    if (!IsRegion(series)) continue;
    (open ? said.open_regions : said.blocked_regions).insert(series.region);
    said.states[series.region].state = open ? v1::ACCESS_STATE_OPEN : v1::ACCESS_STATE_BLOCKED;
  }
  return said;
}

// Runs one method over a replay. `Method` keeps what it knows of one target between windows:
//   void Step(absl::Time start, const std::map<Series, RawCount>& counts, events);
//   const Known& known() const;
template <typename Method>
Statements Run(const Replay& replay) {
  Statements result;
  result.knows_partial = false;
  const std::set<std::string> targets = TargetsOf(replay);
  std::map<std::string, Method> methods;
  for (size_t i = 0; i < replay.windows.size(); ++i) {
    std::map<std::string, Said>& said = result.windows.emplace_back();
    for (const std::string& target : targets) {
      std::map<Series, v1::EventKind> events;
      Method& method = methods[target];
      method.Step(replay.windows[i].start, CountSeries(replay.windows[i], target), events);
      said[target] = SayFrom(method.known());
      for (const auto& [series, kind] : events) {
        if (IsCell(series)) continue;
        const int index = static_cast<int>(i);
        result.claims.push_back({target, series, kind, index, index});
      }
    }
  }
  return result;
}

class Majority {
 public:
  void Step(absl::Time /*start*/, const std::map<Series, RawCount>& counts,
            std::map<Series, v1::EventKind>& events) {
    known_.clear();
    for (const auto& [series, count] : counts) {
      const bool open = 2 * count.open > count.decided;
      known_[series] = open;
      const auto [last, is_first] = last_.try_emplace(series, open);
      if (is_first || last->second == open) continue;
      last->second = open;
      events[series] = open ? v1::EVENT_KIND_OPENING : v1::EVENT_KIND_CLOSING;
    }
  }
  const Known& known() const { return known_; }

 private:
  Known known_;
  Known last_;
};

// The median of results that are each open (0) or blocked (1).
double MedianBlocked(const RawCount& count) {
  if (2 * count.open == count.decided) return 0.5;
  return 2 * count.open > count.decided ? 0 : 1;
}

class Ooni {
 public:
  void Step(absl::Time start, const std::map<Series, RawCount>& counts,
            std::map<Series, v1::EventKind>& events) {
    for (const auto& [series, count] : counts) {
      OoniCusum& cusum = cusums_[series];
      const std::optional<v1::EventKind> event = cusum.Step(start, MedianBlocked(count));
      if (event.has_value()) events[series] = *event;
      if (cusum.state() == OoniCusum::State::kUnknown) continue;
      known_[series] = cusum.state() == OoniCusum::State::kReachable;
    }
  }
  const Known& known() const { return known_; }

 private:
  std::map<Series, OoniCusum> cusums_;
  Known known_;
};

}  // namespace

std::optional<v1::EventKind> OoniCusum::Step(absl::Time hour, double blocked) {
  if (last_.has_value() && hour - *last_ > kSilence) {
    const double decay = std::pow(0.5, absl::FDivDuration(hour - *last_, kHalfLife));
    toward_blocked_ *= decay;
    toward_reachable_ *= decay;
  }
  last_ = hour;
  toward_blocked_ = state_ == State::kBlocked
                        ? 0
                        : std::max(0.0, toward_blocked_ + (blocked - kReachableMean) - kDrift);
  toward_reachable_ = state_ == State::kReachable
                          ? 0
                          : std::max(0.0, toward_reachable_ - (blocked - kBlockedMean) - kDrift);
  const bool became_blocked = toward_blocked_ > kThreshold;
  if (!became_blocked && toward_reachable_ <= kThreshold) return std::nullopt;
  const bool was_unknown = state_ == State::kUnknown;
  state_ = became_blocked ? State::kBlocked : State::kReachable;
  toward_blocked_ = 0;
  toward_reachable_ = 0;
  if (was_unknown) return std::nullopt;
  return became_blocked ? v1::EVENT_KIND_CLOSING : v1::EVENT_KIND_OPENING;
}

Statements MajorityStatements(const Replay& replay) { return Run<Majority>(replay); }

Statements OoniStatements(const Replay& replay) { return Run<Ooni>(replay); }

}  // namespace sightline
