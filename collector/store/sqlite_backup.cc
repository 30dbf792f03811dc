#include "collector/store/sqlite_backup.h"

#include <sqlite3.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "collector/store/new_file.h"
#include "collector/store/sqlite_handle.h"

namespace sightline {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
constexpr int kPagesPerStep = 1024;  // 4 MB

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

absl::StatusOr<SqliteHandle> Open(const std::string& name, int flags) {
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(name.c_str(), &raw, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteHandle db(raw);
  if (code != SQLITE_OK) return StatusOfSqlite(raw, code, absl::StrCat("opening ", name));
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  return db;
}

absl::Status Execute(sqlite3* db, const char* sql) {
  const int code = sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : StatusOfSqlite(db, code, sql);
}

absl::Status CopyPages(const std::string& path, const std::string& to, BackupProgress progress) {
  const absl::StatusOr<SqliteHandle> source = Open(path, SQLITE_OPEN_READWRITE);
  if (!source.ok()) return source.status();
  const absl::StatusOr<SqliteHandle> copy = Open(to, SQLITE_OPEN_READWRITE);
  if (!copy.ok()) return copy.status();
  // The copy is checked and synced as a whole, so its own journal would be in vain.
  absl::Status status = Execute(copy->get(), "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  // One read transaction around all steps: without it, every commit of the collector would make the
  // copy start over.
  if (status.ok()) status = Execute(source->get(), "BEGIN; SELECT 1 FROM sqlite_master");
  if (!status.ok()) return status;
  std::unique_ptr<sqlite3_backup, FinishBackup> backup(
      sqlite3_backup_init(copy->get(), "main", source->get(), "main"));
  if (backup == nullptr) {
    return StatusOfSqlite(copy->get(), sqlite3_errcode(copy->get()), "beginning a backup");
  }
  int code = SQLITE_OK;
  while (code == SQLITE_OK) {
    code = sqlite3_backup_step(backup.get(), kPagesPerStep);
    const int64_t all = sqlite3_backup_pagecount(backup.get());
    progress(all - sqlite3_backup_remaining(backup.get()), all);
  }
  const int finished = sqlite3_backup_finish(backup.release());
  if (code == SQLITE_DONE && finished == SQLITE_OK) return absl::OkStatus();
  return StatusOfSqlite(copy->get(), code == SQLITE_DONE ? finished : code, "copying pages");
}

int KeepFirstColumn(void* out, int columns, char** values, char** /*names*/) {
  auto* text = static_cast<std::string*>(out);
  if (columns > 0 && values[0] != nullptr && text->empty()) *text = values[0];
  return 0;
}

absl::Status CheckCopy(const std::string& path) {
  // Immutable: no other process has it, and no files shall appear beside it.
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      absl::StrAppend(&uri, "%", absl::Hex(static_cast<unsigned char>(c), absl::kZeroPad2));
    } else {
      uri.push_back(c);
    }
  }
  const absl::StatusOr<SqliteHandle> db =
      Open(absl::StrCat(uri, "?immutable=1"), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
  if (!db.ok()) return db.status();
  std::string verdict;
  const int code =
      sqlite3_exec(db->get(), "PRAGMA integrity_check(1)", KeepFirstColumn, &verdict, nullptr);
  if (code != SQLITE_OK) return StatusOfSqlite(db->get(), code, "checking the copy");
  if (verdict == "ok") return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      "the copy is damaged (", verdict, "), and so, most likely, is the store; nothing was kept"));
}

}  // namespace

absl::Status BackupSqlite(const std::string& path, const std::string& out,
                          BackupProgress progress) {
  absl::StatusOr<NewFile> file = NewFile::Create(out);
  if (!file.ok()) return file.status();
  absl::Status status = CopyPages(path, file->temporary_path(), progress);
  if (status.ok()) status = CheckCopy(file->temporary_path());
  if (status.ok()) status = file->Finish();
  return status;
}

}  // namespace sightline
