// Brings changes to webhooks, each webhook strictly in order: the next message goes out only after
// the one before was acknowledged (2xx), however long that takes. So nothing is skipped, and
// everything arrives at least once. What is known only here may be lost at any time: what was not
// written is posted again, with the same id.
#ifndef SIGHTLINE_COLLECTOR_WEBHOOK_COURIER_H_
#define SIGHTLINE_COLLECTOR_WEBHOOK_COURIER_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/random/random.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/metrics.h"
#include "collector/store/store.h"
#include "collector/webhook/http_post.h"
#include "collector/webhook/message.h"
#include "common/clock.h"
#include "sightline/internal/v1/webhook.pb.h"
#include "sightline/v1/webhook.pb.h"

namespace sightline {

// Name of the lease.
inline constexpr char kWebhookLease[] = "webhooks";

// What it needs; owns nothing.
struct CourierParts {
  Store& store;
  const Clock& clock;
  HttpPoster& poster;
  Metrics& metrics;
};

// Not thread-safe; waits for the store, never for a receiver.
class Courier {
 public:
  explicit Courier(const CourierParts& parts) : parts_(parts) {}

  // Starts what is due; one message of each webhook is under way at most. FAILED_PRECONDITION:
  // somebody else holds the lease. After other errors, which name the first webhook that could not
  // be served, call again.
  absl::Status Turn(const LeaseRecord& held);

  // Takes what came of posts and writes it down. Errors as Turn, which tries again to write what
  // this could not.
  absl::Status Take(const std::vector<HttpPoster::Finished>& finished, const LeaseRecord& held);

  // Somebody else goes on: nothing is under way any more.
  void Forget();

  // Whether another Turn would do more at once.
  bool busy() const { return busy_; }
  // Whether the last Turn found that there are no webhooks.
  bool idle() const { return idle_; }

 private:
  // A webhook as it is stored.
  struct Stored {
    std::string webhook_id;
    std::string country;
    int64_t position = 0;
    internal::v1::WebhookConfig config;
    v1::WebhookState state;
  };
  // A message on its way, or one whose outcome is not written yet.
  struct Posted {
    Stored before;
    int64_t position = 0;  // once it is acknowledged
    v1::Delivery delivery;
    std::optional<absl::Time> change_time;  // of a change
    bool finished = false;
    v1::WebhookState after;  // once it is finished
  };

  static absl::StatusOr<Stored> Parse(const WebhookRecord& record);
  absl::Status Consider(Stored webhook, absl::Time now, const LeaseRecord& held);
  absl::StatusOr<bool> PostChange(Stored& webhook, absl::Time now);
  absl::Status PostHeartbeat(const Stored& webhook, absl::Time now);
  void Post(Posted posted, const WebhookMessage& message, absl::Time now);
  void Judge(Posted& posted, const HttpPostResult& result);
  absl::Status Write(const LeaseRecord& held);
  absl::StatusOr<int64_t> NewestChange(const std::string& country);
  void Report(const std::vector<WebhookRecord>& webhooks, absl::Time now);

  const CourierParts parts_;
  std::map<std::string, Posted> posted_;  // webhook_id
  // Of one Turn.
  std::map<std::string, int64_t> newest_;  // country -> change_seq
  bool busy_ = false;
  bool idle_ = false;
  absl::BitGen random_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WEBHOOK_COURIER_H_
