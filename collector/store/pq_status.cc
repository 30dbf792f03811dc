#include "collector/store/pq_status.h"

#include <algorithm>
#include <pqxx/except>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/redact.h"

namespace sightline {
namespace {

// What the first line says, without the addresses in it.
std::string FirstLine(absl::string_view text) {
  return RedactAddresses(text.substr(0, text.find('\n')));
}

absl::Status FromSqlState(const std::string& state, absl::string_view what) {
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
  // given in time.
  if (in_class("40") || state == "42P07" || state == "42710" || state == "55P03") {
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

std::string DescribeLostConnection(absl::string_view what) {
  what = what.substr(0, what.find('\n'));
  // Otherwise the URL itself is quoted, and may have quotes in its password.
  const bool quotes_pair = absl::StartsWith(what, "connection to server");
  std::string result;
  for (;;) {
    const size_t open = what.find('"');
    result.append(what.data(), std::min(open, what.size()));
    if (open == absl::string_view::npos) break;
    size_t close = quotes_pair ? what.find('"', open + 1) : what.rfind('"');
    if (close == open) close = absl::string_view::npos;
    // Of all that libpq quotes here only these are no host, path or URL.
    const bool harmless = absl::EndsWith(result, "user ") || absl::EndsWith(result, "role ") ||
                          absl::EndsWith(result, "database ");
    if (harmless && close != absl::string_view::npos) {
      result.append(what.data() + open, close + 1 - open);
    } else {
      result.append("(...)");
    }
    if (close == absl::string_view::npos) break;
    what.remove_prefix(close + 1);
  }
  return RedactAddresses(result);
}

absl::Status StatusOfPqException() {
  // Most derived first.
  try {
    throw;
  } catch (const pqxx::broken_connection& e) {
    return absl::UnavailableError(
        absl::StrCat("PostgreSQL is not reachable: ", DescribeLostConnection(e.what()),
                     "; it is tried again with the next call"));
  } catch (const pqxx::in_doubt_error&) {
    return absl::AbortedError(
        "PostgreSQL was lost during a commit, which may have succeeded; read again, then retry");
  } catch (const pqxx::transaction_rollback& e) {
    return absl::AbortedError(absl::StrCat("PostgreSQL: ", FirstLine(e.what())));
  } catch (const pqxx::unique_violation& e) {
    return absl::AlreadyExistsError(absl::StrCat("PostgreSQL: ", FirstLine(e.what())));
  } catch (const pqxx::sql_error& e) {
    return FromSqlState(e.sqlstate(), e.what());
  } catch (const std::exception& e) {
    return absl::InternalError(absl::StrCat("PostgreSQL: ", FirstLine(e.what())));
  }
}

}  // namespace sightline
