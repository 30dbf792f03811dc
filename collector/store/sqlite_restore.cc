#include "collector/store/sqlite_restore.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "collector/store/migrations.h"
#include "collector/store/new_file.h"
#include "collector/store/sqlite_file.h"

namespace sightline {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
// What SQLite keeps beside a store. Of another store they would be taken for this one's.
constexpr const char* kBeside[] = {"-wal", "-shm", "-journal"};

// Records whose node's numbers have a hole somewhere: how many are missing.
constexpr char kMissing[] =
    "SELECT COALESCE(SUM(last - first + 1 - n), 0) FROM (SELECT MIN(node_seq) AS first, "
    "MAX(node_seq) AS last, COUNT(*) AS n FROM batches GROUP BY node)";
constexpr char kLateStarts[] =
    "SELECT COUNT(*) FROM (SELECT MIN(node_seq) AS first FROM batches GROUP BY node) "
    "WHERE first <> 1";
// Records that do not continue the one before them in their agent's chain.
constexpr char kUnlinked[] =
    "SELECT COUNT(*) FROM (SELECT first_seq, prev_hash, LAG(batch_seq) OVER chain AS seq_before, "
    "LAG(chain_hash) OVER chain AS hash_before FROM batches "
    "WINDOW chain AS (PARTITION BY agent_id ORDER BY batch_seq)) "
    "WHERE seq_before IS NOT NULL AND (first_seq <> seq_before + 1 OR prev_hash <> hash_before)";
// Agents whose chain does not end in the log as the registry says, or goes on behind that.
constexpr char kBadEnds[] =
    "SELECT COUNT(*) FROM agents WHERE (last_seq > 0 AND NOT EXISTS (SELECT 1 FROM batches WHERE "
    "batches.agent_id = agents.agent_id AND batch_seq = last_seq AND chain_hash = head)) OR "
    "EXISTS (SELECT 1 FROM batches WHERE batches.agent_id = agents.agent_id AND "
    "batch_seq > last_seq)";

absl::Status CheckFree(const std::string& path) {
  for (const char* suffix : kBeside) {
    const std::string beside = absl::StrCat(path, suffix);
    if (access(beside.c_str(), F_OK) != 0) continue;
    return absl::AlreadyExistsError(absl::StrCat(
        beside, " is there: it belongs to a store that is in use or was. Stop the ",
        "collector, and move ", path, ", ", path, "-wal and ", path, "-shm away together"));
  }
  return absl::OkStatus();
}

// Without its write-ahead file the last batches would be missing, and nobody would notice.
absl::Status CheckCopyAlone(const std::string& from) {
  struct stat info = {};
  const std::string beside = absl::StrCat(from, "-wal");
  if (stat(beside.c_str(), &info) != 0 || info.st_size == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      from, " is a store with ", beside,
      " beside it, no copy; make one with: sightline-collector backup --store sqlite:", from,
      " --out FILE"));
}

class Source {
 public:
  explicit Source(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  const int fd_;
};

absl::Status CopyBytes(const std::string& from, NewFile& to, RestoreProgress progress) {
  const Source source(from);
  struct stat info = {};
  if (source.fd() < 0 || fstat(source.fd(), &info) != 0) {
    return absl::ErrnoToStatus(errno, absl::StrCat("cannot read the copy ", from));
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(from, " is no file"));
  }
  std::vector<char> piece(kPieceBytes);
  int64_t done = 0;
  for (;;) {
    const ssize_t size = read(source.fd(), piece.data(), piece.size());
    if (size == 0) return absl::OkStatus();
    if (size < 0) {
      if (errno == EINTR) continue;
      return absl::ErrnoToStatus(errno, absl::StrCat("cannot read the copy ", from));
    }
    const absl::Status written = to.Append({piece.data(), static_cast<size_t>(size)});
    if (!written.ok()) return written;
    done += size;
    progress(done, info.st_size);
  }
}

absl::Status ExpectNone(sqlite3* db, const char* sql, absl::string_view what) {
  const absl::StatusOr<int64_t> found = FirstNumber(db, sql);
  if (!found.ok()) return found.status();
  if (*found == 0) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the copy is damaged: ", *found, " ", what,
                                          "; nothing was restored. Take another copy"));
}

absl::Status ReadSchema(sqlite3* db, RestoreReport& report) {
  const absl::StatusOr<int64_t> tables = FirstNumber(
      db,
      "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name IN ('schema_migrations', "
      "'agents', 'batches', 'plans')");
  if (!tables.ok()) return tables.status();
  const absl::StatusOr<int64_t> held =
      *tables == 4 ? FirstNumber(db, "SELECT MAX(version) FROM schema_migrations") : 0;
  if (!held.ok()) return held.status();
  if (*held <= 0) {
    return absl::InvalidArgumentError("the copy is no store of Sightline: it has not its tables");
  }
  report.schema_held = *held;
  report.schema_known = SqliteMigrations().back().version;
  if (report.schema_held <= report.schema_known) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "the copy's schema has version ", report.schema_held, " and this program knows up to ",
      report.schema_known, "; run the newer program that made it"));
}

absl::Status ReadExtent(sqlite3* db, RestoreReport& report) {
  const absl::StatusOr<int64_t> records = FirstNumber(db, "SELECT COUNT(*) FROM batches");
  if (!records.ok()) return records.status();
  const absl::StatusOr<int64_t> agents = FirstNumber(db, "SELECT COUNT(*) FROM agents");
  if (!agents.ok()) return agents.status();
  const absl::StatusOr<int64_t> newest =
      FirstNumber(db, "SELECT MAX(receive_time_ms) FROM batches");
  if (!newest.ok()) return newest.status();
  // The table came with the second step.
  const absl::StatusOr<int64_t> first_day =
      report.schema_held < 2 ? 0 : FirstNumber(db, "SELECT MAX(day) FROM log_start");
  if (!first_day.ok()) return first_day.status();
  report.records = *records;
  report.agents = *agents;
  if (*records > 0) report.newest = absl::FromUnixMillis(*newest);
  report.days_dropped = *first_day > 0;
  return absl::OkStatus();
}

absl::StatusOr<RestoreReport> CheckStore(const std::string& path) {
  const absl::StatusOr<SqliteHandle> db = OpenSqliteCopy(path);
  if (!db.ok()) return db.status();
  absl::Status status = CheckIntegrity(db->get());
  if (absl::IsDataLoss(status)) {
    return absl::DataLossError(absl::StrCat("the copy is damaged (", status.message(),
                                            "); nothing was restored. Take another copy"));
  }
  if (!status.ok()) return status;
  RestoreReport report;
  status = ReadSchema(db->get(), report);
  if (status.ok()) status = ReadExtent(db->get(), report);
  if (!status.ok()) return status;
  if (report.days_dropped) return report;
  status = ExpectNone(db->get(), kMissing, "records are missing among the numbers of the nodes");
  if (status.ok()) {
    status = ExpectNone(db->get(), kLateStarts, "nodes' numbers do not begin with 1");
  }
  if (status.ok()) {
    status = ExpectNone(db->get(), kUnlinked, "records do not continue their agent's chain");
  }
  if (status.ok()) {
    status = ExpectNone(db->get(), kBadEnds, "agents' chains do not end where the registry says");
  }
  if (!status.ok()) return status;
  return report;
}

// Root makes it for the service's user, whom the folder belongs to.
absl::Status GiveToFolderOwner(const std::string& file, const std::string& path) {
  if (geteuid() != 0) return absl::OkStatus();
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct stat info = {};
  if (stat(folder.c_str(), &info) == 0 && chown(file.c_str(), info.st_uid, info.st_gid) == 0) {
    return absl::OkStatus();
  }
  return absl::ErrnoToStatus(errno,
                             absl::StrCat("cannot give ", file, " to the owner of its folder"));
}

}  // namespace

absl::StatusOr<RestoreReport> RestoreSqlite(const std::string& from, const std::string& path,
                                            RestoreProgress progress) {
  absl::Status status = CheckFree(path);
  if (status.ok()) status = CheckCopyAlone(from);
  if (!status.ok()) return status;
  absl::StatusOr<NewFile> file = NewFile::Create(path);
  if (!file.ok()) return file.status();
  status = CopyBytes(from, *file, progress);
  if (!status.ok()) return status;
  absl::StatusOr<RestoreReport> report = CheckStore(file->temporary_path());
  if (!report.ok()) return report;
  status = GiveToFolderOwner(file->temporary_path(), path);
  // Somebody may have started a collector meanwhile.
  if (status.ok()) status = CheckFree(path);
  if (status.ok()) status = file->Finish();
  if (!status.ok()) return status;
  return report;
}

}  // namespace sightline
