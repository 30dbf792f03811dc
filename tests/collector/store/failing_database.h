// A database whose N-th statement fails.
#ifndef SIGHTLINE_TESTS_COLLECTOR_STORE_FAILING_DATABASE_H_
#define SIGHTLINE_TESTS_COLLECTOR_STORE_FAILING_DATABASE_H_

#include <memory>
#include <utility>
#include <vector>

#include "collector/store/sql_database.h"

namespace sightline {

// Counts statements down to the one that fails.
class Fuse {
 public:
  // The statement that is given after `count` others fails: before it is run, or after.
  void Set(int count, bool after) {
    left_ = count;
    after_ = after;
    burnt_ = false;
  }
  void Remove() { left_ = -1; }
  bool burnt() const { return burnt_; }

  template <typename Function>
  auto Run(Function&& function) -> decltype(function()) {
    const bool fails = left_ == 0;
    if (left_ >= 0) --left_;
    if (!fails) return function();
    burnt_ = true;
    if (after_) (void)function();
    return absl::UnavailableError("this statement was to fail");
  }

 private:
  int left_ = -1;
  bool after_ = false;
  bool burnt_ = false;
};

class FailingSession : public SqlSession {
 public:
  FailingSession(SqlSession& session, Fuse& fuse) : session_(session), fuse_(fuse) {}
  absl::StatusOr<SqlResult> Run(absl::string_view sql, absl::Span<const SqlValue> args) override {
    return fuse_.Run([&] { return session_.Run(sql, args); });
  }
  absl::StatusOr<std::vector<int64_t>> RunEach(absl::string_view sql,
                                               absl::Span<const SqlValues> args) override {
    return fuse_.Run([&] { return session_.RunEach(sql, args); });
  }
  absl::Status InsertBatches(absl::Span<const SqlBatchRow> rows) override {
    return fuse_.Run([&] { return session_.InsertBatches(rows); });
  }
  absl::Status RunScript(absl::string_view sql) override {
    return fuse_.Run([&] { return session_.RunScript(sql); });
  }

 private:
  SqlSession& session_;
  Fuse& fuse_;
};

class FailingDatabase : public SqlDatabase {
 public:
  FailingDatabase(std::unique_ptr<SqlDatabase> database, Fuse& fuse)
      : database_(std::move(database)), fuse_(fuse) {}
  SqlDialect dialect() const override { return database_->dialect(); }
  absl::Status Read(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return database_->Read([&](SqlSession& session) { return In(session, body); });
  }
  absl::Status ReadBulk(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return database_->ReadBulk([&](SqlSession& session) { return In(session, body); });
  }
  absl::Status ReadOnce(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return database_->ReadOnce([&](SqlSession& session) { return In(session, body); });
  }
  absl::Status Write(absl::FunctionRef<absl::Status(SqlSession&)> body) override {
    return database_->Write([&](SqlSession& session) { return In(session, body); });
  }
  absl::Status WriteAsNode(
      absl::string_view node,
      absl::FunctionRef<absl::StatusOr<uint64_t>(SqlSession&, uint64_t)> body) override {
    return database_->WriteAsNode(node, [&](SqlSession& session, uint64_t last) {
      FailingSession failing(session, fuse_);
      return body(failing, last);
    });
  }

 private:
  absl::Status In(SqlSession& session, absl::FunctionRef<absl::Status(SqlSession&)> body) {
    FailingSession failing(session, fuse_);
    return body(failing);
  }

  std::unique_ptr<SqlDatabase> database_;
  Fuse& fuse_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_STORE_FAILING_DATABASE_H_
