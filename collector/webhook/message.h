// What is posted to a webhook: the body, its name, and the signature of "Standard Webhooks" 1.0.0
// (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md). Pure functions.
#ifndef SIGHTLINE_COLLECTOR_WEBHOOK_MESSAGE_H_
#define SIGHTLINE_COLLECTOR_WEBHOOK_MESSAGE_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "sightline/v1/change.pb.h"
#include "sightline/v1/webhook.pb.h"

namespace sightline {

struct WebhookMessage {
  v1::MessageType type = v1::MESSAGE_TYPE_UNSPECIFIED;
  // The same whenever the same message is made again, and never that of another one, so that a
  // receiver knows what it has. Letters, digits, '_' and '-'.
  std::string id;
  std::string body;  // JSON
};

// Named after the webhook, change_seq, and a digest of `stored`, the bytes of the change in the
// store: after an older copy of the store was restored, another change may have that change_seq.
WebhookMessage ChangeMessage(const std::string& webhook_id, const v1::Change& change,
                             absl::string_view stored);

// Named after the webhook and `due`, the time from which on it is late. `window_start` may be
// InfinitePast: there is none yet.
WebhookMessage HeartbeatMessage(const v1::Webhook& webhook, int64_t change_seq,
                                absl::Time window_start, absl::Time due);

// Named after the webhook and `now`.
WebhookMessage TestMessage(const v1::Webhook& webhook, absl::Time now);

// As people are shown a secret: "whsec_" and base64.
std::string SecretText(absl::string_view secret);

// "v1," and base64 of the HMAC-SHA-256 of "id.time.body"; `now` counts in whole seconds.
std::string Signature(absl::string_view secret, absl::string_view id, absl::Time now,
                      absl::string_view body);

// The headers of one attempt.
std::vector<std::pair<std::string, std::string>> MessageHeaders(const WebhookMessage& message,
                                                                absl::string_view secret,
                                                                absl::Time now);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_WEBHOOK_MESSAGE_H_
