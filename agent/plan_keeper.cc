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
  OperatorKeys keys(operator_key);
  absl::StatusOr<std::vector<VerifyKey>> saved = folder.LoadOperatorKeys();
  if (saved.ok()) {
    keys = OperatorKeys(*std::move(saved));
  } else if (!absl::IsNotFound(saved.status())) {
    return saved.status();
  }
  // An expired plan is still the one held: its version decides what is newer.
  auto opened = keys.Open(*signed_plan, 0, absl::InfinitePast());
  if (const auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) {
    return absl::DataLossError(absl::StrCat("the plan in ", folder.path(),
                                            " is not usable: ", ToText(*refusal),
                                            "; enrol anew in an empty folder with a new invite"));
  }
  v1::Plan plan = std::get<v1::Plan>(std::move(opened));
  keys.Follow(*signed_plan, plan);
  return std::unique_ptr<PlanKeeper>(
      new PlanKeeper(folder, std::move(keys), clock, std::move(plan)));
}

std::shared_ptr<const v1::Plan> PlanKeeper::Current() const {
  const std::lock_guard lock(mutex_);
  return plan_;
}

absl::StatusOr<std::optional<v1::PlanRefusal>> PlanKeeper::Offer(const v1::SignedPlan& offered) {
  const std::lock_guard lock(mutex_);
  auto opened = keys_.Open(offered, plan_->version(), clock_.Now());
  if (auto* refusal = std::get_if<v1::PlanRefusal>(&opened)) return std::move(*refusal);
  // The keys first: they open the plan held as well as the one offered (a plan lists its signer),
  // so the folder is whole whenever the machine stops.
  absl::Status status = folder_.SaveOperatorKeys(keys_.keys());
  if (status.ok()) status = folder_.SavePlan(offered);
  if (!status.ok()) return status;
  plan_ = std::make_shared<const v1::Plan>(std::get<v1::Plan>(std::move(opened)));
  keys_.Follow(offered, *plan_);
  return std::optional<v1::PlanRefusal>();
}

}  // namespace sightline::agent
