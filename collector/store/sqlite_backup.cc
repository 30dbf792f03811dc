#include "collector/store/sqlite_backup.h"

#include <sqlite3.h>

#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "collector/store/new_file.h"
#include "collector/store/sqlite_file.h"
#include "collector/store/sqlite_handle.h"

namespace sightline {
namespace {

constexpr int kPagesPerStep = 1024;  // 4 MB

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

absl::Status Execute(sqlite3* db, const char* sql) {
  const int code = sqlite3_exec(db, sql, nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : StatusOfSqlite(db, code, sql);
}

absl::Status CopyPages(const std::string& path, const std::string& to, BackupProgress progress) {
  const absl::StatusOr<SqliteHandle> source = OpenSqliteFile(path, SQLITE_OPEN_READWRITE);
  if (!source.ok()) return source.status();
  const absl::StatusOr<SqliteHandle> copy = OpenSqliteFile(to, SQLITE_OPEN_READWRITE);
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

absl::Status CheckCopy(const std::string& path) {
  const absl::StatusOr<SqliteHandle> db = OpenSqliteCopy(path);
  if (!db.ok()) return db.status();
  const absl::Status whole = CheckIntegrity(db->get());
  if (!absl::IsDataLoss(whole)) return whole;
  return absl::DataLossError(
      absl::StrCat("the copy is damaged (", whole.message(),
                   "), and so, most likely, is the store; nothing was kept"));
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
