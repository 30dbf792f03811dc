// The history of one region, or of one network across regions: one window after the other. Pure
// functions.
//
// Change is told by a CUSUM on the likelihood ratio (Page, Biometrika 41, 1954):
//
//   S = max(0, S + tau [k ln(p1 / p0) + (n - k) ln((1 - p1) / (1 - p0))])
//
// with n the weight of the votes, k that of the votes that differ from what the series is at rest,
// and tau for votes that are not independent (posterior.h). p0 is the share that differs at rest: a
// leak, a VPN that was not found and a liar stay where they are from window to window, so it is
// learnt for each series from its windows at rest; p1 = p0 + kStep. The change is stated when
// S >= kAlarm and began with the first window since S was 0. A single window, in which many may
// have failed for one reason, needs kAlarmAtOnce.
//
// From then on the same ratio with the sign turned tells the end, with p1 = p0 + kStepBack: what is
// less than it takes to begin does not yet end it, so that a share in between does not start and
// end by turns.
#ifndef SIGHTLINE_COLLECTOR_VERDICT_TIMELINE_SERIES_H_
#define SIGHTLINE_COLLECTOR_VERDICT_TIMELINE_SERIES_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "sightline/internal/v1/timeline.pb.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// Agreeing windows in a row that tell what a series is at rest.
inline constexpr uint32_t kBaseWindows = 3;
// Windows at rest that the share that differs is the mean of, more or less.
inline constexpr uint32_t kLevelMemory = 336;
inline constexpr double kLevelMin = 0.10;
inline constexpr double kLevelMax = 0.40;
inline constexpr double kStep = 0.40;
inline constexpr double kStepBack = 0.30;
inline constexpr double kAlarm = 5.0;        // nats, of two windows or more
inline constexpr double kAlarmAtOnce = 9.0;  // nats, of a single one

inline constexpr absl::Duration kGlitch = absl::Hours(6);
inline constexpr absl::Duration kSustained = absl::Hours(72);
inline constexpr absl::Duration kLongRun = absl::Hours(14 * 24);
inline constexpr absl::Duration kOutOfSight = absl::Hours(72);
inline constexpr double kSteadyShare = 0.8;  // of the observed windows
inline constexpr int kSteadyDays = 3;

// A window of the grid.
struct GridWindow {
  absl::Time start;
  absl::Duration length;
};

// What a series hears in a window.
struct SeriesVotes {
  uint32_t buckets = 0;
  double weight = 0;       // sum of w
  double weight_open = 0;  // sum of w x

  void Add(const SeriesVotes& other);
  // Enough to say something.
  bool Speak() const;
};

// Whether it is known what the series is at rest.
bool Settled(const internal::v1::Series& series);

// Settled, nothing is going on, and nothing hints at it.
bool AtRest(const internal::v1::Series& series);

// Share of the votes that differ from what the settled `series` is at rest.
double ShareDifferent(const internal::v1::Series& series, const SeriesVotes& votes);

// Votes of that weight, and of no bucket, that say what the settled `series` says at rest.
SeriesVotes VotesAtRest(const internal::v1::Series& series, double weight);

// The log likelihood ratio of a change, in nats, of votes that speak; while one is going on, of its
// going on.
double EvidenceOfChange(const internal::v1::Series& series, const SeriesVotes& votes);

// Adds a window whose votes speak, later than the last one. Returns the event that ended in it.
std::optional<v1::Event> StepSeries(const GridWindow& window, const SeriesVotes& votes,
                                    internal::v1::Series& series);

// When nobody was heard for kOutOfSight up to `now`: forgets hints, and returns the event that was
// lost.
std::optional<v1::Event> LoseSight(absl::Time now, absl::Duration length,
                                   internal::v1::Series& series);

// What is going on, with counts; not lasts_probability.
v1::Event OngoingEvent(const internal::v1::Series& series);

// End of the last window with evidence.
absl::Time LastSeen(const internal::v1::Series& series, absl::Duration length);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_VERDICT_TIMELINE_SERIES_H_
