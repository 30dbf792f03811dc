#include "collector/store/sqlite_backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "collector/store/sqlite_handle.h"

namespace sightline {
namespace {

constexpr int kBusyTimeoutMs = 10'000;
constexpr int kPagesPerStep = 1024;  // 4 MB

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

absl::Status FileError(absl::string_view doing, const std::string& path, int error) {
  const std::string message = absl::StrCat(doing, " ", path, ": ", strerror(error));
  if (error == EEXIST) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " exists already and is left alone; give another name"));
  }
  if (error == ENOSPC || error == EDQUOT) return absl::ResourceExhaustedError(message);
  return absl::FailedPreconditionError(message);
}

// A file that goes away unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }

  absl::Status Create() const {
    const int fd = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return FileError("cannot make", path_, errno);
    close(fd);
    return absl::OkStatus();
  }

  // Onto the disk, under its final name, which must be free.
  absl::Status RenameTo(const std::string& out) {
    absl::Status status = Sync(path_, O_RDONLY);
    if (!status.ok()) return status;
    if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, out.c_str(), RENAME_NOREPLACE) != 0) {
      return FileError("cannot make", out, errno);
    }
    path_.clear();
    const size_t slash = out.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : out.substr(0, slash + 1);
    return Sync(folder, O_RDONLY | O_DIRECTORY);
  }

 private:
  static absl::Status Sync(const std::string& path, int flags) {
    const int fd = open(path.c_str(), flags | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) close(fd);
    return synced ? absl::OkStatus() : FileError("cannot sync", path, error);
  }

  std::string path_;
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
  if (access(out.c_str(), F_OK) == 0) return FileError("cannot make", out, EEXIST);
  TemporaryFile temporary(absl::StrCat(out, ".part", getpid()));
  const std::string name = absl::StrCat(out, ".part", getpid());
  absl::Status status = temporary.Create();
  if (status.ok()) status = CopyPages(path, name, progress);
  if (status.ok()) status = CheckCopy(name);
  if (status.ok()) status = temporary.RenameTo(out);
  return status;
}

}  // namespace sightline
