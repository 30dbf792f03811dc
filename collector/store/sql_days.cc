// The half of SqlStore that knows the log's days.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/node_seq.h"
#include "collector/store/partitions.h"
#include "collector/store/sql_rows.h"
#include "collector/store/sql_store.h"
#include "common/wire.h"

namespace sightline {
namespace {

// Partitions are kept for this many days to both sides of today.
constexpr int64_t kDaysAround = 3;
// A batch may come kLateMax after its round, which may have begun just before midnight.
const int64_t kBucketKeyDays = kLateMax / absl::Hours(24) + 1;
constexpr int64_t kDayMax = int64_t{1} << 40;  // whatever a caller asks for, bounds do not overflow

constexpr absl::string_view kSelectFirstDay = "SELECT day FROM log_start WHERE id = 1";
constexpr absl::string_view kPutFirstDay =
    "INSERT INTO log_start (id, day) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET day = "
    "excluded.day WHERE log_start.day < excluded.day";
constexpr absl::string_view kForgetBucketKeys = "DELETE FROM bucket_keys WHERE day < $1";
// Rows go in groups of this many, so that nobody who appends waits for long.
constexpr absl::string_view kSelectOldRows =
    "SELECT agent_id, batch_seq, day, node, node_seq FROM batches WHERE day < $1 LIMIT 256";
constexpr absl::string_view kDeleteRow =
    "DELETE FROM batches WHERE agent_id = $1 AND batch_seq = $2 AND day = $3";

absl::StatusOr<int64_t> FirstDayIn(SqlSession& session) {
  const absl::StatusOr<SqlResult> found = session.Run(kSelectFirstDay, {});
  if (!found.ok()) return found.status();
  return found->rows.empty() ? 0 : found->rows[0][0].number;
}

// Deletes some of the rows before `day`; whether there were any. Their numbers are kept by the same
// transaction: some may have come in after the drop began.
absl::StatusOr<bool> DeleteSomeRows(SqlSession& session, int64_t day) {
  const absl::StatusOr<SqlResult> found = session.Run(kSelectOldRows, {day});
  if (!found.ok()) return found.status();
  if (found->rows.empty()) return false;
  std::map<std::string, uint64_t> ends;
  std::vector<SqlValues> keys;
  for (const std::vector<SqlCell>& row : found->rows) {
    keys.push_back({SqlBytes{row[0].bytes}, row[1].number, row[2].number});
    uint64_t& end = ends[row[3].bytes];
    end = std::max(end, static_cast<uint64_t>(row[4].number));
  }
  absl::Status status = SaveNodes(session, ends);
  if (status.ok()) status = session.RunEach(kDeleteRow, keys).status();
  if (!status.ok()) return status;
  return true;
}

}  // namespace

absl::Status SqlStore::PrepareDays(int64_t today) {
  // Whoever has a day's key can try all address blocks. Nothing of those days is taken any more.
  const absl::Status forgotten = database_->Write([&](SqlSession& session) {
    return session.Run(kForgetBucketKeys, {today - kBucketKeyDays}).status();
  });
  if (!forgotten.ok()) return forgotten;
  if (database_->dialect() == SqlDialect::kSqlite) return absl::OkStatus();
  return AddPartitions(*database_, today - kDaysAround, today + kDaysAround);
}

absl::Status SqlStore::DropDaysBefore(int64_t day) {
  if (day > kDayMax) return absl::InvalidArgumentError("the day is too far in the future");
  // First of all nobody may take the days for whole any more, nor use a node_seq again.
  absl::Status status = database_->Write([&](SqlSession& session) {
    const absl::StatusOr<int64_t> first = FirstDayIn(session);
    if (!first.ok()) return first.status();
    // What an earlier call left, or came in too late, goes with any later call.
    day = std::max(day, *first);
    absl::Status saved = SaveNodesOf(session, std::nullopt);
    if (saved.ok() && day > *first) saved = session.Run(kPutFirstDay, {day}).status();
    return saved;
  });
  if (status.ok() && database_->dialect() == SqlDialect::kPostgresql) {
    status = DropPartitionsBefore(*database_, day);
  }
  bool more = true;
  while (status.ok() && more) {
    status = database_->Write([&](SqlSession& session) {
      const absl::StatusOr<bool> found = DeleteSomeRows(session, day);
      if (found.ok()) more = *found;
      return found.status();
    });
  }
  return status;
}

absl::StatusOr<int64_t> SqlStore::FirstDay() {
  absl::StatusOr<int64_t> day;
  const absl::Status status = database_->Read([&](SqlSession& session) {
    day = FirstDayIn(session);
    return day.status();
  });
  if (!status.ok()) return status;
  return day;
}

}  // namespace sightline
