#include "collector/audit_record.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "collector/audit_report.h"
#include "common/wire.h"

namespace sightline {
namespace {

using internal::v1::AUDIT_PROBLEM_KIND_BAD_SIGNATURE;
using internal::v1::AUDIT_PROBLEM_KIND_MALFORMED;

// Names of columns that differ from what was signed, or an empty string.
std::string ColumnsThatDiffer(const LogRecord& record, const v1::Batch& batch,
                              const AgentRecord& agent) {
  v1::SignedBatch signed_batch;
  signed_batch.set_batch(record.batch);
  std::string names;
  const auto compare = [&names](bool equal, absl::string_view name) {
    if (!equal) absl::StrAppend(&names, names.empty() ? "" : ", ", name);
  };
  compare(batch.agent_id() == record.agent_id, "agent_id");
  compare(batch.batch_seq() == record.batch_seq, "batch_seq");
  compare(FirstSeq(batch) == record.first_seq, "first_seq");
  compare(batch.prev_hash() == record.prev_hash, "prev_hash");
  compare(ChainHash(signed_batch, batch) == record.chain_hash, "chain_hash");
  compare(batch.round_time_ms() == absl::ToUnixMillis(record.round_time), "round_time");
  compare(batch.vantage().region() == agent.region, "region");
  return names;
}

}  // namespace

absl::StatusOr<AuditedAgent> MakeAuditedAgent(AgentRecord record) {
  AuditedAgent agent;
  absl::StatusOr<VerifyKey> key = VerifyKey::FromRaw(record.public_key);
  if (!key.ok()) return key.status();
  if (key->Id() != record.agent_id) {
    return absl::InvalidArgumentError("agent_id is not the hash of the registry's key");
  }
  agent.record = std::move(record);
  agent.key = *std::move(key);
  return agent;
}

RecordFindings CheckRecord(const LogRecord& record, const AuditedAgent& agent) {
  RecordFindings findings;
  const auto problem = [&](internal::v1::AuditProblemKind kind, std::string detail) {
    findings.problems.push_back(ProblemWith(record, kind, std::move(detail)));
  };
  if (agent.key.has_value() && !agent.key->Verify(kBatchDomain, record.batch, record.signature)) {
    problem(AUDIT_PROBLEM_KIND_BAD_SIGNATURE, absl::StrCat("of batch ", record.batch_seq));
  }
  v1::Batch batch;
  if (!batch.ParseFromString(record.batch)) {
    problem(AUDIT_PROBLEM_KIND_MALFORMED, absl::StrCat(record.batch.size(), " bytes, no batch"));
    return findings;
  }
  if (absl::Status shape = CheckBatchShape(batch); !shape.ok()) {
    problem(AUDIT_PROBLEM_KIND_MALFORMED, std::string(shape.message()));
  }
  const std::string differ = ColumnsThatDiffer(record, batch, agent.record);
  if (!differ.empty()) {
    problem(AUDIT_PROBLEM_KIND_MALFORMED, absl::StrCat("stored otherwise than signed: ", differ));
  }
  findings.batch = std::move(batch);
  return findings;
}

}  // namespace sightline
