// When a webhook that fails is tried again. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_WEBHOOK_BACK_OFF_H_
#define SIGHTLINE_COLLECTOR_WEBHOOK_BACK_OFF_H_

#include "absl/random/bit_gen_ref.h"
#include "absl/time/time.h"

namespace sightline {

// No wait is longer.
inline constexpr absl::Duration kBackOffMax = absl::Minutes(15);

// How long to wait after so many attempts failed in a row (1 or more): 1 s after the first, twice
// as long after each further one, 10 min at most; and up to half of it more, by chance, so that
// receivers that failed together are not all tried at once.
absl::Duration BackOff(int failed_attempts, absl::BitGenRef random);

// The same after a response of that status (0: there was none) that asked for `retry_after` (0: it
// did not): what a receiver asks for is granted up to kBackOffMax; one that says that it is gone
// (410) waits for as long as that. It is not forgotten: only an operator can tell a wrong path from
// an end.
absl::Duration WaitAfter(int failed_attempts, int http_status, absl::Duration retry_after,
                         absl::BitGenRef random);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WEBHOOK_BACK_OFF_H_
