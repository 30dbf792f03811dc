// What webhooks may ask for, and which changes they get. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_WEBHOOK_WISH_H_
#define SIGHTLINE_COLLECTOR_WEBHOOK_WISH_H_

#include "absl/status/statusor.h"
#include "sightline/v1/change.pb.h"
#include "sightline/v1/plan.pb.h"
#include "sightline/v1/webhook.pb.h"

namespace sightline {

// The webhook that is asked for, with what was left out filled in; kinds are ordered. What the
// collector gives is empty: webhook_id, create_time, state. INVALID_ARGUMENT names the field;
// NOT_FOUND: the plan has no such country or target.
absl::StatusOr<v1::Webhook> CheckWish(const v1::Webhook& wish, const v1::Plan& plan);

// Whether the webhook is to be told of that change of its country.
bool Concerns(const v1::Webhook& webhook, const v1::Change& change);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WEBHOOK_WISH_H_
