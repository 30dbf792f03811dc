#include "collector/store/sql_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "collector/store/append_plan.h"
#include "common/crypto.h"

namespace sightline {

absl::StatusOr<std::vector<int64_t>> SqlSession::RunEach(absl::string_view sql,
                                                         absl::Span<const SqlValues> args) {
  std::vector<int64_t> affected;
  affected.reserve(args.size());
  for (const SqlValues& values : args) {
    const absl::StatusOr<SqlResult> result = Run(sql, values);
    if (!result.ok()) return result.status();
    affected.push_back(result->affected);
  }
  return affected;
}

int64_t ToSqlInt(uint64_t value) {
  return static_cast<int64_t>(std::min(value, uint64_t{std::numeric_limits<int64_t>::max()}));
}

SqlBatchRow BatchRow(absl::string_view node, uint64_t node_seq, const LogRecord& record) {
  const int64_t round_ms = absl::ToUnixMillis(record.round_time);
  return {SqlBytes{record.batch},
          SqlBytes{record.agent_id},
          static_cast<int64_t>(record.batch_seq),
          DayOf(round_ms),
          SqlText{node},
          static_cast<int64_t>(node_seq),
          static_cast<int64_t>(record.first_seq),
          SqlBytes{record.prev_hash},
          SqlBytes{record.chain_hash},
          round_ms,
          absl::ToUnixMillis(record.receive_time),
          SqlText{record.country},
          int64_t{record.asn},
          SqlBytes{record.bucket},
          SqlBytes{record.signature}};
}

absl::StatusOr<AgentRecord> AgentFromRow(std::vector<SqlCell>& row) {
  AgentRecord agent;
  agent.agent_id = std::move(row[0].bytes);
  agent.public_key = std::move(row[1].bytes);
  agent.role = static_cast<v1::AgentRole>(row[2].number);
  agent.region = std::move(row[3].bytes);
  agent.enroll_time = absl::FromUnixMillis(row[4].number);
  agent.equivocated = row[5].number != 0;
  agent.last_seq = static_cast<uint64_t>(row[6].number);
  agent.head = std::move(row[7].bytes);
  agent.end = static_cast<v1::AgentEnd>(row[8].number);
  agent.end_time = absl::FromUnixMillis(row[9].number);
  agent.key_generation = static_cast<uint64_t>(row[10].number);
  if (agent.agent_id.size() != kHashBytes || agent.public_key.size() != kPublicKeyBytes ||
      agent.head.size() != kHashBytes || row[6].number < 0 || row[10].number < 0 ||
      !v1::AgentRole_IsValid(static_cast<int>(row[2].number)) ||
      !v1::AgentEnd_IsValid(static_cast<int>(row[8].number))) {
    return absl::DataLossError(
        absl::StrCat("agent ", absl::BytesToHexString(agent.agent_id),
                     " is damaged in the store; restore the store from a copy"));
  }
  return agent;
}

absl::StatusOr<LogRecord> LogFromRow(std::vector<SqlCell>& row) {
  LogRecord record;
  record.agent_id = std::move(row[1].bytes);
  record.batch_seq = static_cast<uint64_t>(row[2].number);
  record.node = std::move(row[4].bytes);
  record.node_seq = static_cast<uint64_t>(row[5].number);
  record.first_seq = static_cast<uint64_t>(row[6].number);
  record.prev_hash = std::move(row[7].bytes);
  record.chain_hash = std::move(row[8].bytes);
  record.round_time = absl::FromUnixMillis(row[9].number);
  record.receive_time = absl::FromUnixMillis(row[10].number);
  record.country = std::move(row[11].bytes);
  record.asn = static_cast<uint32_t>(row[12].number);
  record.bucket = std::move(row[13].bytes);
  record.signature = std::move(row[14].bytes);
  record.batch = std::move(row[0].bytes);
  if (!CheckRecords(absl::MakeConstSpan(&record, 1)).ok() ||
      row[3].number != DayOf(row[9].number)) {
    return absl::DataLossError(absl::StrCat("record ", record.node_seq, " of node ", record.node,
                                            " is damaged in the store; restore the store from a "
                                            "copy"));
  }
  return record;
}

}  // namespace sightline
