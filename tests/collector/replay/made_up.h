// Replays made by hand: one target "chat", hourly windows, what is true and what was said given
// window by window.
#ifndef SIGHTLINE_TESTS_COLLECTOR_REPLAY_MADE_UP_H_
#define SIGHTLINE_TESTS_COLLECTOR_REPLAY_MADE_UP_H_

#include <string>
#include <utility>
#include <vector>

#include "collector/replay/changes.h"
#include "collector/replay/replay.h"
#include "common/message.h"

namespace sightline {

inline constexpr char kChat[] = "chat";
inline const absl::Time kStart = absl::FromUnixSeconds(1712534400);  // 8 April 2024

inline absl::Time HourAt(int index) { return kStart + absl::Hours(index); }

class MadeUp {
 public:
  explicit MadeUp(int windows) {
    for (int i = 0; i < windows; ++i) {
      ReplayWindow& window = replay_.windows.emplace_back();
      window.start = HourAt(i);
      *window.summary.mutable_window_length() = ToProto(absl::Hours(1));
      window.summary.add_verdicts()->set_target_id(kChat);
      truth_.emplace_back().scope = v1::SCOPE_NOWHERE;
    }
  }

  // In windows [from, until).
  MadeUp& Results(int from, int until, const std::string& region, uint32_t asn, RawCount count) {
    for (int i = from; i < until; ++i) {
      replay_.windows[static_cast<size_t>(i)].raw[{kChat, region, asn}] = count;
    }
    return *this;
  }

  v1::TargetVerdict& verdict(int index) {
    return *replay_.windows[static_cast<size_t>(index)].summary.mutable_verdicts(0);
  }
  Truth& truth(int index) { return truth_[static_cast<size_t>(index)]; }

  // The share of users with access in a region, in windows [from, until).
  MadeUp& Rate(int from, int until, const std::string& region, double rate) {
    for (int i = from; i < until; ++i) {
      truth(i).rate[region] = rate;
      if (rate >= kOpenShare) truth(i).open_regions.insert(region);
    }
    return *this;
  }

  MadeUp& TrueScope(int from, int until, v1::Scope scope) {
    for (int i = from; i < until; ++i) truth(i).scope = scope;
    return *this;
  }

  MadeUp& SaidScope(int from, int until, v1::Scope scope, double posterior = 0) {
    for (int i = from; i < until; ++i) {
      verdict(i).set_scope(scope);
      if (posterior <= 0) continue;
      v1::ScopePosterior* said = verdict(i).add_scope_posteriors();
      said->set_scope(scope);
      said->set_posterior(posterior);
    }
    return *this;
  }

  MadeUp& SaidState(int from, int until, const std::string& region, v1::AccessState state,
                    double probability) {
    for (int i = from; i < until; ++i) {
      v1::RegionAccess* said = verdict(i).add_regions();
      said->set_region(region);
      said->mutable_access()->set_state(state);
      said->mutable_access()->set_state_probability(probability);
      if (state == v1::ACCESS_STATE_BLOCKED) verdict(i).add_blocked_regions(region);
      if (state == v1::ACCESS_STATE_OPEN || state == v1::ACCESS_STATE_PARTIAL) {
        verdict(i).add_open_regions(region);
      }
    }
    return *this;
  }

  // An event as it stands in the end: first different, last window needed to say so, first no
  // longer different (or -1). Published as going on in [published_from, published_until).
  v1::Event& Event(const Place& place, v1::EventKind kind, int onset, int detect, int end,
                   int published_from, int published_until) {
    v1::Event event;
    event.set_event_id(absl::StrCat("event-", replay_.events.size()));
    event.set_target_id(kChat);
    event.set_region(place.region);
    event.set_asn(place.asn);
    event.set_kind(kind);
    *event.mutable_onset_time() = ToProto(HourAt(onset));
    *event.mutable_detect_time() = ToProto(HourAt(detect + 1));
    event.set_end(v1::EVENT_END_ONGOING);
    for (int i = published_from; i < published_until; ++i) *verdict(i).add_events() = event;
    if (end >= 0) {
      event.set_end(v1::EVENT_END_REVERSED);
      *event.mutable_end_time() = ToProto(HourAt(end));
    }
    replay_.events.push_back(std::move(event));
    return replay_.events.back();
  }

  Replay& replay() { return replay_; }

  TruthOf truth_of() const {
    return [truth = truth_](const std::string& target_id, absl::Time start) {
      if (target_id != kChat) return Truth();
      return truth.at(static_cast<size_t>(absl::ToInt64Hours(start - kStart)));
    };
  }

 private:
  Replay replay_;
  std::vector<Truth> truth_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_REPLAY_MADE_UP_H_
