// Changes, statements, revisions and notes, on both stores.
#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

using testing::HasSubstr;

class StoreSaidTest : public StoreTest {
 protected:
  StoreSaidTest() : store_(Open()) { EXPECT_TRUE(*store_->MoveLease("fold", {}, lease_)); }

  absl::Status Write(const FoldWrite& write) { return store_->WriteFold("fold", lease_, write); }

  static VerdictRecord Verdict(const std::string& target, const std::string& country, int hour) {
    return {target, country, TestTime() + absl::Hours(hour), absl::Hours(1), "r", "v", "c"};
  }

  std::vector<std::pair<int, int64_t>> Revisions(const std::string& country, int64_t after) {
    std::vector<std::pair<int, int64_t>> result;
    const std::vector<WindowRevision> revisions = Value(store_->ReadRevisions(country, after));
    for (const WindowRevision& each : revisions) {
      result.emplace_back((each.window_start - TestTime()) / absl::Hours(1), each.revision);
    }
    return result;
  }

  const LeaseRecord lease_ = {"n1", 1, 1};
  std::unique_ptr<Store> store_;
};

INSTANTIATE_TEST_SUITE_P(All, StoreSaidTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreSaidTest, ChangesComeBackInOrderAndByPages) {
  EXPECT_EQ(*store_->NewestChange("CN"), 0);
  const std::vector<ChangeRecord> first = {{"CN", 1, EveryByte()}, {"CN", 2, ""}, {"IR", 1, "x"}};
  ASSERT_OK(Write({.changes = first}));
  const std::vector<ChangeRecord> second = {{"CN", 3, "three"}};
  ASSERT_OK(Write({.changes = second}));
  EXPECT_EQ(*Open()->NewestChange("CN"), 3);
  EXPECT_EQ(*store_->NewestChange("IR"), 1);
  const auto page = Value(store_->ReadChanges("CN", 0, 2));
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0].change, EveryByte());
  EXPECT_EQ(page[1].change_seq, 2);
  const auto rest = Value(store_->ReadChanges("CN", 2, 100));
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0].country, "CN");
  EXPECT_EQ(rest[0].change, "three");
}

TEST_P(StoreSaidTest, ANumberIsGivenOnceAndNothingIsHalfDone) {
  const std::vector<ChangeRecord> changes = {{"CN", 1, "one"}};
  ASSERT_OK(Write({.changes = changes}));
  const std::vector<VerdictRecord> verdicts = {Verdict("t", "CN", 0)};
  const std::vector<StatementRecord> statements = {{"t", "CN", "s"}};
  EXPECT_EQ(CodeOf(Write({.verdicts = verdicts, .changes = changes, .statements = statements})),
            absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Value(store_->ReadStatements("CN")).empty());
  EXPECT_EQ(*store_->NewestRevision("CN"), 0);
}

TEST_P(StoreSaidTest, StatementsReplaceEachOther) {
  std::vector<StatementRecord> statements = {
      {"b", "CN", EveryByte()}, {"a", "CN", "1"}, {"a", "IR", "2"}};
  ASSERT_OK(Write({.statements = statements}));
  statements = {{"a", "CN", "3"}};
  ASSERT_OK(Write({.statements = statements}));
  const auto read = Value(Open()->ReadStatements("CN"));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].target_id, "a");
  EXPECT_EQ(read[0].statement, "3");
  EXPECT_EQ(read[1].statement, EveryByte());
}

TEST_P(StoreSaidTest, EveryWriteOnAWindowRaisesItsRevision) {
  using Entries = std::vector<std::pair<int, int64_t>>;
  std::vector<VerdictRecord> verdicts = {Verdict("a", "CN", 0), Verdict("b", "CN", 0),
                                         Verdict("a", "CN", 1), Verdict("a", "IR", 5)};
  ASSERT_OK(Write({.verdicts = verdicts}));
  EXPECT_EQ(Revisions("CN", 0), (Entries{{0, 1}, {1, 1}}));
  verdicts = {Verdict("a", "CN", 0)};
  ASSERT_OK(Write({.verdicts = verdicts}));
  EXPECT_EQ(Revisions("CN", 0), (Entries{{1, 1}, {0, 2}}));
  EXPECT_EQ(Revisions("CN", 1), (Entries{{0, 2}}));
  const std::vector<EventRecord> events = {
      {"e", "a", "CN", TestTime() + absl::Hours(1), absl::InfiniteFuture(), "x"}};
  ASSERT_OK(Write({.events = events}));
  EXPECT_EQ(Revisions("CN", 2), (Entries{{1, 3}}));
  EXPECT_EQ(*store_->NewestRevision("CN"), 3);
  EXPECT_EQ(*store_->NewestRevision("IR"), 1);
}

TEST_P(StoreSaidTest, NotesComeBackByTimeAndGo) {
  ASSERT_OK(store_->PutAnnotation({"CN", "later", TestTime() + absl::Hours(1), EveryByte()}));
  ASSERT_OK(store_->PutAnnotation({"CN", "b", TestTime(), "1"}));
  ASSERT_OK(store_->PutAnnotation({"CN", "a", TestTime(), "2"}));
  ASSERT_OK(store_->PutAnnotation({"IR", "a", TestTime(), "3"}));
  ASSERT_OK(store_->PutAnnotation({"CN", "b", TestTime(), "4"}));
  auto read = Value(store_->ReadAnnotations("CN"));
  ASSERT_EQ(read.size(), 3u);
  EXPECT_EQ(read[0].annotation_id, "a");
  EXPECT_EQ(read[1].annotation, "4");
  EXPECT_EQ(read[2].annotation, EveryByte());
  EXPECT_EQ(read[2].time, TestTime() + absl::Hours(1));
  ASSERT_OK(store_->DeleteAnnotation("CN", "b"));
  const absl::Status gone = store_->DeleteAnnotation("CN", "b");
  EXPECT_EQ(CodeOf(gone), absl::StatusCode::kNotFound);
  EXPECT_THAT(gone.message(), HasSubstr("annotation_id"));
  read = Value(Open()->ReadAnnotations("CN"));
  EXPECT_EQ(read.size(), 2u);
}

}  // namespace
}  // namespace sightline
