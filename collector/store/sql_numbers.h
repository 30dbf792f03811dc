// Rows that are numbered 1, 2, 3, ... by whoever writes them.
#ifndef SIGHTLINE_COLLECTOR_STORE_SQL_NUMBERS_H_
#define SIGHTLINE_COLLECTOR_STORE_SQL_NUMBERS_H_

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "collector/store/sql_database.h"

namespace sightline {

// Writers that come together for one number, all but one of whom try again.
inline constexpr int kNumberAttemptsMax = 16;

// Runs `body`, which takes the number after the highest one that it sees, in a transaction; again
// when somebody else took it first. So a number becomes visible after all below it. ABORTED when
// others were always faster.
inline absl::Status WriteNumbered(SqlDatabase& database,
                                  absl::FunctionRef<absl::Status(SqlSession&)> body) {
  absl::Status status;
  for (int attempt = 0; attempt < kNumberAttemptsMax; ++attempt) {
    status = database.Write(body);
    if (!absl::IsAlreadyExists(status)) return status;
  }
  return absl::AbortedError(absl::StrCat("others were faster; try again: ", status.message()));
}

}  // namespace sightline

#endif  // SIGHTLINE_COLLECTOR_STORE_SQL_NUMBERS_H_
