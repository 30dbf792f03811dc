#include "agent/run.h"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <atomic>
#include <sstream>
#include <thread>

#include "absl/strings/escaping.h"
#include "absl/strings/str_split.h"
#include "agent/commands.h"
#include "agent/pause.h"
#include "tests/agent/enrolled_folder.h"
#include "tests/agent/fake_prober.h"
#include "tests/common/fake_clock.h"

namespace sightline::agent {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Counts the streams that were tried, on all transports that it made.
class CountingTransport : public DeadTransport {
 public:
  explicit CountingTransport(std::atomic<int>& streams) : streams_(streams) {}
  absl::Status Run(const std::string& road, UplinkSession& session) override {
    ++streams_;
    return DeadTransport::Run(road, session);
  }

 private:
  std::atomic<int>& streams_;
};

class RunTest : public ::testing::Test {
 protected:
  absl::Status RunAgent(FakeProber& prober) {
    return agent::Run(folder_.path(), {SystemFiles(), clock_, prober, stop_,
                                       [this](const Identity&) {
                                         return std::make_unique<CountingTransport>(streams_);
                                       },
                                       [](const auto&...) -> absl::StatusOr<v1::RotateKeyResponse> {
                                         return absl::UnavailableError("connection refused");
                                       }});
  }
  std::string Status(bool json) {
    const auto text = DescribeStatus(folder_.path(), SystemFiles(), clock_.Now(), json);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.value_or("");
  }
  // Until `status` says so.
  void WaitForStatus(const std::string& text) {
    while (Status(true).find(text) == std::string::npos) std::this_thread::yield();
  }
  void Pause() { EXPECT_TRUE(PauseAgent(folder_.path(), SystemFiles(), clock_.Now(), "").ok()); }
  void Resume() { EXPECT_TRUE(ResumeAgent(folder_.path(), SystemFiles(), clock_.Now()).ok()); }

  EnrolledFolder folder_;
  FakeClock clock_{kTestNow};
  StopFlag stop_;
  std::atomic<int> streams_ = 0;
};

TEST_F(RunTest, RunsRoundsUntilToldToStopAndKeepsWhatNobodyTook) {
  EXPECT_THAT(Status(false), HasSubstr("it has not run yet"));
  FakeProber prober([this](int round) {
    clock_.Advance(absl::Milliseconds(1500));
    if (round == 3) {
      EXPECT_THAT(Status(true), HasSubstr("\"running\" : true"));
    }
    if (round == 4) stop_.Request();
  });
  const absl::Status status = RunAgent(prober);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(prober.rounds, 4);
  const std::string text = Status(false);
  EXPECT_THAT(text, HasSubstr("not running"));
  EXPECT_THAT(text, HasSubstr("3 rounds since the start"));
  EXPECT_THAT(text, HasSubstr("3 sealed, 0 acknowledged"));
  EXPECT_THAT(text, HasSubstr("unreachable: a:1: connection refused; b:2: connection refused"));
  EXPECT_THAT(Status(true), HasSubstr("\"sealed_seq\" : 3"));
}

TEST_F(RunTest, ExpiredPlanIsNotFollowed) {
  clock_.Advance(absl::Hours(24 * 31));
  std::thread watcher([this] {
    std::string text;
    while (text.find("expired at") == std::string::npos) text = Status(false);
    stop_.Request();
  });
  FakeProber prober;
  EXPECT_TRUE(RunAgent(prober).ok());
  watcher.join();
  EXPECT_EQ(prober.rounds, 0);
}

TEST_F(RunTest, SecondRunInTheFolderIsRefused) {
  const auto lock = FolderLock::Take(folder_.state());
  FakeProber prober;
  EXPECT_EQ(RunAgent(prober).code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(RunTest, KeyOfAnotherAgentIsNoticed) {
  ASSERT_TRUE(folder_.state().SaveKey(SigningKey::Generate(), folder_.state().KeyPath()).ok());
  FakeProber prober;
  EXPECT_THAT(std::string(RunAgent(prober).message()), HasSubstr("do not belong together"));
}

TEST_F(RunTest, KeyThatOthersCanReadIsRefusedBeforeAnythingIsProbedOrSent) {
  ASSERT_EQ(chmod(folder_.state().KeyPath().c_str(), 0644), 0);
  FakeProber prober;
  const absl::Status status = RunAgent(prober);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("mode 0644"), HasSubstr("chmod 600 " + folder_.state().KeyPath())));
  EXPECT_EQ(prober.rounds, 0);
  EXPECT_EQ(streams_, 0);
}

TEST_F(RunTest, RunningAgentLeavesNoCoreDump) {
  rlimit limit = {1, 1};
  int dumpable = 1;
  FakeProber prober([&](int) {
    getrlimit(RLIMIT_CORE, &limit);
    dumpable = prctl(PR_GET_DUMPABLE);
    stop_.Request();
  });
  prctl(PR_SET_DUMPABLE, 1);
  EXPECT_TRUE(RunAgent(prober).ok());
  prctl(PR_SET_DUMPABLE, 1);
  EXPECT_EQ(limit.rlim_cur, 0u);
  EXPECT_EQ(limit.rlim_max, 0u);
  EXPECT_EQ(dumpable, 0);
}

// Any eight characters in a row of the key's text would be found.
TEST_F(RunTest, PrivateKeyIsNeitherInTheLogNorInTheStatus) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("", std::make_shared<spdlog::sinks::ostream_sink_mt>(log)));
  spdlog::set_level(spdlog::level::trace);
  FakeProber prober([&](int round) {
    clock_.Advance(absl::Milliseconds(1500));
    if (round == 2) stop_.Request();
  });
  EXPECT_TRUE(RunAgent(prober).ok());
  spdlog::set_default_logger(before);
  spdlog::set_level(spdlog::level::info);
  const std::string told = log.str() + Status(false) + Status(true);
  EXPECT_THAT(told, HasSubstr("round of"));
  const std::vector<std::string> lines = absl::StrSplit(folder_.state().LoadKey()->ToPem(), '\n');
  std::string seed;
  ASSERT_TRUE(absl::Base64Unescape(lines.at(1), &seed));
  seed = seed.substr(seed.size() - kSeedBytes);
  // The beginning of the text is the same for every key.
  const std::string text = absl::Base64Escape(seed);
  for (const std::string& form :
       {seed, absl::BytesToHexString(seed), lines[1].substr(lines[1].size() - 40), text}) {
    for (size_t i = 0; i + 8 <= form.size(); ++i) {
      EXPECT_THAT(told, Not(HasSubstr(form.substr(i, 8))));
    }
  }
}

TEST_F(RunTest, StatusTellsWhatThePlanAllowsAndWhatWasUsed) {
  FakeProber prober([&](int round) {
    clock_.Advance(absl::Milliseconds(1500));
    if (round == 2) stop_.Request();
  });
  EXPECT_TRUE(RunAgent(prober).ok());
  EXPECT_THAT(Status(false),
              AllOf(HasSubstr("1200 connections a minute, 128 MiB an hour, 1024 MiB a day"),
                    HasSubstr("this hour   7 requests; 2 KiB sent and 4 KiB received"),
                    HasSubstr("this day    7 requests; 2 KiB sent and 4 KiB received"),
                    HasSubstr("uploaded    0 KiB today")));
  EXPECT_THAT(Status(true), AllOf(HasSubstr("\"hour_requests\" : 7"),
                                  HasSubstr("\"day_probe_bytes_received\" : 4096"),
                                  HasSubstr("\"connections_per_minute_max\" : 1200"),
                                  HasSubstr("\"probe_bytes_per_day_ceiling\" : 1073741824"),
                                  HasSubstr("\"bytes_sent_today\" : 0")));
}

TEST_F(RunTest, AgentThatStartsPausedNeitherProbesNorConnectsUntilResumed) {
  Pause();
  FakeProber prober([this](int) { stop_.Request(); });
  std::thread volunteer([this] {
    WaitForStatus("\"collector_state\" : \"paused\"");
    EXPECT_THAT(Status(false), HasSubstr("running, paused until: sightline-agent resume"));
    EXPECT_EQ(streams_, 0);
    Resume();
  });
  EXPECT_TRUE(RunAgent(prober).ok());
  volunteer.join();
  EXPECT_EQ(prober.rounds, 1);
  EXPECT_GT(streams_, 0);
}

// The round that is under way is thrown away, and the uplink is gone before it could try again.
TEST_F(RunTest, PauseEndsTheRunningRoundAndTheConnection) {
  FakeProber prober([this](int) { Pause(); });
  prober.hang = true;
  int streams_when_paused = 0;
  std::thread volunteer([&] {
    WaitForStatus("\"collector_state\" : \"paused\"");
    streams_when_paused = streams_;
    stop_.Request();
  });
  EXPECT_TRUE(RunAgent(prober).ok());
  volunteer.join();
  EXPECT_EQ(prober.rounds, 1);
  EXPECT_EQ(streams_, streams_when_paused);
  EXPECT_THAT(Status(true), HasSubstr("\"sealed_seq\" : 0"));
}

}  // namespace
}  // namespace sightline::agent
