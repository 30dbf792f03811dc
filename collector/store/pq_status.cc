#include "collector/store/pq_status.h"

#include <exception>
#include <pqxx/except>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "collector/store/pq_words.h"

namespace sightline {
namespace {

absl::Status FromSqlState(absl::string_view state, absl::string_view what) {
  const std::string message = absl::StrCat("PostgreSQL: ", SqlErrorInWords(what));
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
    return absl::InternalError(
        absl::StrCat("PostgreSQL: ", SqlErrorInWords(PQerrorMessage(connection))));
  }
  return absl::UnavailableError(absl::StrCat(
      "PostgreSQL is not reachable: ", LostConnectionInWords(PQerrorMessage(connection)),
      "; it is tried again with the next call"));
}

absl::Status StatusOfPqxxException() {
  // Most derived first.
  try {
    throw;
  } catch (const pqxx::broken_connection& e) {
    return absl::UnavailableError(
        absl::StrCat("PostgreSQL is not reachable: ", LostConnectionInWords(e.what()),
                     "; it is tried again with the next call"));
  } catch (const pqxx::in_doubt_error&) {
    return absl::AbortedError(
        "PostgreSQL was lost during a commit, which may have succeeded; read again, then retry");
  } catch (const pqxx::transaction_rollback& e) {
    return absl::AbortedError(absl::StrCat("PostgreSQL: ", SqlErrorInWords(e.what())));
  } catch (const pqxx::unique_violation& e) {
    return absl::AlreadyExistsError(absl::StrCat("PostgreSQL: ", SqlErrorInWords(e.what())));
  } catch (const pqxx::sql_error& e) {
    return FromSqlState(e.sqlstate(), e.what());
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("PostgreSQL: ", SqlErrorInWords(e.what())));
  }
}

}  // namespace sightline
