// What one stream has yet to send. Knows no gRPC.
#ifndef SIGHTLINE_COLLECTOR_OUTBOX_H_
#define SIGHTLINE_COLLECTOR_OUTBOX_H_

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// In order, one at a time. An acknowledgement that is not being sent yet is replaced by a newer one
// behind it, which says all that it says: so there are never more than five messages here, however
// slowly the peer reads. Those are the challenge, the welcome, two acknowledgements (one being
// sent) and a refusal; but for a welcome with a plan none has above 1 KiB. Not thread-safe.
class Outbox {
 public:
  // A peer that takes nothing for that long is given up.
  static constexpr absl::Duration kSendTimeMax = absl::Seconds(30);

  void Put(v1::SubmitResponse response);

  // The message to send next, which lives until OnSent; nullptr when there is none or one is being
  // sent.
  const v1::SubmitResponse* Next(absl::Time now);
  void OnSent();
  // Nothing more is sent.
  void Clear();

  bool empty() const { return !sending_.has_value() && waiting_.empty(); }
  bool sending() const { return sending_.has_value(); }
  bool IsStuck(absl::Time now) const { return sending() && now - since_ > kSendTimeMax; }

 private:
  std::optional<v1::SubmitResponse> sending_;
  absl::Time since_;
  std::vector<v1::SubmitResponse> waiting_;  // oldest first
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_OUTBOX_H_
