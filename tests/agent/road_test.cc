#include "agent/road.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sightline::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RoadTest, AddressesAreTriedDirectlyBeforeTheProxy) {
  EXPECT_THAT(RoadsTo({"a:1", "[::1]:2"}, ""), ElementsAre("a:1", "[::1]:2"));
  EXPECT_THAT(
      RoadsTo({"a:1", "[::1]:2"}, "http://p:3"),
      ElementsAre("a:1", "[::1]:2", "a:1 through http://p:3", "[::1]:2 through http://p:3"));
}

TEST(RoadTest, RoadComesApartAsItWasMade) {
  for (const std::string& proxy : {std::string(), std::string("http://[::1]:3128")}) {
    const Road road = ParseRoad(RoadsTo({"a:1"}, proxy).back());
    EXPECT_EQ(road.address, "a:1");
    EXPECT_EQ(road.proxy, proxy);
  }
}

TEST(RoadTest, OnlyPlainProxiesAreTaken) {
  for (const char* good : {"", "http://p:1", "http://127.0.0.1:8080", "http://[::1]:3128"}) {
    EXPECT_TRUE(CheckProxy(good).ok()) << good;
  }
  for (const char* bad :
       {"p:1", "https://p:1", "socks5://p:1", "http://p", "http://:1", "http://p:0",
        "http://p:65536", "http://p:1/", "http://u:w@p:1", "http://p: 1", "http://p:1\n"}) {
    EXPECT_THAT(std::string(CheckProxy(bad).message()), HasSubstr("http://HOST:PORT")) << bad;
  }
}

TEST(RoadTest, FirstAnswerEndsTheSearchAlsoWhenItIsNo) {
  std::vector<std::string> tried;
  const auto answer = CallInTurn<int>({"a", "b", "c"}, [&](const std::string& road) {
    tried.push_back(road);
    return road == "a" ? absl::StatusOr<int>(absl::UnavailableError("refused"))
                       : absl::StatusOr<int>(absl::NotFoundError("who?"));
  });
  EXPECT_THAT(tried, ElementsAre("a", "b"));
  EXPECT_TRUE(absl::IsNotFound(answer.status()));
  EXPECT_EQ(answer.status().message(), "b: who?");
}

TEST(RoadTest, RefusalWithoutAWordIsCalledByItsCode) {
  const auto answer = CallInTurn<int>(
      {"a"}, [](const std::string&) { return absl::StatusOr<int>(absl::UnimplementedError("")); });
  EXPECT_EQ(answer.status(), absl::UnimplementedError("a: UNIMPLEMENTED"));
}

TEST(RoadTest, SilenceOnAllRoadsNamesEach) {
  const auto answer = CallInTurn<int>({"a", "b"}, [](const std::string& road) {
    return absl::StatusOr<int>(absl::DeadlineExceededError("slow " + road));
  });
  EXPECT_TRUE(absl::IsUnavailable(answer.status()));
  EXPECT_EQ(answer.status().message(), "a (slow a), b (slow b)");
}

}  // namespace
}  // namespace sightline::agent
