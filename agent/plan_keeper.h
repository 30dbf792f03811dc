// The plan in force, and what happens when a newer one is offered.
#ifndef SIGHTLINE_AGENT_PLAN_KEEPER_H_
#define SIGHTLINE_AGENT_PLAN_KEEPER_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "agent/state.h"
#include "common/clock.h"
#include "common/crypto.h"
#include "common/operator_keys.h"
#include "sightline/v1/ingest.pb.h"
#include "sightline/v1/plan.pb.h"

namespace sightline::agent {

// Thread-safe.
class PlanKeeper {
 public:
  // Opens the folder's plan with the pinned key, or with those that the folder says instead since
  // the operator changed its key (operator_keys.h); an expired one is opened too. `folder` and
  // `clock` must outlive it; nobody else writes the folder's plan and keys.
  static absl::StatusOr<std::unique_ptr<PlanKeeper>> Load(StateFolder& folder,
                                                          const VerifyKey& operator_key,
                                                          const Clock& clock);

  // The plan stays as it is for as long as the caller holds it.
  std::shared_ptr<const v1::Plan> Current() const;
  uint64_t version() const { return Current()->version(); }

  // Takes a newer plan: verified, saved durably, then in force. Or says why not; the one held stays
  // in force. A disk that cannot save it is an error, and the offer will come again.
  absl::StatusOr<std::optional<v1::PlanRefusal>> Offer(const v1::SignedPlan& offered);

 private:
  PlanKeeper(StateFolder& folder, OperatorKeys keys, const Clock& clock, v1::Plan plan)
      : folder_(folder),
        clock_(clock),
        keys_(std::move(keys)),
        plan_(std::make_shared<const v1::Plan>(std::move(plan))) {}

  StateFolder& folder_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  OperatorKeys keys_;  // guarded by mutex_; that may sign the next plan
  std::shared_ptr<const v1::Plan> plan_;
};

}  // namespace sightline::agent

#endif  // SIGHTLINE_AGENT_PLAN_KEEPER_H_
