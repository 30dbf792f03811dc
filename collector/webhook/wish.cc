#include "collector/webhook/wish.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "collector/directory.h"
#include "collector/webhook/http_post.h"
#include "common/message.h"

namespace sightline {
namespace {

constexpr absl::Duration kHeartbeatDefault = absl::Hours(24);
constexpr absl::Duration kHeartbeatMin = absl::Minutes(1);
constexpr absl::Duration kHeartbeatMax = absl::Hours(7 * 24);
constexpr v1::ChangeKind kKindsDefault[] = {v1::CHANGE_KIND_OPENED,    v1::CHANGE_KIND_CLOSED,
                                            v1::CHANGE_KIND_WIDENED,   v1::CHANGE_KIND_NARROWED,
                                            v1::CHANGE_KIND_SUSTAINED, v1::CHANGE_KIND_DISPUTED};

absl::Status CheckCountry(const std::string& country, const v1::Plan& plan) {
  if (country.empty()) {
    return absl::InvalidArgumentError("webhook.country: must be set, such as \"CN\"");
  }
  const absl::Status status = FindCountry(plan, country).status();
  return absl::Status(status.code(), absl::StrCat("webhook.", status.message()));
}

absl::Status SetTargets(const v1::Webhook& wish, const v1::Plan& plan, v1::Webhook& webhook) {
  std::vector<std::string> known;
  for (const v1::Target& target : plan.targets()) known.push_back(target.target_id());
  const std::set<std::string> wanted(wish.target_ids().begin(), wish.target_ids().end());
  for (const std::string& id : wanted) {
    if (std::find(known.begin(), known.end(), id) == known.end()) {
      return absl::NotFoundError(absl::StrCat("webhook.target_ids: no target \"",
                                              absl::Utf8SafeCEscape(id),
                                              "\"; known: ", absl::StrJoin(known, ", ")));
    }
    webhook.add_target_ids(id);
  }
  return absl::OkStatus();
}

absl::Status SetKinds(const v1::Webhook& wish, v1::Webhook& webhook) {
  std::set<int> kinds(wish.kinds().begin(), wish.kinds().end());
  for (const int kind : kinds) {
    if (kind == v1::CHANGE_KIND_UNSPECIFIED || !v1::ChangeKind_IsValid(kind)) {
      return absl::InvalidArgumentError(
          absl::StrCat("webhook.kinds: ", kind, " is no kind of change"));
    }
  }
  if (kinds.empty()) kinds.insert(std::begin(kKindsDefault), std::end(kKindsDefault));
  for (const int kind : kinds) webhook.add_kinds(static_cast<v1::ChangeKind>(kind));
  return absl::OkStatus();
}

absl::Status SetHeartbeat(const v1::Webhook& wish, v1::Webhook& webhook) {
  const absl::Duration interval =
      wish.has_heartbeat_interval() ? FromProto(wish.heartbeat_interval()) : kHeartbeatDefault;
  if (interval < kHeartbeatMin || interval > kHeartbeatMax) {
    return absl::InvalidArgumentError(
        absl::StrCat("webhook.heartbeat_interval: ", absl::FormatDuration(interval),
                     " is not from 1m to 168h (7 days)"));
  }
  *webhook.mutable_heartbeat_interval() = ToProto(interval);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Webhook> CheckWish(const v1::Webhook& wish, const v1::Plan& plan) {
  const absl::Status url = CheckUrl(wish.url());
  if (!url.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("webhook.url: ", url.message()));
  }
  v1::Webhook webhook;
  webhook.set_url(wish.url());
  webhook.set_country(wish.country());
  absl::Status status = CheckCountry(wish.country(), plan);
  if (status.ok()) status = SetTargets(wish, plan, webhook);
  if (status.ok()) status = SetKinds(wish, webhook);
  if (status.ok()) status = SetHeartbeat(wish, webhook);
  if (!status.ok()) return status;
  return webhook;
}

bool Concerns(const v1::Webhook& webhook, const v1::Change& change) {
  const auto& targets = webhook.target_ids();
  if (!targets.empty() &&
      std::find(targets.begin(), targets.end(), change.target_id()) == targets.end()) {
    return false;
  }
  return std::any_of(change.kinds().begin(), change.kinds().end(), [&webhook](int kind) {
    return std::find(webhook.kinds().begin(), webhook.kinds().end(), kind) != webhook.kinds().end();
  });
}

}  // namespace sightline
