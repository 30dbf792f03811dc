// Lets agents in.
#ifndef SIGHTLINE_COLLECTOR_ENROLL_H_
#define SIGHTLINE_COLLECTOR_ENROLL_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/plan_book.h"
#include "collector/store/store.h"
#include "common/clock.h"
#include "common/regions.h"
#include "sightline/v1/admin.pb.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// What goes into every invite of this collector.
struct InviteTemplate {
  std::vector<std::string> collectors;  // "HOST:PORT"
  std::string collector_roots_pem;      // empty: the system's trust store
};

// Thread-safe; may wait for the store. Owns nothing.
class Enrolment {
 public:
  Enrolment(Store& store, PlanBook& plans, const RegionNames& regions, const Clock& clock,
            InviteTemplate invite_template)
      : store_(store),
        plans_(plans),
        regions_(regions),
        clock_(clock),
        invite_template_(std::move(invite_template)) {}

  // See Admin.CreateInvites.
  absl::StatusOr<v1::CreateInvitesResponse> CreateInvites(const v1::CreateInvitesRequest& request);

  // See Ingest.Enroll. FAILED_PRECONDITION when no plan is published yet. The log tells who came in
  // and who did not.
  absl::StatusOr<v1::EnrollResponse> Enroll(const v1::EnrollRequest& request);

 private:
  absl::StatusOr<v1::EnrollResponse> Redeem(const v1::EnrollRequest& request);
  absl::Status CheckRegion(v1::AgentRole role, const v1::Plan& plan,
                           const std::string& region) const;

  Store& store_;
  PlanBook& plans_;
  const RegionNames& regions_;
  const Clock& clock_;
  const InviteTemplate invite_template_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_ENROLL_H_
