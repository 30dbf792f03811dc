// The connection to PostgreSQL is cut before, with and after a COMMIT, and at any byte.
#include "tests/collector/store/fault_runs.h"
#include "tests/collector/store/pg_proxy.h"
#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

class StoreCutTest : public StoreTest {
 protected:
  // Appends through the proxy; each call is cut as `arm` says. After each, a collector reads the
  // agents and goes on.
  template <typename Arm>
  void AppendWithCuts(int runs, Arm&& arm) {
    PgProxy proxy(SharedPostgres().folder());
    const auto through = OpenStore(proxy.UrlThrough(url()));
    ASSERT_TRUE(through.ok()) << through.status();
    const auto beside = Open();
    for (const TestAgent& agent : agents_) Enroll(*beside, agent);
    int stored = 0;
    for (int run = 0; run < runs; ++run) {
      SCOPED_TRACE(absl::StrCat("run ", run));
      const auto held = beside->FindAgent(agents_[0].id());
      ASSERT_OK(held.status());
      const uint64_t last = held->last_seq;
      arm(proxy, run);
      const auto result =
          (*through)->Append("n1", {agents_[0].Record(last + 1), agents_[1].Record(last + 1)});
      const bool was_cut = proxy.has_cut();
      proxy.CutNext(PgProxy::Cut::kNever);
      if (result.ok()) {
        EXPECT_EQ(result->outcomes[0], AppendOutcome::kAppended);
      } else {
        EXPECT_TRUE(was_cut &&
                    (absl::IsAborted(result.status()) || absl::IsUnavailable(result.status())))
            << result.status();
      }
      // What the fence is for: the next appender sees what is decided, and nothing changes later.
      const auto again = (*through)->Append("n1", {});
      ASSERT_OK(again.status());
      const auto probe = (*through)->Append("n1", {agents_[2].Record(++probes_)});
      ASSERT_OK(probe.status());
      const uint64_t now = beside->FindAgent(agents_[0].id())->last_seq;
      EXPECT_TRUE(now == last || now == last + 1);
      EXPECT_TRUE(!result.ok() || now == last + 1);
      EXPECT_EQ(beside->FindAgent(agents_[1].id())->last_seq, now);
      stored += now == last + 1 ? 1 : 0;
      if (HasFailure()) return;
    }
    CheckInvariants(*beside, agents_);
    printf("%d of %d groups were stored\n", stored, runs);
    stored_ = stored;
  }

  const std::vector<TestAgent> agents_ = {TestAgent(0), TestAgent(1), TestAgent(2)};
  uint64_t probes_ = 0;
  int stored_ = 0;
};

INSTANTIATE_TEST_SUITE_P(All, StoreCutTest, testing::Values(Backend::kPostgresql), BackendName);

TEST_P(StoreCutTest, BeforeTheCommitNothingIsStored) {
  AppendWithCuts(FaultRuns(100),
                 [](PgProxy& proxy, int /*run*/) { proxy.CutNext(PgProxy::Cut::kBeforeCommit); });
  EXPECT_EQ(stored_, 0);
}

TEST_P(StoreCutTest, AfterTheCommitEverythingIsStoredOnceAndSaidToBeInDoubt) {
  const int runs = FaultRuns(100);
  AppendWithCuts(runs,
                 [](PgProxy& proxy, int /*run*/) { proxy.CutNext(PgProxy::Cut::kAfterCommit); });
  EXPECT_EQ(stored_, runs);
}

TEST_P(StoreCutTest, WithTheCommitItIsOneOrTheOther) {
  AppendWithCuts(FaultRuns(100),
                 [](PgProxy& proxy, int /*run*/) { proxy.CutNext(PgProxy::Cut::kWithCommit); });
}

TEST_P(StoreCutTest, AtAnyByteItIsOneOrTheOther) {
  std::mt19937 random = FaultRandom();
  AppendWithCuts(FaultRuns(150), [&random](PgProxy& proxy, int /*run*/) {
    proxy.CutNext(PgProxy::Cut::kAfterBytes, 1 + Below(random, 4200));
  });
}

}  // namespace
}  // namespace sightline
