// What can be told about one record of the log on its own.
#ifndef SIGHTLINE_COLLECTOR_AUDIT_RECORD_H_
#define SIGHTLINE_COLLECTOR_AUDIT_RECORD_H_

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "collector/store/store.h"
#include "common/crypto.h"
#include "sightline/internal/v1/audit.pb.h"
#include "sightline/v1/observation.pb.h"

namespace sightline {

// An agent of the registry, ready to check signatures with.
struct AuditedAgent {
  AgentRecord record;
  std::optional<VerifyKey> key;  // nothing when the registry's key is none
};

// INVALID_ARGUMENT when the key is none or not the one that agent_id is the hash of.
absl::StatusOr<AuditedAgent> MakeAuditedAgent(AgentRecord record);

struct RecordFindings {
  // Nothing when the bytes are no batch.
  std::optional<v1::Batch> batch;
  std::vector<internal::v1::AuditProblem> problems;
};

// Checks signature, shape, sender, region, and every column against the signed bytes. Pure.
RecordFindings CheckRecord(const LogRecord& record, const AuditedAgent& agent);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_AUDIT_RECORD_H_
