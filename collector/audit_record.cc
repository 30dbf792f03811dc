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

absl::StatusOr<AuditedAgent> MakeAuditedAgent(AgentRecord record,
                                              absl::Span<const v1::KeySuccession> successions) {
  absl::StatusOr<AgentKeys> keys =
      AgentKeys::Follow(record.agent_id, record.public_key, successions);
  if (!keys.ok()) return keys.status();
  if (keys->generation() != record.key_generation) {
    return absl::InvalidArgumentError(absl::StrCat("key_generation: ", record.key_generation,
                                                   ", with statements of ", keys->generation()));
  }
  return AuditedAgent{std::move(record), *std::move(keys)};
}

RecordFindings CheckRecord(const LogRecord& record, const AuditedAgent& agent) {
  RecordFindings findings;
  const auto problem = [&](internal::v1::AuditProblemKind kind, std::string detail) {
    findings.problems.push_back(ProblemWith(record, kind, std::move(detail)));
  };
  v1::Batch batch;
  const bool parsed = batch.ParseFromString(record.batch);
  if (agent.keys.has_value()) {
    const VerifyKey& key = parsed ? agent.keys->KeyOf(batch.batch_seq()) : agent.keys->current();
    findings.bad_signature = !key.Verify(kBatchDomain, record.batch, record.signature);
  }
  if (findings.bad_signature) {
    problem(AUDIT_PROBLEM_KIND_BAD_SIGNATURE, absl::StrCat("of batch ", record.batch_seq));
  }
  if (!parsed) {
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
