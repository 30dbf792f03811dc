// The thread that brings changes to webhooks, or stands by while another collector does.
#ifndef SIGHTLINE_COLLECTOR_WEBHOOK_DELIVERY_LOOP_H_
#define SIGHTLINE_COLLECTOR_WEBHOOK_DELIVERY_LOOP_H_

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "collector/lease.h"
#include "collector/metrics.h"
#include "collector/steady_clock.h"
#include "collector/store/store.h"
#include "collector/webhook/courier.h"
#include "collector/webhook/http_post.h"
#include "common/clock.h"

namespace sightline {

struct DeliveryLoopOptions {
  std::string node;  // this collector
  LeaseOptions lease;
  HttpPostOptions post;
  // Between two looks at the store.
  absl::Duration poll_interval = absl::Milliseconds(500);
};

// What it needs; owns nothing, and everything outlives the loop.
struct DeliveryLoopParts {
  Store& store;
  const Clock& clock;
  const SteadyClock& steady_clock;
  Metrics& metrics;
};

// Runs from construction until destruction, which breaks off what is under way and gives the lease
// back: whoever goes on posts it again. Without webhooks nobody takes the lease.
class DeliveryLoop {
 public:
  DeliveryLoop(const DeliveryLoopParts& parts, const DeliveryLoopOptions& options);
  ~DeliveryLoop();
  DeliveryLoop(const DeliveryLoop&) = delete;
  DeliveryLoop& operator=(const DeliveryLoop&) = delete;

 private:
  using Finished = std::vector<HttpPoster::Finished>;

  void Run();
  absl::Status Step(const Finished& finished);
  absl::Status Lead(const Finished& finished);
  void StandBy();
  void Report(const absl::Status& status);

  const DeliveryLoopParts parts_;
  const DeliveryLoopOptions options_;
  // The thread's own, but for Wake.
  HttpPoster poster_;
  Courier courier_;
  Lease lease_;
  bool leads_ = false;
  absl::Duration lead_not_before_;
  std::string last_error_;

  std::atomic<bool> stopping_ = false;
  std::thread thread_;  // last: started when all else is ready
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WEBHOOK_DELIVERY_LOOP_H_
