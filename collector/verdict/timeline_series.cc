#include "collector/verdict/timeline_series.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "collector/verdict/posterior.h"
#include "common/message.h"

namespace sightline {
namespace {

using internal::v1::Series;
using internal::v1::SeriesBin;
using internal::v1::SeriesWindows;

constexpr absl::Duration kDay = absl::Hours(24);

absl::Time OnsetOf(const v1::Event& event) { return FromProto(event.onset_time()); }

void Count(bool different, double rate, SeriesWindows& windows) {
  windows.set_observed(windows.observed() + 1);
  if (!different) return;
  windows.set_different(windows.different() + 1);
  windows.set_rate_sum(windows.rate_sum() + rate);
}

void Merge(const SeriesWindows& from, SeriesWindows& to) {
  to.set_observed(to.observed() + from.observed());
  to.set_different(to.different() + from.different());
  to.set_rate_sum(to.rate_sum() + from.rate_sum());
}

// Adds to the last bin when it starts at `start_ms`, else to a new one.
void AddToBin(int64_t start_ms, uint32_t observed, uint32_t different,
              google::protobuf::RepeatedPtrField<SeriesBin>& bins) {
  if (bins.empty() || bins.rbegin()->start_ms() != start_ms) bins.Add()->set_start_ms(start_ms);
  SeriesBin& bin = *bins.rbegin();
  bin.set_observed(bin.observed() + observed);
  bin.set_different(bin.different() + different);
}

int64_t FloorTo(int64_t ms, absl::Duration unit) {
  const int64_t unit_ms = absl::ToInt64Milliseconds(unit);
  return ms - ((ms % unit_ms) + unit_ms) % unit_ms;
}

// Moves what is older than kSustained from hours to days, and drops what is older than kLongRun.
void AgeBins(absl::Time end, Series& series) {
  const int64_t hours_from = absl::ToUnixMillis(end - kSustained);
  const int64_t days_from = absl::ToUnixMillis(end - kLongRun);
  auto& hours = *series.mutable_hours();
  auto& days = *series.mutable_days();
  int old = 0;
  for (; old < hours.size(); ++old) {
    const SeriesBin& bin = hours.Get(old);
    if (bin.start_ms() + absl::ToInt64Milliseconds(absl::Hours(1)) > hours_from) break;
    AddToBin(FloorTo(bin.start_ms(), kDay), bin.observed(), bin.different(), days);
  }
  hours.DeleteSubrange(0, old);
  old = 0;
  while (old < days.size() &&
         days.Get(old).start_ms() + absl::ToInt64Milliseconds(kDay) <= days_from) {
    ++old;
  }
  days.DeleteSubrange(0, old);
}

struct Steadiness {
  uint32_t observed = 0;
  uint32_t different = 0;
  std::set<int64_t> days;  // with a different window

  void Add(const google::protobuf::RepeatedPtrField<SeriesBin>& bins) {
    for (const SeriesBin& bin : bins) {
      observed += bin.observed();
      different += bin.different();
      if (bin.different() > 0) days.insert(FloorTo(bin.start_ms(), kDay));
    }
  }
  bool Steady() const {
    return different >= kSteadyShare * observed && static_cast<int>(days.size()) >= kSteadyDays;
  }
};

// What an event that lasted or has lasted so long is called.
v1::EventDuration DurationOf(const v1::Event& event, absl::Duration lasted) {
  if (event.has_long_run_time()) return v1::EVENT_DURATION_LONG_RUN;
  if (event.has_sustained_time()) return v1::EVENT_DURATION_SUSTAINED;
  return lasted < kGlitch ? v1::EVENT_DURATION_GLITCH : v1::EVENT_DURATION_TEMPORARY;
}

// At the end of a window in which nothing hints at the end of the event.
void Grow(absl::Time end, Series& series) {
  v1::Event& event = *series.mutable_ongoing();
  const absl::Duration lasted = end - OnsetOf(event);
  Steadiness recent;
  recent.Add(series.hours());
  if (!event.has_sustained_time() && lasted >= kSustained && recent.Steady()) {
    *event.mutable_sustained_time() = ToProto(end);
  }
  recent.Add(series.days());
  if (!event.has_long_run_time() && lasted >= kLongRun && recent.Steady()) {
    *event.mutable_long_run_time() = ToProto(end);
  }
  event.set_duration(DurationOf(event, lasted));
}

void ClearHints(Series& series) {
  series.set_statistic(0);
  series.set_onset_ms(0);
  series.clear_pending();
}

void ClearBins(Series& series) {
  series.clear_hours();
  series.clear_days();
}

void Begin(absl::Time end, Series& series) {
  v1::Event& event = *series.mutable_ongoing();
  event.set_region(series.region());
  event.set_asn(series.asn());
  event.set_kind(series.base() == v1::ACCESS_STATE_OPEN ? v1::EVENT_KIND_CLOSING
                                                        : v1::EVENT_KIND_OPENING);
  *event.mutable_onset_time() = ToProto(absl::FromUnixMillis(series.onset_ms()));
  *event.mutable_detect_time() = ToProto(end);
  event.set_end(v1::EVENT_END_ONGOING);
  *series.mutable_counted() = series.pending();
  ClearHints(series);
  Grow(end, series);
}

v1::Event EventWith(const Series& series, const SeriesWindows& windows) {
  v1::Event event = series.ongoing();
  event.set_windows_observed(windows.observed());
  event.set_windows_different(windows.different());
  event.set_rate_mean(windows.different() == 0 ? 0 : windows.rate_sum() / windows.different());
  return event;
}

// `how` and `when` it ended; windows from then on are no part of it.
v1::Event Finish(v1::EventEnd how, absl::Time when, Series& series) {
  v1::Event event = EventWith(series, series.counted());
  event.set_end(how);
  *event.mutable_end_time() = ToProto(when);
  event.set_duration(DurationOf(event, when - OnsetOf(event)));
  series.clear_ongoing();
  series.clear_counted();
  ClearHints(series);
  ClearBins(series);
  return event;
}

void Learn(const SeriesVotes& votes, Series& series) {
  const double share = ShareDifferent(series, votes);
  series.set_rest_windows(std::min(series.rest_windows() + 1, kLevelMemory));
  series.set_level(series.level() + (share - series.level()) / series.rest_windows());
}

void LearnBase(const SeriesVotes& votes, Series& series) {
  const v1::AccessState side =
      2 * votes.weight_open >= votes.weight ? v1::ACCESS_STATE_OPEN : v1::ACCESS_STATE_BLOCKED;
  if (side != series.base()) {
    series.set_base(side);
    series.set_rest_windows(0);
    series.set_level(0);
  }
  Learn(votes, series);
}

bool Alarms(const Series& series) {
  return series.statistic() >= (series.pending().observed() < 2 ? kAlarmAtOnce : kAlarm);
}

// Adds to the statistic; whether it is above 0.
bool Accumulate(absl::Time start, double evidence, Series& series) {
  const double sum = series.statistic() + evidence;
  if (!(sum > 0)) {
    series.set_statistic(0);
    return false;
  }
  if (series.statistic() == 0) series.set_onset_ms(absl::ToUnixMillis(start));
  series.set_statistic(sum);
  return true;
}

}  // namespace

void SeriesVotes::Add(const SeriesVotes& other) {
  buckets += other.buckets;
  weight += other.weight;
  weight_open += other.weight_open;
}

bool SeriesVotes::Speak() const { return buckets >= kBucketsMin && weight > 0; }

bool Settled(const Series& series) { return series.rest_windows() >= kBaseWindows; }

bool AtRest(const Series& series) {
  return Settled(series) && !series.has_ongoing() && series.statistic() == 0;
}

double ShareDifferent(const Series& series, const SeriesVotes& votes) {
  const double open = std::clamp(votes.weight_open / votes.weight, 0.0, 1.0);
  return series.base() == v1::ACCESS_STATE_OPEN ? 1 - open : open;
}

SeriesVotes VotesAtRest(const Series& series, double weight) {
  const bool open = series.base() == v1::ACCESS_STATE_OPEN;
  return {0, weight, weight * (open ? 1 - series.level() : series.level())};
}

double EvidenceOfChange(const Series& series, const SeriesVotes& votes) {
  const double share = ShareDifferent(series, votes);
  const double p0 = std::clamp(series.level(), kLevelMin, kLevelMax);
  const double p1 = p0 + (series.has_ongoing() ? kStepBack : kStep);
  return Tau(votes.weight) * votes.weight *
         (share * std::log(p1 / p0) + (1 - share) * std::log((1 - p1) / (1 - p0)));
}

std::optional<v1::Event> StepSeries(const GridWindow& window, const SeriesVotes& votes,
                                    Series& series) {
  const absl::Time end = window.start + window.length;
  series.set_observed_ms(absl::ToUnixMillis(window.start));
  if (!Settled(series)) {
    LearnBase(votes, series);
    return std::nullopt;
  }
  const double evidence = EvidenceOfChange(series, votes);
  const bool different = evidence > 0;
  const bool ongoing = series.has_ongoing();
  const bool hint = Accumulate(window.start, ongoing ? -evidence : evidence, series);
  if (!ongoing && !hint) {
    ClearHints(series);
    ClearBins(series);
    Learn(votes, series);
    return std::nullopt;
  }
  Count(different, votes.weight_open / votes.weight, *series.mutable_pending());
  AddToBin(FloorTo(series.observed_ms(), absl::Hours(1)), 1, different ? 1 : 0,
           *series.mutable_hours());
  AgeBins(end, series);
  if (hint && Alarms(series)) {
    if (ongoing) {
      return Finish(v1::EVENT_END_REVERSED, absl::FromUnixMillis(series.onset_ms()), series);
    }
    Begin(end, series);
  } else if (ongoing && !hint) {
    Merge(series.pending(), *series.mutable_counted());
    ClearHints(series);
    Grow(end, series);
  }
  return std::nullopt;
}

std::optional<v1::Event> LoseSight(absl::Time now, absl::Duration length, Series& series) {
  if (now - LastSeen(series, length) < kOutOfSight) return std::nullopt;
  if (series.has_ongoing()) {
    const bool hint = series.statistic() > 0;
    return Finish(v1::EVENT_END_LOST_SIGHT,
                  hint ? absl::FromUnixMillis(series.onset_ms()) : LastSeen(series, length),
                  series);
  }
  ClearHints(series);
  ClearBins(series);
  return std::nullopt;
}

v1::Event OngoingEvent(const Series& series) {
  SeriesWindows windows = series.counted();
  Merge(series.pending(), windows);
  return EventWith(series, windows);
}

absl::Time LastSeen(const Series& series, absl::Duration length) {
  return absl::FromUnixMillis(series.observed_ms()) + length;
}

}  // namespace sightline
