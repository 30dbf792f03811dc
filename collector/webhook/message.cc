#include "collector/webhook/message.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/crypto.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr size_t kDigestDigits = 8;

// `type` is a word of ours.
std::string Body(absl::string_view type, const google::protobuf::Timestamp& time,
                 const google::protobuf::Message& data) {
  return absl::StrCat("{\"type\":\"", type, "\",\"timestamp\":", ToJson(time, /*indent=*/false),
                      ",\"data\":", ToJson(data, /*indent=*/false), "}");
}

}  // namespace

WebhookMessage ChangeMessage(const std::string& webhook_id, const v1::Change& change,
                             absl::string_view stored) {
  const std::string digest = absl::BytesToHexString(Sha256(stored)).substr(0, kDigestDigits);
  return {v1::MESSAGE_TYPE_CHANGE, absl::StrCat(webhook_id, "-c", change.change_seq(), "-", digest),
          Body("change", change.change_time(), change)};
}

WebhookMessage HeartbeatMessage(const v1::Webhook& webhook, int64_t change_seq,
                                absl::Time window_start, absl::Time due) {
  v1::WebhookHeartbeat data;
  data.set_webhook_id(webhook.webhook_id());
  data.set_country(webhook.country());
  data.set_change_seq(change_seq);
  if (window_start != absl::InfinitePast()) {
    *data.mutable_window_start_time() = ToProto(window_start);
  }
  return {v1::MESSAGE_TYPE_HEARTBEAT,
          absl::StrCat(webhook.webhook_id(), "-h", absl::ToUnixMillis(due)),
          Body("heartbeat", ToProto(due), data)};
}

WebhookMessage TestMessage(const v1::Webhook& webhook, absl::Time now) {
  v1::WebhookTest data;
  data.set_webhook_id(webhook.webhook_id());
  data.set_country(webhook.country());
  data.set_text("The operator of a Sightline collector tries whether messages arrive.");
  return {v1::MESSAGE_TYPE_TEST, absl::StrCat(webhook.webhook_id(), "-t", absl::ToUnixMillis(now)),
          Body("test", ToProto(now), data)};
}

std::string SecretText(absl::string_view secret) {
  return absl::StrCat("whsec_", absl::Base64Escape(secret));
}

std::string Signature(absl::string_view secret, absl::string_view id, absl::Time now,
                      absl::string_view body) {
  const std::string content = absl::StrCat(id, ".", absl::ToUnixSeconds(now), ".", body);
  return absl::StrCat("v1,", absl::Base64Escape(HmacSha256(secret, content)));
}

std::vector<std::pair<std::string, std::string>> MessageHeaders(const WebhookMessage& message,
                                                                absl::string_view secret,
                                                                absl::Time now) {
  return {{"content-type", "application/json"},
          {"webhook-id", message.id},
          {"webhook-timestamp", absl::StrCat(absl::ToUnixSeconds(now))},
          {"webhook-signature", Signature(secret, message.id, now, message.body)}};
}

}  // namespace sightline
