// Events from one telling to the next: which of them are the same, what they are called, and what
// has to be taken back. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_TOLD_EVENTS_H_
#define SIGHTLINE_COLLECTOR_TOLD_EVENTS_H_

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "collector/store/store.h"
#include "sightline/v1/summary.pb.h"

namespace sightline {

// An event with more corrections than this keeps the first and the newest.
inline constexpr int kAmendmentsKept = 64;

// What is told again of one target in one country.
struct Retelling {
  std::string target_id;
  std::string country;
  // The events as they were told, with their names.
  std::vector<v1::Event> told;
  // Names of earlier events, which no other may get.
  std::set<std::string> names_taken;
  // What the cells say now, as Timeline gives it.
  std::vector<v1::Event> now;
  // What they say now of the windows that had been seen when `told` was told. Not set when these
  // are as they were: then nothing is taken back.
  std::optional<std::vector<v1::Event>> then;
  // Whether `told` was told by this history: then what is in `then` and not in it came late.
  bool goes_on = false;
  // End of the last window that `told` rests on.
  std::optional<absl::Time> told_until;
  // Start of the first window of a history that was begun anew, by other rules or with windows of
  // another length: nothing can be said of what had been going on before.
  std::optional<absl::Time> begin;
  // Start of the earliest window that changed; nothing when that is not known.
  std::optional<absl::Time> changed_window;
  // How far the store is known: every record received before this.
  absl::Time amend_time;
};

// The events that are to be told: all of `told`, and those that are new, ordered by onset, region,
// network and name. Events of one place and kind that overlap are the same, the longest overlap
// first; the same keeps its name. Where the past changed, an amendment says what had been said; one
// that never was is withdrawn and stays. An event that is there again after that keeps its name.
std::vector<v1::Event> Retell(const Retelling& retelling);

// Whether the two say the same, but for name, target, country and amendments.
bool SameContent(const v1::Event& one, const v1::Event& other);

// As it is stored. An event that was withdrawn keeps the time that it was said to have covered.
EventRecord ToRecord(const v1::Event& event);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_TOLD_EVENTS_H_
