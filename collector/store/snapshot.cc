#include "collector/store/snapshot.h"

#include <unistd.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "collector/store/backends.h"
#include "collector/store/migrations.h"
#include "collector/store/sql_store.h"

namespace sightline {
namespace {

// A database that is one transaction, opened for reading by somebody else.
class OneTransaction : public SqlDatabase {
 public:
  OneTransaction(SqlDialect dialect, SqlSession& session) : dialect_(dialect), session_(session) {}

  SqlDialect dialect() const override { return dialect_; }
  absl::Status Read(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return body(session_);
  }
  absl::Status ReadBulk(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return body(session_);
  }
  absl::Status ReadOnce(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return body(session_);
  }
  absl::Status Write(absl::FunctionRef<absl::Status(SqlSession&)> /*body*/) override {
    return absl::FailedPreconditionError("a snapshot is only read");
  }
  absl::Status WriteAsNode(
      absl::string_view /*node*/,
      absl::FunctionRef<absl::StatusOr<uint64_t>(SqlSession&, uint64_t)> /*body*/) override {
    return absl::FailedPreconditionError("a snapshot is only read");
  }

 private:
  const SqlDialect dialect_;
  SqlSession& session_;
};

}  // namespace

absl::Status WithSnapshot(absl::string_view url,
                          absl::FunctionRef<absl::Status(StoreReader&)> body) {
  // Whoever reads shall not make the file.
  if (const auto path = SqlitePathOf(url); path.ok() && access(path->c_str(), F_OK) != 0) {
    return absl::NotFoundError(absl::StrCat("there is no file ", *path));
  }
  const absl::StatusOr<std::unique_ptr<SqlDatabase>> database = OpenDatabase(url);
  if (!database.ok()) return database.status();
  const SqlDialect dialect = (*database)->dialect();
  if (absl::Status status = RequireSchema(**database); !status.ok()) return status;
  return (*database)->ReadOnce([&](SqlSession& session) {
    SqlStore store(std::make_unique<OneTransaction>(dialect, session));
    return body(store);
  });
}

}  // namespace sightline
