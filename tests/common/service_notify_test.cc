// What a service manager hears, on a real socket.
#include "common/service_notify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "tests/common/notify_manager.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using ::testing::MatchesRegex;

class ServiceNotifyTest : public ::testing::Test {
 protected:
  absl::StatusOr<ServiceNotify> Notify() {
    return ServiceNotify::FromEnvironment([this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? nullptr : found->second.c_str();
    });
  }

  TempFolder folder_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ServiceNotifyTest, WithoutAManagerNothingIsSaid) {
  const absl::StatusOr<ServiceNotify> notify = Notify();
  ASSERT_TRUE(notify.ok());
  EXPECT_FALSE(notify->managed());
  EXPECT_EQ(notify->watchdog_interval(), std::nullopt);
  notify->Ready("ready");
  notify->Alive();
}

TEST_F(ServiceNotifyTest, TellsTheManager) {
  const std::string path = folder_ / "notify";
  const NotifyManager manager(path);
  environment_ = {{"NOTIFY_SOCKET", path}, {"WATCHDOG_USEC", "30000000"}};
  const absl::StatusOr<ServiceNotify> notify = Notify();
  ASSERT_TRUE(notify.ok());
  EXPECT_TRUE(notify->managed());
  EXPECT_EQ(notify->watchdog_interval(), absl::Seconds(30));
  EXPECT_EQ(manager.Next(), "nothing");
  notify->Ready("listens\nREADY=0");
  EXPECT_EQ(manager.Next(), "READY=1\nSTATUS=listens READY=0");
  notify->Reloading();
  EXPECT_THAT(manager.Next(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+"));
  notify->Status("three agents");
  EXPECT_EQ(manager.Next(), "STATUS=three agents");
  notify->Alive();
  EXPECT_EQ(manager.Next(), "WATCHDOG=1");
  notify->Stopping();
  EXPECT_EQ(manager.Next(), "STOPPING=1");
}

TEST_F(ServiceNotifyTest, SpeaksToANameWithoutAFile) {
  const std::string name = absl::StrCat("@sightline-test-", getpid());
  const NotifyManager manager(name);
  environment_ = {{"NOTIFY_SOCKET", name}};
  const absl::StatusOr<ServiceNotify> notify = Notify();
  ASSERT_TRUE(notify.ok());
  notify->Alive();
  EXPECT_EQ(manager.Next(), "WATCHDOG=1");
}

TEST_F(ServiceNotifyTest, AWatchdogForAnotherProcessIsNotOurs) {
  environment_ = {{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "1"}};
  EXPECT_EQ(Notify()->watchdog_interval(), std::nullopt);
  environment_["WATCHDOG_PID"] = absl::StrCat(getpid());
  EXPECT_EQ(Notify()->watchdog_interval(), absl::Seconds(30));
}

TEST_F(ServiceNotifyTest, RefusesWhatItDoesNotUnderstand) {
  for (const char* socket : {"vsock:2:1234", "/", "relative"}) {
    environment_ = {{"NOTIFY_SOCKET", socket}};
    EXPECT_TRUE(absl::IsInvalidArgument(Notify().status())) << socket;
  }
  environment_ = {{"NOTIFY_SOCKET", std::string(200, '/')}};
  EXPECT_TRUE(absl::IsInvalidArgument(Notify().status()));
  for (const char* time : {"soon", "0", "-1"}) {
    environment_ = {{"WATCHDOG_USEC", time}};
    EXPECT_TRUE(absl::IsInvalidArgument(Notify().status())) << time;
  }
}

}  // namespace
}  // namespace sightline
