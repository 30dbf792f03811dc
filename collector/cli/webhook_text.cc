#include "collector/cli/webhook_text.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "collector/cli/event_text.h"
#include "collector/cli/moment.h"
#include "collector/cli/table.h"
#include "collector/export/csv_row.h"
#include "common/message.h"

namespace sightline::cli {
namespace {

// "https://hooks.example:8443/in?token=1" is "hooks.example:8443".
std::string HostAndPort(const std::string& url) {
  const std::vector<std::string> parts = absl::StrSplit(url, absl::MaxSplits("://", 1));
  return parts.back().substr(0, parts.back().find_first_of("/?#"));
}

template <typename Enum>
std::string Word(Enum value) {
  return absl::AsciiStrToLower(ShortName(value));
}

std::string Kinds(const v1::Webhook& webhook, absl::string_view between) {
  return absl::StrJoin(webhook.kinds(), between, [](std::string* out, int kind) {
    out->append(Word(static_cast<v1::ChangeKind>(kind)));
  });
}

std::string Rfc3339(bool set, const google::protobuf::Timestamp& time) {
  if (!set) return "";
  return absl::FormatTime(absl::RFC3339_sec, FromProto(time), absl::UTCTimeZone());
}

std::string Took(const google::protobuf::Duration& duration) {
  return absl::StrCat(absl::ToInt64Milliseconds(FromProto(duration)), " ms");
}

Cell StateCell(const v1::WebhookState& state, absl::Time now) {
  if (state.failed_attempts() > 0) {
    return {
        absl::StrCat("FAILS for ", Length(now - FromProto(state.failing_since_time())), ", ",
                     state.failed_attempts(),
                     state.failed_attempts() == 1 ? " attempt: " : " attempts: ", state.error()),
        Tone::kWarning};
  }
  if (!state.error().empty()) return {state.error(), Tone::kWarning};
  if (!state.has_deliver_time()) return {"nothing was posted yet", Tone::kFaint};
  return {absl::StrCat("last acknowledged ", MomentText(FromProto(state.deliver_time()))),
          Tone::kGood};
}

}  // namespace

std::string WebhookTable(const v1::ListWebhooksResponse& webhooks, absl::Time now, bool colour) {
  if (webhooks.webhooks().empty()) {
    return "No webhooks. Add one with \"sightline webhook add\".\n";
  }
  Table table;
  table.AddRow({{"Webhook", Tone::kStrong},
                {"Host", Tone::kStrong},
                {"Country", Tone::kStrong},
                {"Targets", Tone::kStrong},
                {"Kinds", Tone::kStrong},
                {"Heartbeat", Tone::kStrong},
                {"Change", Tone::kStrong, true},
                {"State (UTC)", Tone::kStrong}});
  for (const v1::Webhook& webhook : webhooks.webhooks()) {
    table.AddRow(
        {{webhook.webhook_id()},
         {HostAndPort(webhook.url())},
         {webhook.country()},
         {webhook.target_ids().empty() ? "all" : absl::StrJoin(webhook.target_ids(), ", ")},
         {Kinds(webhook, ", ")},
         {Length(FromProto(webhook.heartbeat_interval()))},
         {absl::StrCat(webhook.state().change_seq()), Tone::kPlain, true},
         StateCell(webhook.state(), now)});
  }
  return table.Render(0, colour);
}

std::string WebhookCsv(const v1::ListWebhooksResponse& webhooks) {
  std::string csv;
  AddCsvRow({"webhook_id", "url", "country", "target_ids", "kinds", "heartbeat_interval_s",
             "create_time", "change_seq", "deliver_time", "failed_attempts", "failing_since_time",
             "next_attempt_time", "waiting_change_time", "error"},
            csv);
  for (const v1::Webhook& webhook : webhooks.webhooks()) {
    const v1::WebhookState& state = webhook.state();
    AddCsvRow(
        {webhook.webhook_id(), webhook.url(), webhook.country(),
         absl::StrJoin(webhook.target_ids(), " "), Kinds(webhook, " "),
         absl::StrCat(webhook.heartbeat_interval().seconds()),
         Rfc3339(webhook.has_create_time(), webhook.create_time()),
         absl::StrCat(state.change_seq()), Rfc3339(state.has_deliver_time(), state.deliver_time()),
         absl::StrCat(state.failed_attempts()),
         Rfc3339(state.has_failing_since_time(), state.failing_since_time()),
         Rfc3339(state.has_next_attempt_time(), state.next_attempt_time()),
         Rfc3339(state.has_waiting_change_time(), state.waiting_change_time()), state.error()},
        csv);
  }
  return csv;
}

std::string DeliveryTable(const v1::ListDeliveriesResponse& deliveries, bool colour) {
  if (deliveries.deliveries().empty()) return "Nothing was posted yet.\n";
  Table table;
  table.AddRow({{"No.", Tone::kStrong, true},
                {"Time (UTC)", Tone::kStrong},
                {"Message", Tone::kStrong},
                {"Type", Tone::kStrong},
                {"Attempt", Tone::kStrong, true},
                {"Took", Tone::kStrong, true},
                {"Status", Tone::kStrong, true},
                {"Result", Tone::kStrong}});
  for (const v1::Delivery& delivery : deliveries.deliveries()) {
    const bool good = delivery.error().empty();
    table.AddRow({{absl::StrCat(delivery.delivery_seq()), Tone::kPlain, true},
                  {absl::FormatTime("%Y-%m-%d %H:%M:%S", FromProto(delivery.attempt_time()),
                                    absl::UTCTimeZone())},
                  {delivery.message_id()},
                  {Word(delivery.message_type())},
                  {absl::StrCat(delivery.attempt()), Tone::kPlain, true},
                  {Took(delivery.duration()), Tone::kPlain, true},
                  {delivery.http_status() == 0 ? "-" : absl::StrCat(delivery.http_status()),
                   Tone::kPlain, true},
                  {good ? "acknowledged" : delivery.error(), good ? Tone::kGood : Tone::kBad}});
  }
  return table.Render(0, colour);
}

std::string DeliveryCsv(const v1::ListDeliveriesResponse& deliveries) {
  std::string csv;
  AddCsvRow({"delivery_seq", "attempt_time", "message_id", "message_type", "change_seq", "attempt",
             "duration_ms", "http_status", "error"},
            csv);
  for (const v1::Delivery& delivery : deliveries.deliveries()) {
    AddCsvRow(
        {absl::StrCat(delivery.delivery_seq()),
         Rfc3339(delivery.has_attempt_time(), delivery.attempt_time()), delivery.message_id(),
         Word(delivery.message_type()),
         delivery.change_seq() == 0 ? "" : absl::StrCat(delivery.change_seq()),
         absl::StrCat(delivery.attempt()),
         absl::StrCat(absl::ToInt64Milliseconds(FromProto(delivery.duration()))),
         delivery.http_status() == 0 ? "" : absl::StrCat(delivery.http_status()), delivery.error()},
        csv);
  }
  return csv;
}

}  // namespace sightline::cli
