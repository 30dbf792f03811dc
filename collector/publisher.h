// Which windows are judged when, and the rows that come of it.
#ifndef SIGHTLINE_COLLECTOR_PUBLISHER_H_
#define SIGHTLINE_COLLECTOR_PUBLISHER_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/change_teller.h"
#include "collector/instrument_alarm.h"
#include "collector/steady_clock.h"
#include "collector/store/store.h"
#include "collector/timelines.h"
#include "collector/verdict/follow.h"

namespace sightline {

struct PublisherOptions {
  // Between two verdicts on one window, however often it changes.
  absl::Duration window_interval = absl::Seconds(1);
  // After that much work Publish returns, when it has judged one window.
  absl::Duration work_max = absl::Milliseconds(100);
  // Share of the time that may go into verdicts, so that the fold does not fall behind.
  double time_share_max = 0.2;
};

// Writes a verdict on every window that is complete when it became so, silent or not, and again
// whenever it has changed since. Of the windows that wait, the newest complete one comes first, for
// it is what readers see; then the oldest first, so that however many late batches come, none waits
// for ever.
//
// Events are told from all windows together: of the windows that wait at one time all must have
// been judged, those that come after them wait for the next time. So a day's spool that arrives at
// once is told once, in the transaction with the last of its verdicts. A window that was never
// judged holds back the events after it; one that a new fold has not read as far as the events of
// the last one went holds back all of them. What becomes different by all of that is written with
// it as changes (change_teller.h). Not thread-safe; blocks on the store.
class Publisher {
 public:
  // `window_length` is that of the follower's windows.
  Publisher(Store& store, const SteadyClock& clock, PublisherOptions options,
            absl::Duration window_length)
      : store_(store),
        clock_(clock),
        options_(options),
        timelines_(store, window_length),
        changes_(store) {}

  // Reads the stored history of the countries that the follower's plans have. Not needed, but while
  // Publish does it nobody hears `between`.
  absl::Status Load(const Follower& follower, absl::FunctionRef<void()> between);

  // These windows wait for a verdict from now on.
  void Mark(absl::Span<const absl::Time> starts) { waiting_.insert(starts.begin(), starts.end()); }

  // Judges windows that are due and complete by what `follower` has read, and writes cells and
  // verdicts of all of them, and what they come to over time, in one transaction under the lease.
  // Returns how many windows; errors are those of the store, and the windows go on waiting.
  absl::StatusOr<size_t> Publish(const Follower& follower, absl::string_view lease_name,
                                 const LeaseRecord& held);

  // Start of the earliest window that waits, complete or not; InfiniteFuture when none does.
  absl::Time OldestWaiting() const {
    return waiting_.empty() ? absl::InfiniteFuture() : *waiting_.begin();
  }

 private:
  // Of windows judged: what it cost, and the version of the plan.
  using Judged = std::map<absl::Time, std::pair<absl::Duration, uint64_t>>;

  void MarkComplete(const Follower& follower);
  bool KnowsWhatWasTold(const Follower& follower) const;
  void BeginTelling(const Follower& follower, absl::Time newest);
  bool MayTell(const Judged& judged) const;
  Timelines::Point PointOf(const Follower& follower, absl::Time newest, const Judged& judged) const;
  absl::StatusOr<std::vector<VerdictRecord>> JudgeDue(const Follower& follower, absl::Time newest,
                                                      absl::Duration begun, Judged& judged);
  void Written(const Follower& follower, absl::Duration begun, const Judged& judged);
  std::vector<absl::Time> Due(absl::Time newest, absl::Duration elapsed) const;
  absl::Status Judge(const Follower& follower, absl::Time start, const v1::Plan& plan,
                     std::vector<VerdictRecord>& rows);
  absl::Status AddRemovedTargets(absl::Time start, const v1::Plan& plan, absl::string_view country,
                                 std::vector<VerdictRecord>& rows) const;

  Store& store_;
  const SteadyClock& clock_;
  const PublisherOptions options_;
  Timelines timelines_;
  ChangeTeller changes_;
  InstrumentAlarm alarm_;
  std::set<absl::Time> waiting_;
  std::set<absl::Time> unjudged_;            // complete, and never judged since
  bool knows_ = false;                       // at least what the stored events rest on
  std::set<absl::Time> telling_;             // wait, and are to be judged before events are told
  bool owes_ = false;                        // verdicts were written that no events were told from
  std::optional<absl::Time> next_complete_;  // first that was not yet marked as complete
  std::map<absl::Time, absl::Duration> not_before_;  // of windows judged lately
  std::map<absl::Time, uint64_t> plan_versions_;     // that windows were judged by
  absl::Duration rest_until_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PUBLISHER_H_
