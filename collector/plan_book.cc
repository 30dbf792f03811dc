#include "collector/plan_book.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/message.h"

namespace sightline {

absl::Status PlanBook::Refresh() {
  absl::StatusOr<std::vector<v1::SignedPlan>> stored = store_.ListPlans();
  if (!stored.ok()) return stored.status();
  // From the first one on, so that it does not matter in which order they became known.
  OperatorKeys keys(operator_key_);
  uint64_t last_version = 0;
  for (v1::SignedPlan& signed_plan : *stored) {
    // An old plan that has expired still explains the batches that followed it.
    auto opened = keys.Open(signed_plan, last_version, absl::InfinitePast());
    if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) {
      return absl::FailedPreconditionError(absl::StrCat(
          "the store holds a plan that the operator's keys do not open (", ToText(*refusal),
          "); start the collector with the key that signed the first plan"));
    }
    auto version = std::make_shared<const PlanVersion>(std::move(signed_plan),
                                                       std::get<v1::Plan>(std::move(opened)));
    last_version = version->plan.version();
    Add(version, keys);
    keys.Follow(version->signed_plan, version->plan);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PlanBook::Publish(const v1::SignedPlan& signed_plan) {
  if (absl::Status status = Refresh(); !status.ok()) return status;
  const OperatorKeys keys = CurrentKeys();
  auto opened = keys.Open(signed_plan, CurrentVersion(), clock_.Now());
  if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) {
    const std::string text = ToText(*refusal);
    return refusal->reason() == v1::PLAN_REFUSAL_REASON_MALFORMED
               ? absl::InvalidArgumentError(text)
               : absl::FailedPreconditionError(text);
  }
  auto version =
      std::make_shared<const PlanVersion>(signed_plan, std::get<v1::Plan>(std::move(opened)));
  const uint64_t number = version->plan.version();
  absl::Status status = store_.AddPlan(number, signed_plan);
  if (absl::IsAlreadyExists(status)) {
    return absl::FailedPreconditionError(
        absl::StrCat("NOT_NEWER: another plan with version ", number, " was published meanwhile"));
  }
  if (!status.ok()) return status;
  Add(std::move(version), keys);
  return number;
}

void PlanBook::Add(std::shared_ptr<const PlanVersion> version, const OperatorKeys& keys) {
  OperatorKeys next = keys;
  next.Follow(version->signed_plan, version->plan);
  const uint64_t number = version->plan.version();
  const VerifyKey signer = *keys.Find(version->signed_plan.key_id());
  const std::lock_guard lock(mutex_);
  versions_.emplace(number, Entry{std::move(version), signer, std::move(next)});
}

std::shared_ptr<const PlanVersion> PlanBook::Current() const {
  const std::lock_guard lock(mutex_);
  return versions_.empty() ? nullptr : versions_.rbegin()->second.version;
}

uint64_t PlanBook::CurrentVersion() const {
  const std::lock_guard lock(mutex_);
  return versions_.empty() ? 0 : versions_.rbegin()->first;
}

OperatorKeys PlanBook::CurrentKeys() const {
  const std::lock_guard lock(mutex_);
  return versions_.empty() ? OperatorKeys(operator_key_) : versions_.rbegin()->second.next;
}

VerifyKey PlanBook::signing_key() const {
  const std::lock_guard lock(mutex_);
  return versions_.empty() ? operator_key_ : versions_.rbegin()->second.signer;
}

std::shared_ptr<const PlanVersion> PlanBook::NextFor(uint64_t held_version) const {
  const absl::Time now = clock_.Now();
  const std::lock_guard lock(mutex_);
  if (versions_.empty() || versions_.rbegin()->first <= held_version) return nullptr;
  const std::shared_ptr<const PlanVersion>& newest = versions_.rbegin()->second.version;
  const auto held = versions_.find(held_version);
  if (held == versions_.end()) return newest;
  for (auto it = versions_.rbegin(); it->first > held_version; ++it) {
    const PlanVersion& candidate = *it->second.version;
    const bool expired = FromProto(candidate.plan.expire_time()) <= now;
    if (!expired && held->second.next.Has(candidate.signed_plan.key_id()))
      return it->second.version;
  }
  // It will say that it knows no such key, and so will its log.
  return newest;
}

std::shared_ptr<const PlanVersion> PlanBook::Known(uint64_t version) const {
  const std::lock_guard lock(mutex_);
  const auto it = versions_.find(version);
  return it == versions_.end() ? nullptr : it->second.version;
}

absl::StatusOr<std::shared_ptr<const PlanVersion>> PlanBook::Find(uint64_t version) {
  if (auto known = Known(version)) return known;
  if (absl::Status status = Refresh(); !status.ok()) return status;
  if (auto known = Known(version)) return known;
  return absl::NotFoundError(absl::StrCat("this collector has no plan with version ", version));
}

}  // namespace sightline
