// The half of SqlStore that knows the log's days.
#include <string>
#include <utility>

#include "collector/store/sql_rows.h"
#include "collector/store/sql_store.h"

namespace sightline {
namespace {

constexpr absl::string_view kSelectFirstDay = "SELECT day FROM log_start WHERE id = 1";
constexpr absl::string_view kPutFirstDay =
    "INSERT INTO log_start (id, day) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET day = "
    "excluded.day";
constexpr absl::string_view kDeleteDays = "DELETE FROM batches WHERE day < $1";

}  // namespace

absl::Status SqlStore::PrepareDays(int64_t /*today*/) { return absl::OkStatus(); }

absl::Status SqlStore::DropDaysBefore(int64_t day) {
  return database_->Write([&](SqlSession& session) {
    absl::Status status = session.Run(kPutFirstDay, {day}).status();
    if (status.ok()) status = session.Run(kDeleteDays, {day}).status();
    return status;
  });
}

absl::StatusOr<int64_t> SqlStore::FirstDay() {
  const absl::StatusOr<SqlResult> found = Query(kSelectFirstDay, {});
  if (!found.ok()) return found.status();
  return found->rows.empty() ? 0 : found->rows[0][0].number;
}

}  // namespace sightline
