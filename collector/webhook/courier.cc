#include "collector/webhook/courier.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/log.h"
#include "collector/webhook/back_off.h"
#include "collector/webhook/wish.h"
#include "common/message.h"

namespace sightline {
namespace {

// Changes that are looked at in one go.
constexpr size_t kPage = 64;

// Since when nothing was delivered.
absl::Time QuietSince(const v1::Webhook& webhook, const v1::WebhookState& state) {
  return FromProto(state.has_deliver_time() ? state.deliver_time() : webhook.create_time());
}

const char* ResultName(const v1::Delivery& delivery) {
  if (delivery.error().empty()) return "acknowledged";
  return delivery.http_status() == 0 ? "unanswered" : "refused";
}

}  // namespace

absl::StatusOr<Courier::Stored> Courier::Parse(const WebhookRecord& record) {
  Stored stored;
  stored.webhook_id = record.webhook_id;
  stored.country = record.country;
  stored.position = record.position;
  if (!stored.config.ParseFromString(record.config) ||
      !stored.state.ParseFromString(record.state)) {
    return absl::DataLossError(
        absl::StrCat("webhook ", record.webhook_id, " is damaged; remove it and add it again"));
  }
  return stored;
}

absl::StatusOr<int64_t> Courier::NewestChange(const std::string& country) {
  const auto it = newest_.find(country);
  if (it != newest_.end()) return it->second;
  const absl::StatusOr<int64_t> newest = parts_.store.NewestChange(country);
  if (newest.ok()) newest_.emplace(country, *newest);
  return newest;
}

void Courier::Post(Posted posted, const WebhookMessage& message, absl::Time now) {
  const Stored& webhook = posted.before;
  v1::Delivery& delivery = posted.delivery;
  delivery.set_message_id(message.id);
  delivery.set_message_type(message.type);
  delivery.set_attempt(webhook.state.failed_attempts() + 1);
  *delivery.mutable_attempt_time() = ToProto(now);
  HttpPostRequest request;
  request.url = webhook.config.webhook().url();
  request.headers = MessageHeaders(message, webhook.config.secret(), now);
  request.body = message.body;
  parts_.poster.Start(webhook.webhook_id, std::move(request));
  posted_[webhook.webhook_id] = std::move(posted);
}

// Moves the webhook's position over changes that do not concern it, and posts the first that does.
// Whether there was one.
absl::StatusOr<bool> Courier::PostChange(Stored& webhook, absl::Time now) {
  const absl::StatusOr<int64_t> newest = NewestChange(webhook.country);
  if (!newest.ok()) return newest.status();
  if (*newest <= webhook.position) return false;
  const absl::StatusOr<std::vector<ChangeRecord>> records =
      parts_.store.ReadChanges(webhook.country, webhook.position, kPage);
  if (!records.ok()) return records.status();
  for (const ChangeRecord& record : *records) {
    v1::Change change;
    if (!change.ParseFromString(record.change)) {
      return absl::DataLossError(
          absl::StrCat("change ", record.change_seq, " of ", webhook.country, " is damaged"));
    }
    if (Concerns(webhook.config.webhook(), change)) {
      Posted posted;
      posted.before = webhook;
      posted.position = record.change_seq;
      posted.delivery.set_change_seq(record.change_seq);
      posted.change_time = FromProto(change.change_time());
      Post(std::move(posted), ChangeMessage(webhook.webhook_id, change, record.change), now);
      return true;
    }
    webhook.position = record.change_seq;
  }
  busy_ = busy_ || records->size() == kPage;
  return false;
}

absl::Status Courier::PostHeartbeat(const Stored& webhook, absl::Time now) {
  const v1::Webhook& wish = webhook.config.webhook();
  const absl::Time due = QuietSince(wish, webhook.state) + FromProto(wish.heartbeat_interval());
  if (now < due) return absl::OkStatus();
  const absl::StatusOr<std::optional<absl::Time>> window =
      parts_.store.NewestVerdict(webhook.country);
  if (!window.ok()) return window.status();
  Posted posted;
  posted.before = webhook;
  posted.position = webhook.position;
  const WebhookMessage message =
      HeartbeatMessage(wish, webhook.position, window->value_or(absl::InfinitePast()), due);
  Post(std::move(posted), message, now);
  return absl::OkStatus();
}

absl::Status Courier::Consider(Stored webhook, absl::Time now, const LeaseRecord& held) {
  const absl::Time not_before = FromProto(webhook.state.next_attempt_time());
  // One that is further off was written by a clock that was wrong.
  if (now < not_before && not_before <= now + kBackOffMax) return absl::OkStatus();
  const int64_t position = webhook.position;
  const absl::StatusOr<bool> posted = PostChange(webhook, now);
  if (!posted.ok()) return posted.status();
  if (*posted) return absl::OkStatus();
  if (webhook.position > position) {
    const std::string state = webhook.state.SerializeAsString();
    const absl::Status moved = parts_.store.MoveWebhook(
        kWebhookLease, held, {webhook.webhook_id, webhook.position, state, ""});
    if (!moved.ok()) return moved;
  }
  return busy_ ? absl::OkStatus() : PostHeartbeat(webhook, now);
}

absl::Status Courier::Turn(const LeaseRecord& held) {
  busy_ = false;
  newest_.clear();
  absl::Status status = Write(held);
  if (absl::IsFailedPrecondition(status)) return status;
  // Only now: what was written is in it.
  const absl::StatusOr<std::vector<WebhookRecord>> webhooks = parts_.store.ListWebhooks();
  if (!webhooks.ok()) return webhooks.status();
  idle_ = webhooks->empty();
  const absl::Time now = parts_.clock.Now();
  for (const WebhookRecord& record : *webhooks) {
    if (posted_.contains(record.webhook_id)) continue;
    absl::StatusOr<Stored> webhook = Parse(record);
    if (!webhook.ok()) {
      status.Update(webhook.status());
      continue;
    }
    const absl::Status considered = Consider(*std::move(webhook), now, held);
    if (absl::IsFailedPrecondition(considered)) return considered;
    // One that was deleted meanwhile is no error.
    if (!absl::IsNotFound(considered)) status.Update(considered);
  }
  Report(*webhooks, now);
  return status;
}

void Courier::Judge(Posted& posted, const HttpPostResult& result) {
  const absl::Time now = parts_.clock.Now();
  v1::Delivery& delivery = posted.delivery;
  *delivery.mutable_duration() = ToProto(result.duration);
  delivery.set_http_status(result.http_status);
  delivery.set_error(result.error);
  posted.finished = true;
  posted.after = posted.before.state;
  v1::WebhookState& state = posted.after;
  parts_.metrics.WebhookPosted(ResultName(delivery)).Increment();
  const bool was_failing = state.failed_attempts() > 0;
  const std::string host = HostOf(posted.before.config.webhook().url());
  if (result.error.empty()) {
    state.Clear();
    *state.mutable_deliver_time() = ToProto(now);
    if (was_failing) {
      Log(LogLevel::kInfo, "webhook", "goes_on",
          {{"webhook", posted.before.webhook_id}, {"host", host}});
    }
    return;
  }
  state.set_failed_attempts(state.failed_attempts() + 1);
  if (!was_failing) *state.mutable_failing_since_time() = delivery.attempt_time();
  state.set_error(result.error);
  *state.mutable_next_attempt_time() = ToProto(
      now + WaitAfter(state.failed_attempts(), result.http_status, result.retry_after, random_));
  if (posted.change_time.has_value()) {
    *state.mutable_waiting_change_time() = ToProto(*posted.change_time);
  }
  // One that goes on failing is said once.
  if (was_failing) return;
  Log(LogLevel::kWarn, "webhook", "fails",
      {{"webhook", posted.before.webhook_id}, {"host", host}, {"detail", result.error}});
}

absl::Status Courier::Write(const LeaseRecord& held) {
  absl::Status status;
  for (auto it = posted_.begin(); it != posted_.end();) {
    const Posted& posted = it->second;
    if (!posted.finished) {
      ++it;
      continue;
    }
    const bool acknowledged = posted.delivery.error().empty();
    const std::string state = posted.after.SerializeAsString();
    const std::string delivery = posted.delivery.SerializeAsString();
    const absl::Status written = parts_.store.MoveWebhook(
        kWebhookLease, held,
        {it->first, acknowledged ? posted.position : posted.before.position, state, delivery});
    if (absl::IsFailedPrecondition(written)) return written;
    // Of a webhook that was deleted meanwhile nothing is to be kept.
    if (written.ok() || absl::IsNotFound(written)) {
      it = posted_.erase(it);
      continue;
    }
    // Nothing more is posted to it until this is written.
    status.Update(written);
    ++it;
  }
  return status;
}

absl::Status Courier::Take(const std::vector<HttpPoster::Finished>& finished,
                           const LeaseRecord& held) {
  for (const HttpPoster::Finished& each : finished) {
    const auto it = posted_.find(each.name);
    if (it != posted_.end()) Judge(it->second, each.result);
  }
  return Write(held);
}

void Courier::Forget() {
  parts_.poster.Cancel();
  posted_.clear();
  parts_.metrics.webhooks_failing.Set(0);
  parts_.metrics.webhook_waiting_seconds.Set(0);
}

void Courier::Report(const std::vector<WebhookRecord>& webhooks, absl::Time now) {
  int failing = 0;
  absl::Time oldest = now;
  for (const WebhookRecord& record : webhooks) {
    const absl::StatusOr<Stored> webhook = Parse(record);
    if (!webhook.ok()) continue;
    failing += webhook->state.failed_attempts() > 0 ? 1 : 0;
    if (webhook->state.has_waiting_change_time()) {
      oldest = std::min(oldest, FromProto(webhook->state.waiting_change_time()));
    }
  }
  for (const auto& [id, posted] : posted_) {
    if (posted.change_time.has_value()) oldest = std::min(oldest, *posted.change_time);
  }
  parts_.metrics.webhooks_failing.Set(failing);
  parts_.metrics.webhook_waiting_seconds.Set(absl::ToDoubleSeconds(now - oldest));
}

}  // namespace sightline
