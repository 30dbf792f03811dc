// What becomes of agents after they enrolled: revoked by the operator, with another key, gone.
#ifndef SIGHTLINE_COLLECTOR_AGENT_DESK_H_
#define SIGHTLINE_COLLECTOR_AGENT_DESK_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/store/store.h"
#include "collector/streams.h"
#include "common/clock.h"
#include "sightline/v1/admin.pb.h"
#include "sightline/v1/ingest.pb.h"

namespace sightline {

// Longest reason of a revocation: characters.
inline constexpr size_t kRevokeReasonMax = 200;

// An agent as operators see it. Pure.
v1::AgentInfo ToAgentInfo(const AgentRecord& agent);

// Whatever changes an agent ends its open stream here before the call returns; other collectors on
// the store follow (agent_watch.h). The log tells of every change and of every refusal, without
// keys and signatures. Thread-safe; may wait for the store. Owns nothing.
class AgentDesk {
 public:
  AgentDesk(Store& store, Streams& streams, const Clock& clock)
      : store_(store), streams_(streams), clock_(clock) {}

  // See Admin.RevokeAgent. INVALID_ARGUMENT names the field.
  absl::StatusOr<v1::RevokeAgentResponse> Revoke(const v1::RevokeAgentRequest& request);

  // See Ingest.RotateKey. INVALID_ARGUMENT names the field.
  absl::StatusOr<v1::RotateKeyResponse> RotateKey(const v1::RotateKeyRequest& request);

  // See Ingest.Leave.
  absl::StatusOr<v1::LeaveResponse> Leave(const v1::LeaveRequest& request);

 private:
  absl::Status Change(const v1::KeySuccession& succession);
  absl::StatusOr<bool> Drop(const v1::LeaveRequest& request);
  void Tell(absl::string_view agent_id);

  Store& store_;
  Streams& streams_;
  const Clock& clock_;
};

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AGENT_DESK_H_
