// How an agent's row is found within a transaction.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQL_AGENTS_H_
#define SIGHTLINE_COLLECTOR_STORE_SQL_AGENTS_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/store/records.h"
#include "collector/store/sql_database.h"

namespace sightline {

// NOT_FOUND when no such agent is enrolled.
absl::StatusOr<AgentRecord> SelectAgent(SqlSession& session, absl::string_view agent_id);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQL_AGENTS_H_
