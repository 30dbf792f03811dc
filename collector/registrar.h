// The calls of Ingest that need no stream: who may make them now, and what comes of them.
#ifndef SIGHTLINE_COLLECTOR_REGISTRAR_H_
#define SIGHTLINE_COLLECTOR_REGISTRAR_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "collector/agent_desk.h"
#include "collector/call_guard.h"
#include "collector/enroll.h"
#include "collector/metrics.h"
#include "common/clock.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// Counts every call by what came of it. Nothing about an address is in a log, a count or an answer.
// Thread-safe. Owns nothing of these.
class Registrar {
 public:
  // `enrolments_per_block_max`: CallGuard.
  Registrar(Enrolment& enrolment, AgentDesk& agents, Metrics& metrics, const Clock& clock,
            int enrolments_per_block_max)
      : enrolment_(enrolment),
        agents_(agents),
        metrics_(metrics),
        clock_(clock),
        guard_(enrolments_per_block_max) {}

  // Never waits. RESOURCE_EXHAUSTED says when to try again. After OK one of those below follows,
  // for the same call and origin.
  absl::Status Admit(RegistryCall call, const Origin& origin);

  // May wait for the store. See Ingest.
  absl::StatusOr<v1::EnrollResponse> Enroll(const v1::EnrollRequest& request, const Origin& origin);
  absl::StatusOr<v1::RotateKeyResponse> RotateKey(const v1::RotateKeyRequest& request,
                                                  const Origin& origin);
  absl::StatusOr<v1::LeaveResponse> Leave(const v1::LeaveRequest& request, const Origin& origin);

  // The call ended with this status, without one of those above.
  void Settle(RegistryCall call, const Origin& origin, const absl::Status& status);

 private:
  Enrolment& enrolment_;
  AgentDesk& agents_;
  Metrics& metrics_;
  const Clock& clock_;
  CallGuard guard_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_REGISTRAR_H_
