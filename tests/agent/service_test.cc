// What the service manager hears of a running agent, on a real socket.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

#include "agent/pause.h"
#include "agent/run.h"
#include "agent/service_report.h"
#include "tests/agent/enrolled_folder.h"
#include "tests/agent/fake_prober.h"
#include "tests/common/fake_clock.h"
#include "tests/common/notify_manager.h"

namespace sightline::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Remembers the roads that were tried.
class RoadTransport : public DeadTransport {
 public:
  RoadTransport(std::mutex& mutex, std::vector<std::string>& roads)
      : mutex_(mutex), roads_(roads) {}
  absl::Status Run(const std::string& road, UplinkSession& session) override {
    const std::lock_guard lock(mutex_);
    roads_.push_back(road);
    return DeadTransport::Run(road, session);
  }

 private:
  std::mutex& mutex_;
  std::vector<std::string>& roads_;
};

// A stream that never ends by itself.
class HangingTransport : public Transport {
 public:
  explicit HangingTransport(std::atomic<bool>& begun) : begun_(begun) {}
  absl::Status Run(const std::string&, UplinkSession&) override {
    begun_ = true;
    cancelled_.wait(false);
    return absl::CancelledError("cancelled");
  }
  void Cancel() override {
    cancelled_ = true;
    cancelled_.notify_all();
  }

 private:
  std::atomic<bool>& begun_;
  std::atomic<bool> cancelled_ = false;
};

class ServiceTest : public ::testing::Test {
 protected:
  ServiceNotify Notify(const std::string& watchdog_us = "") {
    const std::map<std::string, std::string> environment = {{"NOTIFY_SOCKET", socket_},
                                                            {"WATCHDOG_USEC", watchdog_us}};
    const auto notify = ServiceNotify::FromEnvironment([&](const char* name) {
      const auto found = environment.find(name);
      return found == environment.end() ? nullptr : found->second.c_str();
    });
    EXPECT_TRUE(notify.ok()) << notify.status();
    return *notify;
  }
  RunParts Parts(probe::Prober& prober, ServiceNotify notify) {
    return {SystemFiles(),
            clock_,
            prober,
            stop_,
            [this](const Identity&) { return std::make_unique<RoadTransport>(mutex_, roads_); },
            [](const auto&...) -> absl::StatusOr<v1::RotateKeyResponse> {
              return absl::UnavailableError("connection refused");
            },
            {},
            std::move(notify)};
  }
  void Pause() { EXPECT_TRUE(PauseAgent(folder_.path(), SystemFiles(), clock_.Now(), "").ok()); }

  TempFolder temp_;
  const std::string socket_ = temp_ / "notify";
  const NotifyManager manager_{socket_};
  EnrolledFolder folder_;
  FakeClock clock_{kTestNow};
  StopFlag stop_;
  std::mutex mutex_;
  std::vector<std::string> roads_;
};

TEST_F(ServiceTest, SaysReadyOnceItWorksAndStoppingAtTheEnd) {
  FakeProber prober([this](int) { stop_.Request(); });
  ASSERT_TRUE(agent::Run(folder_.path(), Parts(prober, Notify())).ok());
  EXPECT_EQ(manager_.Wait(), "READY=1\nSTATUS=probing by plan version 1");
  EXPECT_EQ(manager_.Wait(), "STOPPING=1");
  EXPECT_EQ(manager_.Next(), "nothing");
}

TEST_F(ServiceTest, SaysReadyWhilePausedAndTellsWhenThatEnds) {
  Pause();
  FakeProber prober([this](int) { stop_.Request(); });
  std::thread agent([&] { EXPECT_TRUE(agent::Run(folder_.path(), Parts(prober, Notify())).ok()); });
  EXPECT_THAT(manager_.Wait(), StartsWith("READY=1\nSTATUS=paused until: sightline-agent resume"));
  EXPECT_TRUE(ResumeAgent(folder_.path(), SystemFiles(), clock_.Now()).ok());
  EXPECT_EQ(manager_.Wait(), "STATUS=probing by plan version 1");
  stop_.Request();
  agent.join();
  EXPECT_EQ(manager_.WaitFor("STOPPING"), "STOPPING=1");
}

TEST_F(ServiceTest, AnAgentThatCannotStartIsNeverReady) {
  ASSERT_TRUE(SystemFiles().Remove(folder_.state().PlanPath()).ok());
  FakeProber prober;
  EXPECT_FALSE(agent::Run(folder_.path(), Parts(prober, Notify())).ok());
  EXPECT_EQ(manager_.Next(), "nothing");
}

// Paused, so that only the loop itself can be what lives.
TEST_F(ServiceTest, LivesForTheWatchdogWhileItIsIdle) {
  Pause();
  FakeProber prober;
  std::thread agent(
      [&] { EXPECT_TRUE(agent::Run(folder_.path(), Parts(prober, Notify("400000"))).ok()); });
  for (int i = 0; i < 3; ++i) EXPECT_EQ(manager_.WaitFor("WATCHDOG"), "WATCHDOG=1");
  stop_.Request();
  agent.join();
}

// The prober's own loop asks keep_going; once it does no more, nobody says that all is well.
TEST_F(ServiceTest, AStuckRoundIsSilentSoThatTheManagerRestarts) {
  std::atomic<bool> stuck = false;
  std::atomic<bool> enough = false;
  FakeProber prober([&](int) {
    stuck = true;
    while (!enough) std::this_thread::yield();
    stop_.Request();
  });
  std::thread agent(
      [&] { EXPECT_TRUE(agent::Run(folder_.path(), Parts(prober, Notify("200000"))).ok()); });
  while (!stuck) std::this_thread::yield();
  while (manager_.Next() != "nothing") {
  }
  // Twice as long as the manager would wait.
  EXPECT_EQ(manager_.Wait(400), "nothing");
  enough = true;
  agent.join();
}

TEST_F(ServiceTest, ALongRoundThatGoesOnIsAlive) {
  FakeProber prober;
  prober.hang = true;  // It asks keep_going over and over.
  std::thread agent(
      [&] { EXPECT_TRUE(agent::Run(folder_.path(), Parts(prober, Notify("200000"))).ok()); });
  for (int i = 0; i < 4; ++i) EXPECT_EQ(manager_.WaitFor("WATCHDOG"), "WATCHDOG=1");
  Pause();  // Ends the round.
  EXPECT_THAT(manager_.WaitFor("paused"), HasSubstr("STATUS=paused"));
  stop_.Request();
  agent.join();
}

TEST_F(ServiceTest, ARoundThatIsNeverOverIsNotCalledAlive) {
  std::atomic<bool> begun = false;
  FakeProber prober([&](int) { begun = true; });
  prober.hang = true;
  RunParts parts = Parts(prober, Notify("200000"));
  parts.stuck_after = absl::ZeroDuration();
  std::thread agent([&] { EXPECT_TRUE(agent::Run(folder_.path(), parts).ok()); });
  while (!begun) std::this_thread::yield();
  while (manager_.Next() != "nothing") {
  }
  EXPECT_EQ(manager_.Wait(400), "nothing");
  Pause();
  EXPECT_THAT(manager_.WaitFor("paused"), HasSubstr("STATUS=paused"));
  stop_.Request();
  agent.join();
}

TEST_F(ServiceTest, AStreamThatIsNeverOverIsNotCalledAlive) {
  std::atomic<bool> begun = false;
  FakeProber prober;
  RunParts parts = Parts(prober, Notify("200000"));
  parts.stuck_after = absl::ZeroDuration();
  parts.make_transport = [&](const Identity&) { return std::make_unique<HangingTransport>(begun); };
  std::thread agent([&] { EXPECT_TRUE(agent::Run(folder_.path(), parts).ok()); });
  while (!begun) std::this_thread::yield();
  int heard = 0;  // What was on its way when the stream began.
  while (manager_.Wait(400) != "nothing" && heard < 10) ++heard;
  EXPECT_LT(heard, 10);
  stop_.Request();
  agent.join();
}

TEST_F(ServiceTest, AReloadBringsAnotherProxyAndIsSaidToBeOver) {
  FakeProber prober([&](int) { clock_.Advance(absl::Seconds(1)); });
  RunParts parts = Parts(prober, Notify());
  parts.reload = [] { return std::optional<std::string>("http://127.0.0.1:8080"); };
  std::thread agent([&] { EXPECT_TRUE(agent::Run(folder_.path(), parts).ok()); });
  EXPECT_THAT(manager_.Wait(), StartsWith("READY=1"));
  stop_.RequestReload();
  EXPECT_THAT(manager_.WaitFor("RELOADING"), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_THAT(manager_.WaitFor("READY"), StartsWith("READY=1\nSTATUS=probing"));
  const auto tried = [this](const std::string& road) {
    const std::lock_guard lock(mutex_);
    return std::find(roads_.begin(), roads_.end(), road) != roads_.end();
  };
  while (!tried("a:1 through http://127.0.0.1:8080")) std::this_thread::yield();
  stop_.Request();
  agent.join();
}

TEST_F(ServiceTest, AReloadThatFailsLeavesAllAsItWas) {
  FakeProber prober;
  RunParts parts = Parts(prober, Notify());
  parts.reload = []() -> absl::StatusOr<std::optional<std::string>> {
    return absl::InvalidArgumentError("no TOML");
  };
  Pause();
  std::thread agent([&] { EXPECT_TRUE(agent::Run(folder_.path(), parts).ok()); });
  EXPECT_THAT(manager_.Wait(), StartsWith("READY=1"));
  stop_.RequestReload();
  EXPECT_THAT(manager_.WaitFor("RELOADING"), StartsWith("RELOADING=1"));
  EXPECT_THAT(manager_.Wait(), StartsWith("READY=1\nSTATUS=paused"));
  stop_.Request();
  agent.join();
}

TEST(StopFlagTest, HangupOfAServiceIsAReloadAndOtherwiseAnEnd) {
  FakeProber prober;
  for (const OnHangup on_hangup : {OnHangup::kReload, OnHangup::kStop}) {
    StopFlag stop;
    signal(SIGHUP, SIG_DFL);  // whatever these tests were started by
    {
      const StopOnSignals signals(stop, prober, on_hangup);
      raise(SIGHUP);
    }
    EXPECT_EQ(stop.requested(), on_hangup == OnHangup::kStop);
    EXPECT_EQ(stop.TakeReload(), on_hangup == OnHangup::kReload);
  }
  signal(SIGHUP, SIG_DFL);
}

TEST(StopFlagTest, HangupThatNohupIgnoresStaysIgnored) {
  FakeProber prober;
  StopFlag stop;
  signal(SIGHUP, SIG_IGN);
  {
    const StopOnSignals signals(stop, prober, OnHangup::kStop);
    raise(SIGHUP);
  }
  signal(SIGHUP, SIG_DFL);
  EXPECT_FALSE(stop.requested());
}

TEST(StopFlagTest, AReloadEndsOneWaitAndNoMore) {
  StopFlag stop;
  stop.RequestReload();
  EXPECT_FALSE(stop.WaitFor(absl::Hours(1)));
  EXPECT_TRUE(stop.TakeReload());
  EXPECT_FALSE(stop.TakeReload());
  const absl::Time start = absl::Now();
  EXPECT_FALSE(stop.WaitFor(absl::Milliseconds(20)));  // The bell may ring once more.
  EXPECT_FALSE(stop.WaitFor(absl::Milliseconds(20)));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(20));
}

}  // namespace
}  // namespace sightline::agent
