// What a group of records asks of the registry: pure functions that both stores share.
#ifndef SIGHTLINE_COLLECTOR_STORE_APPEND_PLAN_H_
#define SIGHTLINE_COLLECTOR_STORE_APPEND_PLAN_H_

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "collector/store/store.h"

namespace sightline {

// One compare-and-set of an agent's last_seq and head. Views point into the records.
struct ChainMove {
  absl::string_view agent_id;
  uint64_t from_seq = 0;
  absl::string_view from_head;
  uint64_t to_seq = 0;
  absl::string_view to_head;
  uint64_t key_generation = 0;
  std::vector<size_t> records;  // indices of the records that stand or fall with it, ascending
};

// One move per agent, over its records in their order up to the first that does not continue the
// one before it, or was verified with another key_generation in view. Sorted by agent_id, so that
// two appenders lock agents in the same order.
std::vector<ChainMove> PlanMoves(absl::Span<const LogRecord> records);

// INVALID_ARGUMENT names the record and the field that breaks its rule.
absl::Status CheckRecords(absl::Span<const LogRecord> records);

// INVALID_ARGUMENT unless 1 to 48 letters, digits, '.', '_' or '-'.
absl::Status CheckNode(absl::string_view node);

// Whether `text` is at most `size_max` printable ASCII characters.
bool IsShortText(absl::string_view text, size_t size_max);

// Days since 1970-01-01 UTC.
int64_t DayOf(int64_t unix_ms);

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_APPEND_PLAN_H_
