#include <fcntl.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/collector/store/child_process.h"
#include "tests/collector/store/fault_runs.h"
#include "tests/collector/store/store_fixture.h"

namespace sightline {
namespace {

constexpr int kAgents = 5;

std::vector<TestAgent> Agents() {
  std::vector<TestAgent> agents;
  for (int i = 0; i < kAgents; ++i) agents.emplace_back(i);
  return agents;
}

// Reads one line; empty at the end of the stream.
std::string ReadLine(int fd) {
  std::string line;
  char c = 0;
  while (read(fd, &c, 1) == 1) {
    if (c == '\n') return line;
    line.push_back(c);
  }
  return "";
}

// Kills an appending collector after `acknowledged` groups and `spin` more, and returns the last
// batch_seq that it was told is stored.
uint64_t AppendAndKill(const std::string& url, int acknowledged, std::chrono::microseconds spin) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return 0;
  const pid_t pid =
      StartChild({APPEND_UNTIL_KILLED, url, "n1", std::to_string(kAgents)}, ends[1], false);
  EXPECT_NE(pid, 0);
  close(ends[1]);
  uint64_t last = 0;
  for (int i = 0; i < acknowledged; ++i) {
    const std::string line = ReadLine(ends[0]);
    EXPECT_NE(line, "") << "the appending program ended by itself";
    if (line.empty()) break;
    last = std::stoull(line);
  }
  // The moment of the kill is what varies here: no condition to wait for.
  const auto until = std::chrono::steady_clock::now() + spin;
  while (std::chrono::steady_clock::now() < until) {
  }
  kill(pid, SIGKILL);
  for (std::string line = ReadLine(ends[0]); !line.empty(); line = ReadLine(ends[0])) {
    last = std::stoull(line);
  }
  close(ends[0]);
  const int status = WaitForChild(pid);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the appending program ended by itself";
  return last;
}

class StoreFaultTest : public StoreTest {};

INSTANTIATE_TEST_SUITE_P(All, StoreFaultTest,
                         testing::Values(Backend::kSqlite, Backend::kPostgresql), BackendName);

TEST_P(StoreFaultTest, CollectorKilledAtAnyPointLosesNothingAcknowledgedAndNoOrder) {
  {
    const auto store = Open();
    for (const TestAgent& agent : Agents()) Enroll(*store, agent);
  }
  std::mt19937 random = FaultRandom();
  const int runs = FaultRuns(100);
  uint64_t acknowledged = 0;
  for (int i = 0; i < runs; ++i) {
    SCOPED_TRACE(absl::StrCat("kill ", i));
    const auto spin = std::chrono::microseconds(Below(random, 3000));
    acknowledged = std::max(acknowledged, AppendAndKill(url(), 1 + i % 3, spin));
    const auto store = Open();
    ASSERT_NE(store, nullptr);
    CheckInvariants(*store, Agents());
    // Groups are stored whole: the agents advance together.
    const uint64_t stored = store->FindAgent(TestAgent(0).id())->last_seq;
    EXPECT_GE(stored, acknowledged);
    EXPECT_LE(stored, acknowledged + 1);
    for (const TestAgent& agent : Agents()) {
      EXPECT_EQ(store->FindAgent(agent.id())->last_seq, stored);
    }
    if (HasFatalFailure()) return;
    acknowledged = stored;
  }
}

// Appends until told to stop, as a collector does: after an error it reads the agent and goes on.
class Appender {
 public:
  explicit Appender(Store& store) : store_(store), thread_([this] { Run(); }) {}
  Appender(const Appender&) = delete;
  Appender& operator=(const Appender&) = delete;
  ~Appender() {
    stop_ = true;
    thread_.join();
  }

  // Returns when `count` more groups were stored.
  void WaitForStored(uint64_t count) const { Wait(stored_, stored_ + count); }
  // Returns when `count` more calls failed.
  void WaitForErrors(uint64_t count) const { Wait(errors_, errors_ + count); }

 private:
  static void Wait(const std::atomic<uint64_t>& counter, uint64_t target) {
    for (uint64_t now = counter; now < target; now = counter) counter.wait(now);
  }

  void Run() {
    const TestAgent agent(0);
    while (!stop_) {
      const auto held = store_.FindAgent(agent.id());
      absl::Status status = held.status();
      if (status.ok()) {
        const auto outcomes = store_.Append("n1", {agent.Record(held->last_seq + 1)});
        status = outcomes.status();
        if (status.ok()) {
          EXPECT_EQ(outcomes->outcomes[0], AppendOutcome::kAppended);
          ++stored_;
          stored_.notify_all();
          continue;
        }
      }
      EXPECT_TRUE(absl::IsUnavailable(status) || absl::IsAborted(status)) << status;
      ++errors_;
      errors_.notify_all();
    }
  }

  Store& store_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> stored_ = 0;
  std::atomic<uint64_t> errors_ = 0;
  std::thread thread_;
};

TEST(StorePostgresqlFaultTest, ServerThatCrashesAndReturnsIsUnavailableAndThenWorks) {
  PrivatePostgres& postgres = SharedPostgres();
  const std::string url = postgres.NewDatabase();
  const auto opened = OpenStore(url);
  ASSERT_OK(opened.status());
  Store& store = **opened;
  const TestAgent agent(0);
  ASSERT_OK(store.AddInvites(
      {InviteRecord{agent.token_hash(), v1::AGENT_ROLE_VOLUNTEER, TestTime() + absl::Hours(1)}}));
  ASSERT_OK(store.Enroll(agent.token_hash(), agent.ToEnroll()).status());
  {
    Appender appender(store);
    std::mt19937 random = FaultRandom();
    const int runs = FaultRuns(100);
    for (int crash = 0; crash < runs; ++crash) {
      appender.WaitForStored(1 + static_cast<uint64_t>(Below(random, 9)));
      const auto until =
          std::chrono::steady_clock::now() + std::chrono::microseconds(Below(random, 2000));
      while (std::chrono::steady_clock::now() < until) {
      }
      postgres.Crash();
      appender.WaitForErrors(2);
      EXPECT_EQ(CodeOf(store.ListNodes()), absl::StatusCode::kUnavailable);
      EXPECT_EQ(CodeOf(store.AddPlan(1, {})), absl::StatusCode::kUnavailable);
      EXPECT_EQ(CodeOf(store.BucketKey(crash)), absl::StatusCode::kUnavailable);
      EXPECT_EQ(CodeOf(OpenStore(url)), absl::StatusCode::kUnavailable);
      postgres.Start();
    }
    appender.WaitForStored(5);
  }
  // One unbroken chain and order, although commits were in doubt.
  const auto records = store.ReadLog("n1", 0, 1'000'000);
  ASSERT_OK(records.status());
  uint64_t seq = 0;
  for (const LogRecord& record : *records) {
    ASSERT_EQ(record.node_seq, ++seq);
    ASSERT_EQ(record.batch_seq, seq);
    ASSERT_EQ(record.batch, agent.Batch(seq));
  }
  EXPECT_EQ(store.FindAgent(agent.id())->last_seq, seq);
}

TEST(StorePostgresqlFaultTest, ConnectionEndedByTheServerIsReplacedOnTheNextCall) {
  const std::string url = SharedPostgres().NewDatabase();
  const auto opened = OpenStore(url);
  ASSERT_OK(opened.status());
  const TestAgent agent(0);
  ASSERT_OK((*opened)->AddInvites(
      {InviteRecord{agent.token_hash(), v1::AGENT_ROLE_VOLUNTEER, TestTime() + absl::Hours(1)}}));
  ASSERT_OK((*opened)->Enroll(agent.token_hash(), agent.ToEnroll()).status());
  ASSERT_OK((*opened)->Append("n1", {agent.Record(1)}).status());
  PrivatePostgres::RunSql(url,
                          "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE "
                          "datname = current_database() AND pid <> pg_backend_pid()");
  EXPECT_EQ(CodeOf((*opened)->Append("n1", {agent.Record(2)})), absl::StatusCode::kUnavailable);
  EXPECT_TRUE((*opened)->FindAgent(agent.id()).ok());
  const auto outcomes = (*opened)->Append("n1", {agent.Record(2)});
  ASSERT_OK(outcomes.status());
  EXPECT_EQ(outcomes->outcomes[0], AppendOutcome::kAppended);
  EXPECT_EQ((*opened)->ReadLog("n1", 0, 10)->back().node_seq, 2u);
}

}  // namespace
}  // namespace sightline
