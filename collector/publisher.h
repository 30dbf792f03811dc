// Which windows are judged when, and the rows that come of it.
#ifndef SIGHTLINE_COLLECTOR_PUBLISHER_H_
#define SIGHTLINE_COLLECTOR_PUBLISHER_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "collector/steady_clock.h"
#include "collector/store/store.h"
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
// for ever. Not thread-safe; blocks on the store.
class Publisher {
 public:
  Publisher(Store& store, const SteadyClock& clock, PublisherOptions options)
      : store_(store), clock_(clock), options_(options) {}

  // These windows wait for a verdict from now on.
  void Mark(absl::Span<const absl::Time> starts) { waiting_.insert(starts.begin(), starts.end()); }

  // Judges windows that are due and complete by what `follower` has read, and writes cells and
  // verdicts of all of them in one transaction under the lease. Returns how many windows; errors
  // are those of Store::WriteFold, and the windows go on waiting.
  absl::StatusOr<size_t> Publish(const Follower& follower, absl::string_view lease_name,
                                 const LeaseRecord& held);

  // Start of the earliest window that waits, complete or not; InfiniteFuture when none does.
  absl::Time OldestWaiting() const {
    return waiting_.empty() ? absl::InfiniteFuture() : *waiting_.begin();
  }

 private:
  void MarkComplete(const Follower& follower);
  std::vector<absl::Time> Due(absl::Time newest, absl::Duration elapsed) const;
  absl::Status Judge(const Follower& follower, absl::Time start, const v1::Plan& plan,
                     std::vector<VerdictRecord>& rows) const;
  absl::Status AddRemovedTargets(absl::Time start, const v1::Plan& plan, absl::string_view country,
                                 std::vector<VerdictRecord>& rows) const;

  Store& store_;
  const SteadyClock& clock_;
  const PublisherOptions options_;
  std::set<absl::Time> waiting_;
  std::optional<absl::Time> next_complete_;          // first that was not yet marked as complete
  std::map<absl::Time, absl::Duration> not_before_;  // of windows judged lately
  std::map<absl::Time, uint64_t> plan_versions_;     // that windows were judged by
  absl::Duration rest_until_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PUBLISHER_H_
