#include "collector/webhook/desk.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "collector/log.h"
#include "collector/paging.h"
#include "collector/webhook/message.h"
#include "collector/webhook/wish.h"
#include "common/crypto.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr size_t kIdBytes = 8;

absl::Status Damaged(absl::string_view webhook_id) {
  return absl::DataLossError(
      absl::StrCat("webhook ", webhook_id, " is damaged; remove it and add it again"));
}

}  // namespace

absl::StatusOr<v1::CreateWebhookResponse> WebhookDesk::Create(
    const v1::CreateWebhookRequest& request) {
  const auto plan = plans_.Current();
  if (plan == nullptr) return absl::UnavailableError("the operator has published no plan yet");
  absl::StatusOr<v1::Webhook> webhook = CheckWish(request.webhook(), plan->plan);
  if (!webhook.ok()) return webhook.status();
  const absl::StatusOr<std::vector<WebhookRecord>> others = store_.ListWebhooks();
  if (!others.ok()) return others.status();
  if (others->size() >= kWebhooksMax) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", others->size(), " webhooks already; remove one"));
  }
  const absl::StatusOr<int64_t> newest = store_.NewestChange(webhook->country());
  if (!newest.ok()) return newest.status();
  webhook->set_webhook_id(absl::StrCat("wh_", absl::BytesToHexString(RandomBytes(kIdBytes))));
  *webhook->mutable_create_time() = ToProto(clock_.Now());
  internal::v1::WebhookConfig config;
  *config.mutable_webhook() = *webhook;
  config.set_secret(RandomBytes(kHashBytes));
  const absl::Status added = store_.AddWebhook(
      {webhook->webhook_id(), webhook->country(), *newest, config.SerializeAsString(), ""});
  if (!added.ok()) return added;
  Log(LogLevel::kInfo, "admin", "webhook_added",
      {{"webhook", webhook->webhook_id()}, {"host", HostOf(webhook->url())}});
  v1::CreateWebhookResponse response;
  webhook->mutable_state()->set_change_seq(*newest);
  *response.mutable_webhook() = *std::move(webhook);
  response.set_secret(SecretText(config.secret()));
  return response;
}

absl::StatusOr<v1::ListWebhooksResponse> WebhookDesk::List(const v1::ListWebhooksRequest& request) {
  const absl::StatusOr<std::vector<WebhookRecord>> records = store_.ListWebhooks();
  if (!records.ok()) return records.status();
  std::map<std::string, const WebhookRecord*> by_id;
  for (const WebhookRecord& record : *records) by_id.emplace(record.webhook_id, &record);
  v1::ListWebhooksResponse response;
  const auto next = FillPage(by_id, request, [&response](const WebhookRecord* record) {
    v1::Webhook& webhook = *response.add_webhooks();
    internal::v1::WebhookConfig config;
    v1::WebhookState state;
    if (config.ParseFromString(record->config) && state.ParseFromString(record->state)) {
      webhook = config.webhook();
      *webhook.mutable_state() = state;
    } else {
      // It is shown, so that it can be removed.
      webhook.set_webhook_id(record->webhook_id);
      webhook.set_country(record->country);
      webhook.mutable_state()->set_error(std::string(Damaged(record->webhook_id).message()));
    }
    webhook.mutable_state()->set_change_seq(record->position);
  });
  if (!next.ok()) return next.status();
  response.set_next_page_token(*next);
  return response;
}

absl::StatusOr<v1::DeleteWebhookResponse> WebhookDesk::Delete(
    const v1::DeleteWebhookRequest& request) {
  const absl::Status status = store_.DeleteWebhook(request.webhook_id());
  if (!status.ok()) return status;
  Log(LogLevel::kInfo, "admin", "webhook_removed", {{"webhook", request.webhook_id()}});
  return v1::DeleteWebhookResponse();
}

absl::StatusOr<internal::v1::WebhookConfig> WebhookDesk::Find(const std::string& webhook_id) {
  const absl::StatusOr<std::vector<WebhookRecord>> records = store_.ListWebhooks();
  if (!records.ok()) return records.status();
  for (const WebhookRecord& record : *records) {
    if (record.webhook_id != webhook_id) continue;
    internal::v1::WebhookConfig config;
    if (!config.ParseFromString(record.config)) return Damaged(webhook_id);
    return config;
  }
  return absl::NotFoundError(
      absl::StrCat("webhook_id: there is no webhook \"", absl::Utf8SafeCEscape(webhook_id), "\""));
}

absl::StatusOr<v1::TestWebhookResponse> WebhookDesk::Test(const v1::TestWebhookRequest& request) {
  const absl::StatusOr<internal::v1::WebhookConfig> config = Find(request.webhook_id());
  if (!config.ok()) return config.status();
  const absl::Time now = clock_.Now();
  const WebhookMessage message = TestMessage(config->webhook(), now);
  HttpPostRequest post;
  post.url = config->webhook().url();
  post.headers = MessageHeaders(message, config->secret(), now);
  post.body = message.body;
  const HttpPostResult result = HttpPost(post_, std::move(post));
  v1::TestWebhookResponse response;
  v1::Delivery& delivery = *response.mutable_delivery();
  delivery.set_message_id(message.id);
  delivery.set_message_type(message.type);
  delivery.set_attempt(1);
  *delivery.mutable_attempt_time() = ToProto(now);
  *delivery.mutable_duration() = ToProto(result.duration);
  delivery.set_http_status(result.http_status);
  delivery.set_error(result.error);
  const absl::Status logged =
      store_.AddDelivery(request.webhook_id(), delivery.SerializeAsString());
  if (!logged.ok()) return logged;
  return response;
}

absl::StatusOr<v1::ListDeliveriesResponse> WebhookDesk::ListDeliveries(
    const v1::ListDeliveriesRequest& request) {
  const absl::StatusOr<size_t> size = PageSize(request.page_size());
  if (!size.ok()) return size.status();
  const absl::StatusOr<int64_t> before = BeforeSeq(request.page_token());
  if (!before.ok()) return before.status();
  absl::Status known = Find(request.webhook_id()).status();
  if (!known.ok() && !absl::IsDataLoss(known)) return known;
  const absl::StatusOr<std::vector<DeliveryRecord>> records =
      store_.ReadDeliveries(request.webhook_id(), *before, *size + 1);
  if (!records.ok()) return records.status();
  v1::ListDeliveriesResponse response;
  for (const DeliveryRecord& record : *records) {
    if (response.deliveries_size() == static_cast<int>(*size)) {
      const int64_t last = response.deliveries().rbegin()->delivery_seq();
      response.set_next_page_token(TokenBefore(last));
      break;
    }
    v1::Delivery& delivery = *response.add_deliveries();
    if (!delivery.ParseFromString(record.delivery)) delivery.set_error("this entry is damaged");
    delivery.set_delivery_seq(record.delivery_seq);
  }
  return response;
}

}  // namespace sightline
