#include "common/plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/message.h"
#include "common/plan_rules.h"
#include "common/wire.h"

namespace sightline {
namespace {

v1::PlanRefusal Refuse(v1::PlanRefusalReason reason, std::string detail) {
  v1::PlanRefusal refusal;
  refusal.set_reason(reason);
  refusal.set_detail(std::move(detail));
  return refusal;
}

}  // namespace

absl::Status ValidatePlan(const v1::Plan& plan) {
  plan_rules::PlanNames names;
  absl::Status status = plan_rules::CheckFrame(plan, names);
  if (status.ok()) status = plan_rules::CheckNetwork(plan);
  if (status.ok()) status = plan_rules::CheckTargets(plan, names);
  if (status.ok()) status = plan_rules::CheckStorefronts(plan, names);
  if (status.ok() && names.checks.size() > kChecksMax) {
    status =
        plan_rules::Wrong("checks", absl::StrCat("the plan has ", names.checks.size(), ", at most ",
                                                 kChecksMax, " are taken; drop some"));
  }
  return status;
}

void SetMissingTimes(v1::Plan& plan, absl::Time now) {
  if (!plan.has_issue_time()) plan.mutable_issue_time()->set_seconds(absl::ToUnixSeconds(now));
  if (plan.has_expire_time()) return;
  *plan.mutable_expire_time() = ToProto(FromProto(plan.issue_time()) + kPlanLifetime);
}

v1::SignedPlan SignPlan(const v1::Plan& plan, const SigningKey& operator_key) {
  v1::SignedPlan result;
  result.set_plan(plan.SerializeAsString());
  result.set_signature(operator_key.Sign(kPlanDomain, result.plan()));
  result.set_key_id(operator_key.public_key().Id());
  return result;
}

std::vector<VerifyKey> KeysAfter(const v1::Plan& plan, const VerifyKey& pinned) {
  std::vector<VerifyKey> keys;
  for (const std::string& raw : plan.operator_keys()) {
    if (absl::StatusOr<VerifyKey> key = VerifyKey::FromRaw(raw); key.ok()) {
      keys.push_back(*std::move(key));
    }
  }
  if (keys.empty()) keys.push_back(pinned);
  return keys;
}

std::variant<v1::Plan, v1::PlanRefusal> OpenPlan(const v1::SignedPlan& signed_plan,
                                                 absl::Span<const VerifyKey> operator_keys,
                                                 uint64_t held_version, absl::Time now) {
  if (signed_plan.plan().size() > kPlanBytesMax) {
    return Refuse(v1::PLAN_REFUSAL_REASON_MALFORMED,
                  absl::StrCat("the plan has ", signed_plan.plan().size(), " bytes, at most ",
                               kPlanBytesMax, " are taken"));
  }
  const auto signer =
      std::find_if(operator_keys.begin(), operator_keys.end(),
                   [&](const VerifyKey& key) { return key.Id() == signed_plan.key_id(); });
  if (signer == operator_keys.end()) {
    return Refuse(v1::PLAN_REFUSAL_REASON_UNKNOWN_KEY,
                  "the plan is signed with another key than the operator's: neither the one that "
                  "came with the invite nor one that an earlier plan named");
  }
  if (!signer->Verify(kPlanDomain, signed_plan.plan(), signed_plan.signature())) {
    return Refuse(v1::PLAN_REFUSAL_REASON_BAD_SIGNATURE,
                  "the signature does not fit the plan: it was altered after signing");
  }
  v1::Plan plan;
  if (!plan.ParseFromString(signed_plan.plan())) {
    return Refuse(v1::PLAN_REFUSAL_REASON_MALFORMED, "the signed bytes are no plan");
  }
  if (const absl::Status status = ValidatePlan(plan); !status.ok()) {
    return Refuse(v1::PLAN_REFUSAL_REASON_MALFORMED, std::string(status.message()));
  }
  const auto& listed = plan.operator_keys();
  if (!listed.empty() && std::find(listed.begin(), listed.end(), signer->raw()) == listed.end()) {
    return Refuse(v1::PLAN_REFUSAL_REASON_MALFORMED,
                  "operator_keys: must hold the key that signs the plan; add it, or leave the list "
                  "out");
  }
  if (plan.version() <= held_version) {
    return Refuse(v1::PLAN_REFUSAL_REASON_NOT_NEWER,
                  absl::StrCat("the plan has version ", plan.version(), ", and version ",
                               held_version, " is held"));
  }
  if (FromProto(plan.expire_time()) <= now) {
    return Refuse(
        v1::PLAN_REFUSAL_REASON_EXPIRED,
        absl::StrCat("the plan expired at ",
                     absl::FormatTime(FromProto(plan.expire_time()), absl::UTCTimeZone())));
  }
  return plan;
}

std::string ToText(const v1::PlanRefusal& refusal) {
  return absl::StrCat(ShortName(refusal.reason()), ": ", refusal.detail());
}

bool IsObservedRegion(const v1::Plan& plan, absl::string_view region) {
  for (const v1::CountryRegions& country : plan.countries()) {
    for (const std::string& known : country.regions()) {
      if (known == region) return true;
    }
  }
  return false;
}

bool IsObservedCountry(const v1::Plan& plan, absl::string_view country) {
  return std::any_of(
      plan.countries().begin(), plan.countries().end(),
      [country](const v1::CountryRegions& known) { return known.country() == country; });
}

PlanIndex::PlanIndex(const v1::Plan& plan) {
  for (const v1::Target& target : plan.targets()) {
    for (const v1::Feature& feature : target.features()) {
      for (const v1::Check& check : feature.checks()) {
        entries_.emplace(check.check_id(), Entry{&target, &feature, &check});
      }
    }
  }
}

const PlanIndex::Entry* PlanIndex::Find(absl::string_view check_id) const {
  const auto it = entries_.find(check_id);
  return it == entries_.end() ? nullptr : &it->second;
}

}  // namespace sightline
