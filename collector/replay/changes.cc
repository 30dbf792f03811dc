#include "collector/replay/changes.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace sightline {
namespace {

// A change of a share that is smaller than this is no change at all.
constexpr double kSame = 1e-9;
// The least change of a share that may be reported as an event: ratio.
constexpr double kChangeMin = 0.2;
constexpr absl::Duration kRampGap = absl::Hours(24);

// A share per window.
using Shares = std::vector<double>;

// What is not known is as it was before, or, in the beginning, as it became first.
Shares Carry(const std::vector<std::optional<double>>& known) {
  const auto first =
      std::find_if(known.begin(), known.end(), [](const auto& share) { return share.has_value(); });
  double held = first == known.end() ? 0 : **first;
  Shares shares;
  for (const std::optional<double>& share : known) {
    held = share.value_or(held);
    shares.push_back(held);
  }
  return shares;
}

std::map<std::string, Shares> RegionShares(const std::vector<Truth>& windows) {
  std::map<std::string, Shares> result;
  for (const Truth& truth : windows) {
    for (const auto& [region, rate] : truth.rate) result[region];
  }
  for (auto& [region, shares] : result) {
    std::vector<std::optional<double>> known;
    for (const Truth& truth : windows) {
      const auto rate = truth.rate.find(region);
      const bool is_known = rate != truth.rate.end() && !truth.service_down;
      known.push_back(is_known ? std::optional(rate->second) : std::nullopt);
    }
    shares = Carry(known);
  }
  return result;
}

std::map<uint32_t, Shares> NetworkShares(const std::vector<Truth>& windows) {
  std::map<uint32_t, Shares> result;
  for (const Truth& truth : windows) {
    for (const uint32_t asn : truth.open_networks) result[asn];
  }
  for (auto& [asn, shares] : result) {
    std::vector<std::optional<double>> known;
    for (const Truth& truth : windows) {
      const bool is_open = truth.open_networks.contains(asn) || truth.scope == v1::SCOPE_WIDESPREAD;
      known.push_back(truth.service_down ? std::nullopt : std::optional(is_open ? 1.0 : 0.0));
    }
    shares = Carry(known);
  }
  return result;
}

// The scope at or before a window, without the windows in which the service is down.
v1::Scope ScopeAt(const std::vector<Truth>& windows, int index) {
  while (index > 0 && windows[static_cast<size_t>(index)].service_down) --index;
  return windows[static_cast<size_t>(index)].scope;
}

// Whether the scenario gives too little evidence for any statement.
bool CannotTell(const Truth& truth) {
  return truth.scope == v1::SCOPE_UNDETERMINED && !truth.service_down;
}

bool IsByNetwork(const std::vector<Truth>& windows, const Movement& movement) {
  // What is open tells: after an opening, before a closing.
  const int index = movement.kind == v1::EVENT_KIND_OPENING ? movement.end : movement.start - 1;
  return ScopeAt(windows, std::max(index, 0)) == v1::SCOPE_BY_NETWORK;
}

// The changes of one place.
void AddMovements(const Place& place, const Shares& shares, int ramp_gap_windows,
                  std::vector<Movement>& movements) {
  std::optional<Movement> open;
  double from = 0;
  const auto close = [&] {
    if (open.has_value() &&
        std::abs(shares[static_cast<size_t>(open->end)] - from) >= kChangeMin - kSame) {
      movements.push_back(*open);
    }
    open.reset();
  };
  for (size_t i = 1; i < shares.size(); ++i) {
    const double step = shares[i] - shares[i - 1];
    if (std::abs(step) < kSame) continue;
    const v1::EventKind kind = step > 0 ? v1::EVENT_KIND_OPENING : v1::EVENT_KIND_CLOSING;
    const int index = static_cast<int>(i);
    if (open.has_value() && (open->kind != kind || index - open->end > ramp_gap_windows)) close();
    if (!open.has_value()) {
      open = Movement{place, kind, index, index, std::nullopt};
      from = shares[i - 1];
    }
    open->end = index;
    const bool was_reachable = shares[i - 1] >= kReachableMin;
    if (was_reachable != (shares[i] >= kReachableMin)) open->due = index;
  }
  close();
}

std::vector<Movement> FindMovements(const std::vector<Truth>& windows, int ramp_gap_windows) {
  std::vector<Movement> movements;
  for (const auto& [asn, shares] : NetworkShares(windows)) {
    AddMovements(Place{"", asn}, shares, ramp_gap_windows, movements);
  }
  for (const auto& [region, shares] : RegionShares(windows)) {
    AddMovements(Place{region, 0}, shares, ramp_gap_windows, movements);
  }
  for (Movement& movement : movements) {
    if ((movement.place.asn != 0) != IsByNetwork(windows, movement)) movement.due.reset();
    if (movement.due.has_value() && CannotTell(windows[static_cast<size_t>(*movement.due)])) {
      movement.due.reset();
    }
  }
  return movements;
}

std::vector<bool> FindJudged(const std::vector<Truth>& windows,
                             const std::vector<Movement>& movements) {
  std::set<int> changes;
  for (size_t i = 1; i < windows.size(); ++i) {
    const Truth& before = windows[i - 1];
    const Truth& now = windows[i];
    if (before.scope != now.scope || before.service_down != now.service_down ||
        before.open_regions != now.open_regions || before.open_networks != now.open_networks) {
      changes.insert(static_cast<int>(i));
    }
  }
  std::vector<bool> judged(windows.size(), true);
  for (const Movement& movement : movements) {
    if (movement.start == movement.end) changes.insert(movement.start);
    if (movement.place.asn != 0) continue;
    for (int i = movement.start; i <= movement.end && movement.start < movement.end; ++i) {
      const std::map<std::string, double>& rates = windows[static_cast<size_t>(i)].rate;
      const auto rate = rates.find(movement.place.region);
      if (rate != rates.end() && !HasWord(rate->second)) {
        judged[static_cast<size_t>(i)] = false;
      }
    }
  }
  for (const int change : changes) {
    for (int i = change; i < change + kGraceWindows && i < static_cast<int>(judged.size()); ++i) {
      judged[static_cast<size_t>(i)] = false;
    }
  }
  return judged;
}

}  // namespace

TargetTruth FollowTruth(const Replay& replay, const std::string& target_id,
                        const TruthOf& truth_of) {
  TargetTruth result;
  for (const ReplayWindow& window : replay.windows) {
    result.windows.push_back(truth_of(target_id, window.start));
  }
  const int ramp_gap_windows =
      std::max(static_cast<int>(absl::FDivDuration(kRampGap, WindowLengthOf(replay))), 1);
  result.movements = FindMovements(result.windows, ramp_gap_windows);
  result.judged = FindJudged(result.windows, result.movements);
  return result;
}

bool HasWord(double rate) { return rate <= kBlockedMax + kSame || rate >= kReachableMin - kSame; }

bool IsWord(v1::AccessState state) {
  return state == v1::ACCESS_STATE_BLOCKED || state == v1::ACCESS_STATE_PARTIAL ||
         state == v1::ACCESS_STATE_OPEN;
}

bool IsRightState(v1::AccessState state, double rate, bool knows_partial) {
  switch (state) {
    case v1::ACCESS_STATE_BLOCKED:
      return rate <= kBlockedMax + kSame;
    case v1::ACCESS_STATE_PARTIAL:
      return rate >= kReachableMin - kSame && rate <= kSomeMax + kSame;
    case v1::ACCESS_STATE_OPEN:
      return rate >= (knows_partial ? kOpenMin : kReachableMin) - kSame;
    default:
      return false;
  }
}

}  // namespace sightline
