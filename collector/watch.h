// One reader who watches: what comes next for them. Plain; the stream is elsewhere.
#ifndef SIGHTLINE_COLLECTOR_WATCH_H_
#define SIGHTLINE_COLLECTOR_WATCH_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/board.h"
#include "collector/chronicle.h"
#include "collector/store/store.h"
#include "sightline/v1/change.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline {

// Not thread-safe.
class WatchSession {
 public:
  static constexpr absl::Duration kHeartbeat = absl::Seconds(15);

  // May wait for the store. INVALID_ARGUMENT and NOT_FOUND name the field; OUT_OF_RANGE: the token
  // is of a later state than the store; UNAVAILABLE: there is nothing to begin with yet.
  static absl::StatusOr<WatchSession> Begin(Store& store, const Chronicle& chronicle,
                                            const Board& board, const v1::Plan& plan,
                                            const v1::WatchSummariesRequest& request);

  // The next message at `now`; nothing when there is none yet. Changes first; a heartbeat when
  // nothing was sent for kHeartbeat. Never waits.
  std::optional<v1::WatchSummariesResponse> Next(absl::Time now);

  // Whether the next change is so old that ReadStore must be called.
  bool NeedsStore() const { return needs_store_; }

  // Waits for the store. Errors are the store's; call again.
  absl::Status ReadStore(Store& store);

 private:
  WatchSession(const Chronicle& chronicle, const Board& board,
               const v1::WatchSummariesRequest& request);

  bool Wanted(const std::string& target_id) const;
  std::string Token() const;
  v1::WatchSummariesResponse Beat(absl::Time now) const;

  const Chronicle* chronicle_;
  const Board* board_;
  std::string country_;
  std::set<std::string> targets_;                  // empty: all
  std::optional<v1::GetSummaryResponse> summary_;  // to be sent first
  bool greets_ = false;                            // a heartbeat first
  int64_t position_ = 0;         // change_seq of the last change behind the reader
  std::deque<v1::Change> read_;  // from the store, above position_
  bool needs_store_ = false;
  absl::Time sent_ = absl::InfinitePast();
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WATCH_H_
