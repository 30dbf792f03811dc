// `sightline watch` against a small service on loopback.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <sstream>
#include <stop_token>

#include "absl/strings/str_split.h"
#include "collector/cli/watch_command.h"
#include "common/files.h"
#include "tests/collector/cli/run_app.h"
#include "tests/collector/cli/scripted_summaries_grpc.h"
#include "tests/collector/cli/tls_server_grpc.h"
#include "tests/common/fake_clock.h"
#include "tests/common/temp_folder.h"

namespace sightline::cli {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class WatchTest : public ::testing::Test {
 protected:
  WatchTest() : clock_(kWindowStart + absl::Hours(1)), server_({&summaries_}) {}

  struct Watched {
    absl::Status status;
    std::string out;
    std::string err;
  };

  // Through the flags, with the waits of users.
  Ran Run(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"watch", "--collector", server_.address(), "--roots",
                                          server_.roots_path()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return AppUnderTest(clock_.Now()).Run(arguments);
  }

  WatchFlags Flags() const {
    WatchFlags flags;
    flags.reader.collector = server_.address();
    flags.reader.roots_path = server_.roots_path();
    return flags;
  }

  Terminal TerminalTo(std::ostream& out, std::ostream& err) const {
    Terminal terminal;
    terminal.out = &out;
    terminal.err = &err;
    terminal.clock = &clock_;
    return terminal;
  }

  // Without them.
  Watched RunQuick(uint64_t count, absl::Duration silence = absl::Seconds(30)) {
    WatchFlags flags = Flags();
    flags.count = count;
    std::ostringstream out;
    std::ostringstream err;
    const Terminal terminal = TerminalTo(out, err);
    const WatchPace pace = {
        .silence = silence, .delay_min = absl::Milliseconds(1), .delay_max = absl::Milliseconds(4)};
    const absl::Status status = Watch(flags, pace, terminal, stop_.get_token());
    return {status, out.str(), err.str()};
  }

  TempFolder folder_;
  FakeClock clock_;
  ScriptedSummaries summaries_;
  std::stop_source stop_;
  TlsServer server_;
};

TEST_F(WatchTest, HowThingsAreAndThenALineAChange) {
  summaries_.Add({{SummaryMessage(), HeartbeatMessage("token0"), ChangeMessage(1), ChangeMessage(2),
                   ChangeMessage(3)}});
  const Ran ran = Run({"whatsapp", "signal", "--count", "2"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("WhatsApp  LOCAL"), Not(HasSubstr("nothing changed"))));
  EXPECT_THAT(ran.out,
              EndsWith("What changes from here on:\n"
                       "2024-04-06 00:00 UTC  whatsapp  opened, event  Change 1 is told.\n"
                       "2024-04-06 00:00 UTC  whatsapp  opened, event  Change 2 is told.\n"));
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_THAT(summaries_.FirstRequest().target_ids(), ElementsAre("whatsapp", "signal"));
  EXPECT_EQ(summaries_.FirstRequest().country(), "CN");
}

TEST_F(WatchTest, JsonIsAMessageALine) {
  summaries_.Add({{HeartbeatMessage("token6"), ChangeMessage(7)}});
  const Ran ran = Run({"--resume", "token6", "--format", "json", "--count", "1"});
  ASSERT_EQ(ran.exit_code, kExitOk) << ran.err;
  EXPECT_EQ(ran.out, ToJson(ChangeMessage(7), false) + "\n");
  EXPECT_THAT(summaries_.Tokens(), ElementsAre("token6"));
}

TEST_F(WatchTest, CsvHasAHeadUnlessItGoesOn) {
  summaries_.Add({{SummaryMessage(), ChangeMessage(1)}});
  summaries_.Add({{HeartbeatMessage("token1"), ChangeMessage(2)}});
  const Ran first = Run({"--format", "csv", "--count", "1"});
  const std::vector<std::string> lines = absl::StrSplit(first.out, "\r\n");
  ASSERT_EQ(lines.size(), 6U) << first.out;  // head, three targets, a change, nothing behind it
  EXPECT_THAT(lines[0], StartsWith("message,window_start_time,target_id,change_seq,kinds,"));
  EXPECT_THAT(lines[1], StartsWith("summary,2024-04-06T00:00:00+00:00,"));
  EXPECT_EQ(lines[4],
            "change,2024-04-06T00:00:00+00:00,whatsapp,1,opened event,LOCAL,NOWHERE,UNSPECIFIED,"
            "CN-BJ,Change 1 is told.,token1");
  const Ran second = Run({"--format", "csv", "--resume", "token1", "--count", "1", "--heartbeats"});
  EXPECT_THAT(second.out, StartsWith("heartbeat,2024-04-06T00:00:00+00:00,,"));
}

TEST_F(WatchTest, ABrokenStreamGoesOnBehindTheLastMessage) {
  const grpc::Status restart(grpc::StatusCode::UNAVAILABLE, "the collector restarts");
  summaries_.Add({{SummaryMessage(), ChangeMessage(1)}, restart});
  summaries_.Add({{}, {grpc::StatusCode::RESOURCE_EXHAUSTED, "too many watch"}});
  summaries_.Add({{ChangeMessage(2)}});
  const Watched ran = RunQuick(2);
  ASSERT_TRUE(ran.status.ok()) << ran.status;
  EXPECT_THAT(summaries_.Tokens(), ElementsAre("", "token1", "token1"));
  EXPECT_THAT(ran.out, AllOf(HasSubstr("Change 1"), HasSubstr("Change 2")));
  EXPECT_THAT(ran.err, AllOf(HasSubstr("says: the collector restarts; trying again in "),
                             HasSubstr("says: too many watch; trying again in "), EndsWith("\n")));
}

TEST_F(WatchTest, ACollectorThatFallsSilentIsAskedAgain) {
  summaries_.Add({{SummaryMessage()}});
  summaries_.Add({{ChangeMessage(1)}});
  const Watched ran = RunQuick(1, /*silence=*/absl::Seconds(1));
  ASSERT_TRUE(ran.status.ok()) << ran.status;
  EXPECT_THAT(summaries_.Tokens(), ElementsAre("", "token0"));
  EXPECT_THAT(ran.err, HasSubstr("no word from the collector at localhost"));
  EXPECT_THAT(ran.err, HasSubstr("for 1 s; trying again in "));
}

TEST_F(WatchTest, TheStateFileSurvivesARestart) {
  const std::string path = folder_ / "watch.token";
  summaries_.Add({{SummaryMessage(), ChangeMessage(1), ChangeMessage(2)}});
  summaries_.Add({{HeartbeatMessage("token2"), ChangeMessage(3)}});
  ASSERT_EQ(Run({"--state", path, "--count", "2"}).exit_code, kExitOk);
  EXPECT_EQ(*SystemFiles().Read(path), "token2\n");
  const Ran second = Run({"--state", path, "--count", "1"});
  ASSERT_EQ(second.exit_code, kExitOk) << second.err;
  EXPECT_THAT(second.out, AllOf(HasSubstr("Change 3"), Not(HasSubstr("WhatsApp  LOCAL"))));
  EXPECT_THAT(summaries_.Tokens(), ElementsAre("", "token2"));
  EXPECT_EQ(*SystemFiles().Read(path), "token3\n");
}

TEST_F(WatchTest, ATokenIsKeptOnlyOnceItsMessageIsWritten) {
  const std::string path = folder_ / "watch.token";
  summaries_.Add({{SummaryMessage(), ChangeMessage(1)}});
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  std::ostringstream err;
  const Terminal terminal = TerminalTo(out, err);
  WatchFlags flags = Flags();
  flags.state_path = path;
  const absl::Status status = Watch(flags, {}, terminal, {});
  EXPECT_THAT(std::string(status.message()), HasSubstr("standard output takes no more"));
  EXPECT_FALSE(SystemFiles().Read(path).ok());
}

TEST_F(WatchTest, AStateFileThatCannotBeWrittenEndsIt) {
  summaries_.Add({{SummaryMessage(), ChangeMessage(1)}});
  const Ran ran = Run({"--state", folder_ / "none/watch.token"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("none/watch.token"));
}

TEST_F(WatchTest, SomethingElseThanATokenIsNotSent) {
  const std::string path = folder_ / "watch.token";
  ASSERT_TRUE(SystemFiles().WriteAtomically(path, "a story of\ntwo cities", 0600).ok());
  const Ran ran = Run({"--state", path});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("holds something else than a resume token"));
  EXPECT_THAT(summaries_.Tokens(), IsEmpty());
}

TEST_F(WatchTest, WhatDoesNotGoAwayEndsIt) {
  const std::string path = folder_ / "watch.token";
  ASSERT_TRUE(SystemFiles().WriteAtomically(path, "token9\n", 0600).ok());
  summaries_.Add({{}, {grpc::StatusCode::OUT_OF_RANGE, "resume_token: is behind change 9"}});
  summaries_.Add({{}, {grpc::StatusCode::NOT_FOUND, "target_ids: no target \"x\""}});
  summaries_.Add({{}, {grpc::StatusCode::INVALID_ARGUMENT, "resume_token: must be one"}});
  Ran ran = Run({"--state", path});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("says: resume_token: is behind change 9; the token is"),
                             HasSubstr("remove that file")));
  ran = Run({"x"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("says: target_ids: no target \"x\""));
  ran = Run({"--resume", "?"});
  EXPECT_EQ(ran.exit_code, kExitFailure);
  EXPECT_THAT(ran.err, HasSubstr("says: resume_token: must be one"));
  EXPECT_EQ(summaries_.Tokens().size(), 3U);
}

TEST_F(WatchTest, ACertificateOfAnotherRootEndsIt) {
  WatchFlags flags = Flags();
  flags.reader.roots_path.clear();
  std::ostringstream out;
  std::ostringstream err;
  const Terminal terminal = TerminalTo(out, err);
  const absl::Status status = Watch(flags, {}, terminal, {});  // the system's roots
  EXPECT_THAT(std::string(status.message()), HasSubstr("--roots"));
}

TEST_F(WatchTest, TerminationEndsItCleanly) {
  for (const int signal : {SIGTERM, SIGINT}) {
    summaries_.Add({{ChangeMessage(1)}, grpc::Status::OK, [signal] { kill(getpid(), signal); }});
    const Ran ran = Run({"--resume", "token0"});
    EXPECT_EQ(ran.exit_code, kExitOk) << ran.err;
    EXPECT_THAT(ran.err, IsEmpty());
  }
  EXPECT_EQ(summaries_.Tokens().size(), 2U);
}

// Asks to stop when something is written to it.
class StoppingBuffer final : public std::stringbuf {
 public:
  explicit StoppingBuffer(std::stop_source& stop) : stop_(stop) {}
  int sync() override {
    stop_.request_stop();
    return 0;
  }

 private:
  std::stop_source& stop_;
};

TEST_F(WatchTest, AStopIsHeardWhileItWaitsToTryAgain) {
  summaries_.Add({{}, {grpc::StatusCode::UNAVAILABLE, "not yet"}});
  StoppingBuffer buffer(stop_);
  std::ostringstream out;
  std::ostream err(&buffer);
  const Terminal terminal = TerminalTo(out, err);
  const WatchPace pace = {
      .silence = absl::Seconds(30), .delay_min = absl::Hours(1), .delay_max = absl::Hours(1)};
  EXPECT_TRUE(Watch(Flags(), pace, terminal, stop_.get_token()).ok());
  EXPECT_THAT(buffer.str(), HasSubstr("says: not yet; trying again in 60 min\n"));
}

TEST_F(WatchTest, FlagsThatContradictEachOtherAreWrongUsage) {
  EXPECT_EQ(Run({"--state", "x", "--resume", "y"}).exit_code, kExitUsage);
  EXPECT_EQ(Run({"--count", "0"}).exit_code, kExitUsage);
}

}  // namespace
}  // namespace sightline::cli
