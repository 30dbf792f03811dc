// What can be told about one record of the log on its own.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_RECORD_H_
#define SIGHTLINE_COLLECTOR_AUDIT_RECORD_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "collector/agent_keys.h"
#include "collector/store/store.h"
#include "sightline/internal/v1/audit.pb.h"
#include "sightline/v1/observation.pb.h"

namespace sightline {

// An agent of the registry, ready to check signatures with.
struct AuditedAgent {
  AgentRecord record;
  std::optional<AgentKeys> keys;  // nothing when the registry's keys are no chain from its name on
};

// INVALID_ARGUMENT when the keys are no chain from agent_id on (agent_keys.h), or not as long as
// the record says.
absl::StatusOr<AuditedAgent> MakeAuditedAgent(AgentRecord record,
                                              absl::Span<const v1::KeySuccession> successions);

struct RecordFindings {
  // Nothing when the bytes are no batch.
  std::optional<v1::Batch> batch;
  std::vector<internal::v1::AuditProblem> problems;
  // Whether the signature is not by the key of its number.
  bool bad_signature = false;
};

// Checks signature, shape, sender, region, and every column against the signed bytes. Pure.
RecordFindings CheckRecord(const LogRecord& record, const AuditedAgent& agent);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_RECORD_H_
