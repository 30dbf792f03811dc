// The tables of a store but for the log, as they are copied from one store to another.
#ifndef SIGHTLINE_COLLECTOR_STORE_COPY_TABLES_H_
#define SIGHTLINE_COLLECTOR_STORE_COPY_TABLES_H_

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"

namespace sightline {

enum class ColumnKind { kNumber, kText, kBytes, kFlag };

struct CopyColumn {
  absl::string_view name;
  ColumnKind kind;
};

// A table that is copied page by page. The first `keys` columns are its key.
struct CopyTable {
  absl::string_view name;
  size_t keys;
  std::vector<CopyColumn> columns;
};

// Every table but the log, the agents, and what belongs to the processes on a store (leases).
const std::vector<CopyTable>& SmallCopyTables();

// Copied last: where there are agents, the copy is whole.
const CopyTable& AgentsCopyTable();

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_COPY_TABLES_H_
