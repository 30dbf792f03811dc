#include "collector/store/sqlite_file.h"

#include <sqlite3.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sightline {
namespace {

constexpr int kBusyTimeoutMs = 10'000;

int KeepFirstColumn(void* out, int columns, char** values, char** /*names*/) {
  auto* text = static_cast<std::string*>(out);
  if (columns > 0 && values[0] != nullptr && text->empty()) *text = values[0];
  return 0;
}

}  // namespace

absl::StatusOr<SqliteHandle> OpenSqliteFile(const std::string& name, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteHandle db(raw);
  if (code != SQLITE_OK) return StatusOfSqlite(raw, code, absl::StrCat("opening ", name));
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  return db;
}

absl::StatusOr<SqliteHandle> OpenSqliteCopy(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      absl::StrAppend(&uri, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      uri.push_back(c);
    }
  }
  return OpenSqliteFile(absl::StrCat(uri, "?immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

absl::StatusOr<std::string> FirstText(sqlite3* db, const std::string& sql) {
  std::string text;
  const int code = sqlite3_exec(db, sql.c_str(), KeepFirstColumn, &text, nullptr);
  if (code != SQLITE_OK) return StatusOfSqlite(db, code, absl::StrCat("running ", sql));
  return text;
}

absl::StatusOr<int64_t> FirstNumber(sqlite3* db, const std::string& sql) {
  const absl::StatusOr<std::string> text = FirstText(db, sql);
  if (!text.ok()) return text.status();
  int64_t number = 0;
  if (text->empty() || absl::SimpleAtoi(*text, &number)) return number;
  return absl::DataLossError(absl::StrCat("SQLite running ", sql, ": ", *text, " is no number"));
}

absl::Status CheckIntegrity(sqlite3* db) {
  const absl::StatusOr<std::string> verdict = FirstText(db, "PRAGMA integrity_check(1)");
  if (!verdict.ok()) return verdict.status();
  return *verdict == "ok" ? absl::OkStatus() : absl::DataLossError(*verdict);
}

}  // namespace sightline
