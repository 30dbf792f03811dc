// A courier with real sockets in a world whose time is told.
#ifndef SIGHTLINE_TESTS_COLLECTOR_WEBHOOK_COURIER_FIXTURE_H_
#define SIGHTLINE_TESTS_COLLECTOR_WEBHOOK_COURIER_FIXTURE_H_

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "collector/webhook/courier.h"
#include "tests/collector/webhook/world.h"

namespace sightline {

class CourierTest : public ::testing::Test {
 protected:
  CourierTest() {
    EXPECT_TRUE(*world_.store.MoveLease(kWebhookLease, {}, lease_));
    MakeCourier();
  }

  // Does what is due, until nothing more is: time stands still.
  void RunOut() {
    for (int turn = 0; turn < 1000; ++turn) {
      const absl::Status status = courier_->Turn(lease_);
      EXPECT_TRUE(status.ok()) << status;
      const std::vector<HttpPoster::Finished> finished =
          poster_->Wait(poster_->idle() ? absl::ZeroDuration() : absl::Milliseconds(20));
      if (finished.empty() && !courier_->busy() && poster_->idle()) return;
      const absl::Status taken = courier_->Take(finished, lease_);
      EXPECT_TRUE(taken.ok()) << taken;
    }
    ADD_FAILURE() << "there is no end to it";
  }

  // Lets time pass, a second at a time.
  void Pass(absl::Duration time, absl::Duration step = absl::Seconds(1)) {
    for (absl::Duration passed; passed < time && !HasFailure(); passed += step) {
      world_.clock.Advance(step);
      RunOut();
    }
  }

  // The one before is gone, with what it had under way. Waits that long for a response.
  void MakeCourier(absl::Duration timeout = absl::Seconds(15)) {
    HttpPostOptions options;
    options.timeout = timeout;
    courier_.reset();
    poster_.emplace(options);
    courier_.emplace(CourierParts{world_.store, world_.clock, *poster_, metrics_});
  }

  WebhookWorld world_;
  const LeaseRecord lease_ = {"n1", 1, 1};
  Metrics metrics_;
  std::optional<HttpPoster> poster_;
  std::optional<Courier> courier_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_WEBHOOK_COURIER_FIXTURE_H_
