#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

using testing::HasSubstr;
using testing::Not;

class StoreOpenTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(All, StoreOpenTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreOpenTest, NewerSchemaIsRefusedAndLeftAlone) {
  ASSERT_NE(Open(), nullptr);
  RunSql("INSERT INTO schema_migrations (version) VALUES (999)");
  const auto store = OpenStore(url());
  EXPECT_EQ(CodeOf(store), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("version 999"));
  RunSql("DELETE FROM schema_migrations WHERE version = 999");
  EXPECT_NE(Open(), nullptr);
}

TEST_P(StoreOpenTest, CollectorsThatStartTogetherMakeTheSchemaOnce) {
  constexpr int kCollectors = 5;
  std::vector<std::unique_ptr<Store>> stores(kCollectors);
  std::vector<std::thread> threads;
  for (auto& store : stores) threads.emplace_back([&] { store = Open(); });
  for (std::thread& thread : threads) thread.join();
  const TestAgent agent(1);
  Enroll(*stores[0], agent);
  for (uint64_t i = 0; i < kCollectors; ++i) {
    ASSERT_NE(stores[i], nullptr);
    EXPECT_EQ(AppendOne(*stores[i], absl::StrCat("n", i), agent.Record(i + 1)),
              AppendOutcome::kAppended);
  }
  CheckInvariants(*stores[0], {agent});
}

TEST(StoreUrlTest, OtherFormsAreRefusedWithoutRepeatingASecret) {
  for (const char* url : {"", "sqlite:", "sqlite::memory:", "/var/lib/store.db", "mysql://u:pw@h/d",
                          "postgresql:/u:pw@h/d"}) {
    const auto store = OpenStore(url);
    EXPECT_EQ(CodeOf(store), absl::StatusCode::kInvalidArgument) << url;
    EXPECT_THAT(std::string(store.status().message()), HasSubstr("sqlite:PATH"));
    EXPECT_THAT(std::string(store.status().message()), Not(HasSubstr("pw")));
  }
}

TEST(StoreUrlTest, ServerThatIsNotThereIsUnavailable) {
  const TempFolder folder;
  EXPECT_EQ(CodeOf(OpenStore("postgresql:///db?host=" + folder.path())),
            absl::StatusCode::kUnavailable);
}

TEST(StoreUrlTest, FileThatIsNoDatabaseIsDataLoss) {
  const TempFolder folder;
  std::ofstream(folder / "text") << std::string(5000, 'x');
  const auto store = OpenStore("sqlite:" + folder / "text");
  EXPECT_EQ(CodeOf(store), absl::StatusCode::kDataLoss) << store.status();
  EXPECT_THAT(std::string(store.status().message()), HasSubstr(folder / "text"));
}

TEST(StoreUrlTest, MissingFolderIsNamed) {
  const TempFolder folder;
  const auto store = OpenStore("sqlite:" + folder / "none/store.db");
  EXPECT_EQ(CodeOf(store), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(store.status().message()), HasSubstr("none/store.db"));
}

TEST(StoreUrlTest, FileIsForItsOwnerOnly) {
  const TempFolder folder;
  ASSERT_TRUE(OpenStore("sqlite:" + folder / "store.db").ok());
  struct stat info = {};
  ASSERT_EQ(stat((folder / "store.db").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

}  // namespace
}  // namespace sightline
