#include "collector/verdict/fold.h"

#include <algorithm>
#include <utility>

namespace sightline {
namespace {

void Count(const TargetRound& round, TargetCounts& counts) {
  switch (round.ruling) {
    case TargetRuling::kOpen:
      ++counts.open;
      return;
    case TargetRuling::kBlocked:
      ++counts.blocked;
      ++counts.causes[round.cause];
      return;
    case TargetRuling::kDown:
      ++counts.down;
      return;
    case TargetRuling::kUndecided:
      ++counts.undecided;
      return;
    case TargetRuling::kOwnOutage:
      ++counts.own_outage;
      return;
    case TargetRuling::kNoAnchor:
      ++counts.no_anchor;
      return;
  }
}

// Of two times the shorter one; 0 is none.
uint32_t Shorter(uint32_t one, uint32_t other) {
  if (one == 0 || other == 0) return std::max(one, other);
  return std::min(one, other);
}

}  // namespace

void VantageFacts::Add(const VantageFacts& other) {
  if (agent_version < other.agent_version) agent_version = other.agent_version;
  tunnel += other.tunnel;
  fake_ip += other.fake_ip;
  proxy += other.proxy;
  echoes_differ += other.echoes_differ;
  domestic_connect_us = Shorter(domestic_connect_us, other.domestic_connect_us);
  foreign_connect_us = Shorter(foreign_connect_us, other.foreign_connect_us);
}

Fold::Fold(absl::Duration window_length, absl::Duration retain)
    : window_length_(window_length), retain_(retain) {}

FoldOutcome Fold::Add(const Round& round) {
  const absl::Time start = WindowStart(round.round_time);
  const absl::Time end = start + window_length_;
  if (round.receive_time >= end + retain_) {
    ++counters_.too_late;
    return FoldOutcome::kTooLate;
  }
  switch (round.kind) {
    case RoundKind::kFromFuture:
      ++counters_.from_future;
      return FoldOutcome::kFromFuture;
    case RoundKind::kTombstone:
      ++counters_.tombstones;
      return FoldOutcome::kTombstone;
    case RoundKind::kUnknownPlan:
      ++counters_.unknown_plan;
      return FoldOutcome::kUnknownPlan;
    case RoundKind::kCountable:
      break;
  }
  if (end <= horizon_) {
    ++counters_.forgotten;
    return FoldOutcome::kForgotten;
  }
  Window& window = windows_[start];
  window.start = start;
  window.length = window_length_;
  AgentWindow& entry = window.agents[round.agent_id];
  entry.role = round.role;
  entry.region = round.region;
  entry.enroll_time = round.enroll_time;
  OriginCounts& seen = entry.origins[round.seen];
  ++seen.rounds;
  seen.vantage.Add(round.vantage);
  auto place = seen.targets.begin();
  for (const TargetRound& target : round.targets) {
    // Both are ordered, and an agent seldom has other targets than in its last round.
    if (place == seen.targets.end() || place->first != target.target_id) {
      place = seen.targets.try_emplace(target.target_id).first;
    }
    Count(target, place->second);
    ++place;
  }
  changed_.insert(start);
  ++counters_.folded;
  return FoldOutcome::kFolded;
}

void Fold::Restore(Window window) {
  if (window.start + window_length_ <= horizon_) return;
  const absl::Time start = window.start;
  windows_.insert_or_assign(start, std::move(window));
}

std::vector<absl::Time> Fold::TakeChanged() {
  std::vector<absl::Time> result(changed_.begin(), changed_.end());
  changed_.clear();
  return result;
}

void Fold::Forget(absl::Time horizon) {
  if (horizon <= horizon_) return;
  horizon_ = horizon;
  while (!windows_.empty() && windows_.begin()->first + window_length_ <= horizon_) {
    windows_.erase(windows_.begin());
  }
}

const Window* Fold::Find(absl::Time start) const {
  const auto found = windows_.find(start);
  return found == windows_.end() ? nullptr : &found->second;
}

std::optional<absl::Time> Fold::Earliest() const {
  if (windows_.empty()) return std::nullopt;
  return windows_.begin()->first;
}

std::vector<absl::Time> Fold::Starts() const {
  std::vector<absl::Time> result;
  result.reserve(windows_.size());
  for (const auto& [start, window] : windows_) result.push_back(start);
  return result;
}

absl::Time Fold::WindowStart(absl::Time time) const {
  return absl::UnixEpoch() + absl::Floor(time - absl::UnixEpoch(), window_length_);
}

absl::Time Fold::LatestComplete(absl::Time now, absl::Duration grace) const {
  return WindowStart(now - grace) - window_length_;
}

}  // namespace sightline
