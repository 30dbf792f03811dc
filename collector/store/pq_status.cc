#include "collector/store/pq_status.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace sightline {
namespace {

std::string FirstLine(absl::string_view text) {
  absl::ConsumePrefix(&text, "ERROR:  ");
  absl::ConsumePrefix(&text, "FATAL:  ");
  return std::string(text.substr(0, text.find('\n')));
}

absl::Status FromSqlState(absl::string_view state, absl::string_view what) {
  const std::string message = absl::StrCat("PostgreSQL: ", FirstLine(what));
  const auto in_class = [&state](absl::string_view prefix) {
    return absl::StartsWith(state, prefix);
  };
  if (state == "57014") return absl::DeadlineExceededError(message);
  if (in_class("53100")) return absl::ResourceExhaustedError(message);
  if (in_class("08") || in_class("57") || in_class("53") || in_class("58")) {
    return absl::UnavailableError(message);
  }
  // 42P07 and 42710: another collector made the table at the same moment. 55P03: a lock was not
  // given in time. 23514: the day's partition is being made (partitions.cc).
  if (in_class("40") || state == "42P07" || state == "42710" || state == "55P03" ||
      state == "23514") {
    return absl::AbortedError(message);
  }
  if (state == "23505") return absl::AlreadyExistsError(message);
  if (in_class("22")) return absl::InvalidArgumentError(message);
  if (in_class("XX")) return absl::DataLossError(message);
  if (in_class("28") || in_class("3D") || state == "42501" || state == "25006") {
    return absl::FailedPreconditionError(
        absl::StrCat(message, "; check the user, the database and its rights"));
  }
  return absl::InternalError(absl::StrCat(message, " (SQLSTATE ", state, ")"));
}

}  // namespace

absl::Status StatusOfPqResult(PGconn* connection, const PGresult* result) {
  const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
  if (state != nullptr) return FromSqlState(state, PQresultErrorMessage(result));
  if (PQstatus(connection) == CONNECTION_OK) {
    return absl::InternalError(absl::StrCat("PostgreSQL: ", FirstLine(PQerrorMessage(connection))));
  }
  return absl::UnavailableError(
      absl::StrCat("PostgreSQL is not reachable: ", FirstLine(PQerrorMessage(connection)),
                   "; it is tried again with the next call"));
}

}  // namespace sightline
