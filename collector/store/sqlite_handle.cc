#include "collector/store/sqlite_handle.h"

#include "absl/strings/str_cat.h"

namespace sightline {

absl::Status StatusOfSqlite(sqlite3* db, int code, absl::string_view doing) {
  const std::string message = absl::StrCat("SQLite ", doing, ": ", sqlite3_errmsg(db));
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
      return absl::AlreadyExistsError(message);
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(absl::StrCat(message, "; make room on the disk"));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(
          absl::StrCat(message, "; give another file or restore this one from a copy"));
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return absl::FailedPreconditionError(
          absl::StrCat(message, "; the file and its folder must be there and writable"));
    case SQLITE_TOOBIG:
      return absl::InvalidArgumentError(message);
    case SQLITE_ERROR:
    case SQLITE_MISUSE:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
      return absl::InternalError(message);
    default:  // busy, locked, I/O error, out of memory, interrupted
      return absl::UnavailableError(message);
  }
}

}  // namespace sightline
