#include "collector/plan_book.h"

#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"

namespace sightline {

absl::Status PlanBook::Refresh() {
  absl::StatusOr<std::vector<v1::SignedPlan>> stored = store_.ListPlans();
  if (!stored.ok()) return stored.status();
  for (v1::SignedPlan& signed_plan : *stored) {
    // An old plan that has expired still explains the batches that followed it.
    auto opened = OpenPlan(signed_plan, {operator_key_}, 0, absl::InfinitePast());
    if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the store holds a plan that the operator key does not open (",
                       ToText(*refusal), "); start the collector with the key that signed it"));
    }
    auto version = std::make_shared<const PlanVersion>(std::move(signed_plan),
                                                       std::get<v1::Plan>(std::move(opened)));
    const std::lock_guard lock(mutex_);
    versions_.emplace(version->plan.version(), version);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> PlanBook::Publish(const v1::SignedPlan& signed_plan) {
  if (absl::Status status = Refresh(); !status.ok()) return status;
  auto opened = OpenPlan(signed_plan, {operator_key_}, CurrentVersion(), clock_.Now());
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
  const std::lock_guard lock(mutex_);
  versions_.emplace(number, std::move(version));
  return number;
}

std::shared_ptr<const PlanVersion> PlanBook::Current() const {
  const std::lock_guard lock(mutex_);
  return versions_.empty() ? nullptr : versions_.rbegin()->second;
}

uint64_t PlanBook::CurrentVersion() const {
  const std::lock_guard lock(mutex_);
  return versions_.empty() ? 0 : versions_.rbegin()->first;
}

std::shared_ptr<const PlanVersion> PlanBook::Known(uint64_t version) const {
  const std::lock_guard lock(mutex_);
  const auto it = versions_.find(version);
  return it == versions_.end() ? nullptr : it->second;
}

absl::StatusOr<std::shared_ptr<const PlanVersion>> PlanBook::Find(uint64_t version) {
  if (auto known = Known(version)) return known;
  if (absl::Status status = Refresh(); !status.ok()) return status;
  if (auto known = Known(version)) return known;
  return absl::NotFoundError(absl::StrCat("this collector has no plan with version ", version));
}

}  // namespace sightline
