#include "collector/admin_detail.h"

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "collector/admin_log.h"
#include "collector/webhook/http_post.h"
#include "common/crypto.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr size_t kKeyDigits = 16;

// name="value"; a quote in the value is escaped.
std::string Field(absl::string_view name, absl::string_view value) {
  return absl::StrCat(name, "=\"", NoteText(value), "\"");
}

// The whole, which may be longer than its parts may be. They are escaped already.
std::string Whole(std::string text) {
  constexpr size_t kBytesMax = 990;
  if (text.size() <= kBytesMax) return text;
  size_t end = kBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text + "...";
}

}  // namespace

std::string DetailOf(const v1::CreateInvitesRequest& request) {
  const std::string lifetime =
      request.has_time_to_live()
          ? absl::StrCat(" time_to_live=", absl::FormatDuration(FromProto(request.time_to_live())))
          : std::string();
  return Whole(
      absl::StrCat("count=", request.count(), " role=", ShortName(request.role()), lifetime));
}

std::string DetailOf(const v1::PublishPlanRequest& request) {
  v1::Plan plan;
  const bool parsed = plan.ParseFromString(request.plan().plan());
  return Whole(
      absl::StrCat(parsed ? absl::StrCat("version=", plan.version()) : std::string("no plan"),
                   " key=", absl::BytesToHexString(request.plan().key_id()).substr(0, kKeyDigits)));
}

std::string DetailOf(const v1::RevokeAgentRequest& request) {
  return Whole(
      absl::StrCat(Field("agent", absl::BytesToHexString(request.agent_id().substr(0, kHashBytes))),
                   " ", Field("reason", request.reason())));
}

std::string DetailOf(const v1::CreateAnnotationRequest& request) {
  const v1::Annotation& note = request.annotation();
  return Whole(absl::StrCat(
      Field("country", note.country()), " ", Field("target", note.target_id()),
      " time=", absl::FormatTime(absl::RFC3339_sec, FromProto(note.time()), absl::UTCTimeZone()),
      " ", Field("text", note.text())));
}

std::string DetailOf(const v1::DeleteAnnotationRequest& request) {
  return Whole(absl::StrCat(Field("country", request.country()), " ",
                            Field("annotation", request.annotation_id())));
}

std::string DetailOf(const v1::CreateWebhookRequest& request) {
  const v1::Webhook& webhook = request.webhook();
  return Whole(absl::StrCat(Field("country", webhook.country()), " ",
                            Field("host", HostOf(webhook.url())), " ",
                            Field("targets", absl::StrJoin(webhook.target_ids(), ","))));
}

std::string DetailOf(const v1::DeleteWebhookRequest& request) {
  return Whole(Field("webhook", request.webhook_id()));
}

std::string DetailOf(const v1::TestWebhookRequest& request) {
  return Whole(Field("webhook", request.webhook_id()));
}

}  // namespace sightline
