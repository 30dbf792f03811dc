// Where each node's order ends: in the log, or in `nodes`, where it is kept when days are dropped.
#ifndef SIGHTLINE_COLLECTOR_STORE_NODE_SEQ_H_
#define SIGHTLINE_COLLECTOR_STORE_NODE_SEQ_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "collector/store/sql_database.h"

namespace sightline {

// Highest node_seq that the node ever used; 0 when it used none.
absl::StatusOr<uint64_t> LastNodeSeq(SqlSession& session, absl::string_view node);

// What `nodes` holds: node -> highest node_seq when days were dropped last.
absl::StatusOr<std::map<std::string, uint64_t>> SavedNodes(SqlSession& session);

// Nodes with records in the log, or in one day of it; ordered. One look into the index for each,
// however long the log.
absl::StatusOr<std::vector<std::string>> NodesIn(SqlSession& session, std::optional<int64_t> day);

// Makes `nodes` cover these numbers; what is higher already stays.
absl::Status SaveNodes(SqlSession& session, const std::map<std::string, uint64_t>& nodes);

// As SaveNodes, with the end of every node in the log, or in one day of it.
absl::Status SaveNodesOf(SqlSession& session, std::optional<int64_t> day);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_NODE_SEQ_H_
