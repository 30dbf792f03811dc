#include "agent/plan_keeper.h"

#include <variant>

#include "absl/strings/str_cat.h"
#include "common/plan.h"

namespace sightline::agent {

absl::StatusOr<std::unique_ptr<PlanKeeper>> PlanKeeper::Load(StateFolder& folder,
                                                             const VerifyKey& operator_key,
                                                             const Clock& clock) {
  const absl::StatusOr<v1::SignedPlan> signed_plan = folder.LoadPlan();
  if (!signed_plan.ok()) return signed_plan.status();
  // An expired plan is still the one held: its version decides what is newer.
  auto opened = OpenPlan(*signed_plan, {operator_key}, 0, absl::InfinitePast());
  if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) {
    return absl::DataLossError(absl::StrCat("the plan in ", folder.path(),
                                            " is not usable: ", ToText(*refusal),
                                            "; enrol anew in an empty folder with a new invite"));
  }
  return std::unique_ptr<PlanKeeper>(
      new PlanKeeper(folder, operator_key, clock, std::get<v1::Plan>(std::move(opened))));
}

std::shared_ptr<const v1::Plan> PlanKeeper::Current() const {
  const std::lock_guard lock(mutex_);
  return plan_;
}

absl::StatusOr<std::optional<v1::PlanRefusal>> PlanKeeper::Offer(const v1::SignedPlan& offered) {
  const std::lock_guard lock(mutex_);
  auto opened = OpenPlan(offered, {operator_key_}, plan_->version(), clock_.Now());
  if (auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) return std::move(*refusal);
  if (absl::Status status = folder_.SavePlan(offered); !status.ok()) return status;
  plan_ = std::make_shared<const v1::Plan>(std::get<v1::Plan>(std::move(opened)));
  return std::optional<v1::PlanRefusal>();
}

}  // namespace sightline::agent
