// The main thread of a collector, with real signals and a real socket of a service manager.
#include "collector/service_loop.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <map>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/collector/fake_steady_clock.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class ServiceLoopTest : public ::testing::Test {
 protected:
  ServiceLoopTest() : signals_(BlockServiceSignals()) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const std::string path = folder_ / "notify";
    memcpy(address.sun_path, path.data(), path.size());
    EXPECT_EQ(bind(manager_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    environment_["NOTIFY_SOCKET"] = path;
  }
  ~ServiceLoopTest() override {
    if (loop_.joinable()) {
      pthread_kill(loop_.native_handle(), SIGTERM);
      loop_.join();
    }
    close(manager_);
  }

  void Start() {
    const auto notify = ServiceNotify::FromEnvironment([this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    });
    ASSERT_TRUE(notify.ok()) << notify.status();
    loop_ = std::thread([this, notify = *notify] {
      ended_by_ = ServeUntilSignal(signals_, notify, pulse_, "node n1", [this] { ++reloads_; });
    });
  }
  void Signal(int signal) { ASSERT_EQ(pthread_kill(loop_.native_handle(), signal), 0); }
  // The next message, which is waited for.
  std::string Next() const {
    char buffer[1024];
    const ssize_t size = recv(manager_, buffer, sizeof buffer, 0);
    return size < 0 ? "nothing" : std::string(buffer, static_cast<size_t>(size));
  }
  // The next message but for signs of life.
  std::string NextWord() const {
    std::string next = Next();
    while (next == "WATCHDOG=1") next = Next();
    return next;
  }

  const TempFolder folder_;
  const sigset_t signals_;
  const int manager_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  std::map<std::string, std::string> environment_;
  FakeSteadyClock clock_;
  Pulse pulse_{clock_};
  std::atomic<int> reloads_ = 0;
  int ended_by_ = 0;
  std::thread loop_;
};

TEST_F(ServiceLoopTest, SaysThatItIsReadyReloadsAndStops) {
  Start();
  EXPECT_EQ(Next(), "READY=1\nSTATUS=node n1");
  Signal(SIGHUP);
  EXPECT_THAT(NextWord(), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_EQ(NextWord(), "READY=1\nSTATUS=node n1");
  EXPECT_EQ(reloads_, 1);
  Signal(SIGTERM);
  EXPECT_EQ(NextWord(), "STOPPING=1");
  loop_.join();
  EXPECT_EQ(ended_by_, SIGTERM);
}

TEST_F(ServiceLoopTest, SaysThatItIsAliveAsOftenAsTheWatchdogWants) {
  environment_["WATCHDOG_USEC"] = "20000";
  Start();
  EXPECT_THAT(Next(), HasSubstr("READY=1"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Next(), "WATCHDOG=1");
}

TEST_F(ServiceLoopTest, IsSilentWhileItsPartsCannotBeLookedAt) {
  environment_["WATCHDOG_USEC"] = "2000";
  clock_.Advance(Pulse::kSilenceMax + absl::Seconds(1));
  Start();
  EXPECT_THAT(Next(), HasSubstr("READY=1"));
  // Whatever came between these two would be a sign of life.
  Signal(SIGHUP);
  EXPECT_THAT(Next(), HasSubstr("RELOADING=1"));
  EXPECT_THAT(Next(), HasSubstr("READY=1"));
  Signal(SIGHUP);
  EXPECT_THAT(Next(), HasSubstr("RELOADING=1"));
  EXPECT_THAT(Next(), HasSubstr("READY=1"));
  pulse_.Beat();
  EXPECT_EQ(Next(), "WATCHDOG=1");
}

TEST_F(ServiceLoopTest, WithoutAManagerItWaitsAllTheSame) {
  environment_.clear();
  Start();
  Signal(SIGINT);
  loop_.join();
  EXPECT_EQ(ended_by_, SIGINT);
}

}  // namespace
}  // namespace sightline
