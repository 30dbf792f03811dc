// What every test of a store starts from: an empty store of each kind.
#ifndef SIGHTLINE_TESTS_COLLECTOR_STORE_STORE_FIXTURE_H_
#define SIGHTLINE_TESTS_COLLECTOR_STORE_STORE_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "collector/store/store.h"
#include "tests/collector/store/chain.h"
#include "tests/collector/store/private_postgres.h"
#include "tests/common/temp_folder.h"

namespace sightline {

enum class Backend { kSqlite, kPostgresql };

inline std::string BackendName(const testing::TestParamInfo<Backend>& info) {
  return info.param == Backend::kSqlite ? "Sqlite" : "Postgresql";
}

#define ASSERT_OK(expression)                    \
  do {                                           \
    const absl::Status status_of = (expression); \
    ASSERT_TRUE(status_of.ok()) << status_of;    \
  } while (false)

inline absl::StatusCode CodeOf(const absl::Status& status) { return status.code(); }
template <typename T>
absl::StatusCode CodeOf(const absl::StatusOr<T>& value) {
  return value.status().code();
}

// What must be there, by value: "for (... : *store.List())" would outlive its list.
template <typename T>
T Value(absl::StatusOr<T> value) {
  EXPECT_TRUE(value.ok()) << value.status();
  return value.ok() ? *std::move(value) : T();
}

// The one server of this test program.
PrivatePostgres& SharedPostgres();

class StoreTest : public testing::TestWithParam<Backend> {
 protected:
  StoreTest();

  std::unique_ptr<Store> Open() const;
  // Runs SQL behind the store's back.
  void RunSql(const std::string& sql) const;
  // As if nobody had ever opened it. It must not be open.
  void MakeEmpty() const;
  // Enrolls the agent by an invite of its own.
  static void Enroll(Store& store, const TestAgent& agent);
  // Appends one record and says what became of it; fails the test on an error.
  static AppendOutcome AppendOne(Store& store, absl::string_view node, const LogRecord& record);
  // Checks invariants 1 and 3 over whole logs, and that the registry agrees.
  static void CheckInvariants(Store& store, const std::vector<TestAgent>& agents);

  const std::string& url() const { return url_; }
  // The file of a SQLite store.
  std::string path() const { return folder_ / "store.db"; }

 private:
  TempFolder folder_;
  std::string url_;
};

}  // namespace sightline

#endif  // SIGHTLINE_TESTS_COLLECTOR_STORE_STORE_FIXTURE_H_
