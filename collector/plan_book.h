// Every plan of this collector, checked once: the first against the pinned operator key, each other
// against the keys that the ones before it leave (common/operator_keys.h).
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
#include "common/operator_keys.h"
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
  // not signed with a key that may sign it.
  absl::Status Refresh();

  // Stores a newer plan. An error begins with the PlanRefusalReason by name.
  absl::StatusOr<uint64_t> Publish(const v1::SignedPlan& signed_plan);

  // The newest plan; nullptr when there is none.
  std::shared_ptr<const PlanVersion> Current() const;

  // The newest plan that an agent which holds `held_version` can check: while the operator changes
  // its key that may be one between, and the rest follows when the agent holds that one. nullptr
  // when there is none above `held_version`. Never waits.
  std::shared_ptr<const PlanVersion> NextFor(uint64_t held_version) const;

  // A version; asks the store when it is not known here (another collector may have published it).
  // NOT_FOUND.
  absl::StatusOr<std::shared_ptr<const PlanVersion>> Find(uint64_t version);
  // The same without asking the store: nullptr when it is not known here. Never waits.
  std::shared_ptr<const PlanVersion> Known(uint64_t version) const;

  // The key that signed the newest plan, which agents that enrol now have to pin; the pinned one
  // when there is no plan.
  VerifyKey signing_key() const;

 private:
  struct Entry {
    std::shared_ptr<const PlanVersion> version;
    VerifyKey signer;
    OperatorKeys next;  // may sign the plan after this one
  };

  uint64_t CurrentVersion() const;
  OperatorKeys CurrentKeys() const;
  // Notes a plan that `keys` opened.
  void Add(std::shared_ptr<const PlanVersion> version, const OperatorKeys& keys);

  Store& store_;
  const VerifyKey operator_key_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<uint64_t, Entry> versions_;  // guarded by mutex_
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_PLAN_BOOK_H_
