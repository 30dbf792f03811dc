// Every plan of this collector, checked once against the operator key.
#ifndef SIGHTLINE_COLLECTOR_PLAN_BOOK_H_
#define SIGHTLINE_COLLECTOR_PLAN_BOOK_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "collector/store/store.h"
#include "collector/verdict/round.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/plan.h"

namespace sightline {

// One version, ready for look-ups. Immutable.
struct PlanVersion {
  explicit PlanVersion(v1::SignedPlan signed_bytes, v1::Plan parsed)
      : signed_plan(std::move(signed_bytes)), plan(std::move(parsed)), index(plan), rounds(plan) {}
  PlanVersion(const PlanVersion&) = delete;
  PlanVersion& operator=(const PlanVersion&) = delete;

  const v1::SignedPlan signed_plan;
  const v1::Plan plan;
  const PlanIndex index;
  const RoundPlan rounds;
};

// Thread-safe. Publish, Refresh and a Find that misses may wait for the store.
class PlanBook {
 public:
  // Does not own `store` and `clock`.
  PlanBook(Store& store, VerifyKey operator_key, const Clock& clock)
      : store_(store), operator_key_(std::move(operator_key)), clock_(clock) {}

  // Reads what the store holds and this book does not. FAILED_PRECONDITION when a stored plan is
  // not signed with the operator key.
  absl::Status Refresh();

  // Stores a newer plan. An error begins with the PlanRefusalReason by name.
  absl::StatusOr<uint64_t> Publish(const v1::SignedPlan& signed_plan);

  // The newest plan; nullptr when there is none.
  std::shared_ptr<const PlanVersion> Current() const;

  // A version; asks the store when it is not known here (another collector may have published it).
  // NOT_FOUND.
  absl::StatusOr<std::shared_ptr<const PlanVersion>> Find(uint64_t version);
  // The same without asking the store: nullptr when it is not known here. Never waits.
  std::shared_ptr<const PlanVersion> Known(uint64_t version) const;

  const VerifyKey& operator_key() const { return operator_key_; }

 private:
  uint64_t CurrentVersion() const;

  Store& store_;
  const VerifyKey operator_key_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<uint64_t, std::shared_ptr<const PlanVersion>> versions_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PLAN_BOOK_H_
