// How records lie in rows: column lists, values to bind, and back. Pure functions.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQL_ROWS_H_
#define SIGHTLINE_COLLECTOR_STORE_SQL_ROWS_H_

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/store/sql_database.h"
#include "collector/store/store.h"

namespace sightline {

// Columns of `agents`, in the order of AgentFromRow.
inline constexpr absl::string_view kAgentColumns[] = {
    "agent_id", "public_key", "role",     "region",      "enroll_time_ms", "equivocated",
    "last_seq", "head",       "end_kind", "end_time_ms", "key_generation"};

// A sequence number or limit as SQL's integer; what does not fit becomes the highest.
int64_t ToSqlInt(uint64_t value);

// Values for a row of `batches`. Views point into the arguments.
SqlBatchRow BatchRow(absl::string_view node, uint64_t node_seq, const LogRecord& record);

// DATA_LOSS when the row holds what no record can.
absl::StatusOr<AgentRecord> AgentFromRow(std::vector<SqlCell>& row);
absl::StatusOr<LogRecord> LogFromRow(std::vector<SqlCell>& row);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQL_ROWS_H_
