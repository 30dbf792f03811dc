// A right that only one of several collectors on a store has at a time.
//
// No wall clock is in it. A holder moves the row's beat; whoever sees term and beat stand still for
// `term` by its own steady clock takes over by compare-and-set, with the next term. A holder counts
// from before the call that moved the beat, and stops `margin` early, so that it has stopped when
// somebody else can begin: clocks may run up to margin / term apart in speed. Even so every write
// that needs the right is checked against the row in its own transaction (Store::WriteFold): a
// holder whose machine slept does no harm.
//
// Downside: a holder that lives but cannot reach the store is replaced after `term`, no sooner.
#ifndef SIGHTLINE_COLLECTOR_LEASE_H_
#define SIGHTLINE_COLLECTOR_LEASE_H_

#include <cstdint>
#include <limits>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/steady_clock.h"
#include "collector/store/store.h"

namespace sightline {

struct LeaseOptions {
  absl::Duration term = absl::Seconds(5);
  absl::Duration beat = absl::Seconds(1);
  absl::Duration margin = absl::Seconds(1);

  // All of it in the proportions above.
  static LeaseOptions Of(absl::Duration term) { return {term, term / 5, term / 5}; }
};

// Not thread-safe; blocks on the store, which must outlive it.
class Lease {
 public:
  // The beat of a row that its holder gave back: anybody may take over at once.
  static constexpr uint64_t kReleased = std::numeric_limits<int64_t>::max();

  // `holder` is the name of this node, which no other process uses: a row that has it is what an
  // earlier run left, and is taken over at once.
  Lease(Store& store, const SteadyClock& clock, std::string name, std::string holder,
        LeaseOptions options);

  // Looks at the row, beats or takes over when it is time. To be called several times per `beat`;
  // cheap when nothing is due. After an error the store may or may not have done it; the next call
  // finds out. Losing the lease is no error.
  absl::Status Tick();

  // Whether the right is this node's, now.
  bool Held() const;

  // What Store::WriteFold wants to see; of use while Held.
  const LeaseRecord& record() const { return mine_; }

  // Who had it when the row was last looked at; empty before that and when nobody ever had it.
  const std::string& holder() const { return seen_.holder; }

  // Gives the lease back when it is held, so that others need not wait. When the store does not
  // answer they wait.
  absl::Status Release();

 private:
  absl::Status Beat();
  absl::Status Watch();
  absl::Status Look();

  Store& store_;
  const SteadyClock& clock_;
  const std::string name_;
  const std::string self_;
  const LeaseOptions options_;
  bool holding_ = false;       // until somebody else is seen in the row
  LeaseRecord mine_;           // the row as this node wrote it last
  absl::Duration renewed_;     // when that write began
  bool looked_ = false;        // at all
  LeaseRecord seen_;           // the row as it was last read
  absl::Duration seen_since_;  // when it was first found like that
  absl::Duration looked_at_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_LEASE_H_
