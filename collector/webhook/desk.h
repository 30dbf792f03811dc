// Where operators ask for webhooks.
#ifndef SIGHTLINE_COLLECTOR_WEBHOOK_DESK_H_
#define SIGHTLINE_COLLECTOR_WEBHOOK_DESK_H_

#include <string>

#include "absl/status/statusor.h"
#include "collector/plan_book.h"
#include "collector/store/store.h"
#include "collector/webhook/http_post.h"
#include "common/clock.h"
#include "sightline/internal/v1/webhook.pb.h"
#include "sightline/v1/webhook.pb.h"

namespace sightline {

// Thread-safe; waits for the store, and Test for the receiver. Owns nothing. Errors as the calls of
// Admin say, and those of the store.
class WebhookDesk {
 public:
  static constexpr size_t kWebhooksMax = 100;

  WebhookDesk(Store& store, PlanBook& plans, const Clock& clock, HttpPostOptions post)
      : store_(store), plans_(plans), clock_(clock), post_(std::move(post)) {}

  absl::StatusOr<v1::CreateWebhookResponse> Create(const v1::CreateWebhookRequest& request);
  absl::StatusOr<v1::ListWebhooksResponse> List(const v1::ListWebhooksRequest& request);
  absl::StatusOr<v1::DeleteWebhookResponse> Delete(const v1::DeleteWebhookRequest& request);
  absl::StatusOr<v1::TestWebhookResponse> Test(const v1::TestWebhookRequest& request);
  absl::StatusOr<v1::ListDeliveriesResponse> ListDeliveries(
      const v1::ListDeliveriesRequest& request);

 private:
  absl::StatusOr<internal::v1::WebhookConfig> Find(const std::string& webhook_id);

  Store& store_;
  PlanBook& plans_;
  const Clock& clock_;
  const HttpPostOptions post_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WEBHOOK_DESK_H_
