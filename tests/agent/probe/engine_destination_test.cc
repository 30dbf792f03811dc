// Nobody makes an agent connect to a place that is closed to it: neither a resolver nor a service.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/agent/probe/engine_fixture.h"

namespace sightline::probe {
namespace {

constexpr char kInside[] = "127.0.0.66";

// As the programs' policy; of loopback, where the servers of the tests are, one address is closed.
absl::string_view InsideIsClosed(const IpAddress& address) {
  if (FormatIpAddress(address) == kInside) return "127.0.0.66/32";
  return LoopbackToo(address);
}

class EngineDestinationTest : public EngineTest {
 protected:
  EngineDestinationTest() : inside_(kInside, 0, HttpServer(kPage)) {
    engine_ = *Engine::CreateForTesting(InsideIsClosed);
    check_.set_redirects_max(3);
  }

  std::string InsideUrl(const std::string& host) const {
    return "http://" + host + ":" + std::to_string(inside_.port()) + "/";
  }

  v1::Observation RedirectedTo(const std::string& location) {
    return RunWith(HttpsServer(*genuine_, "HTTP/1.1 302 Found\r\nLocation: " + location +
                                              "\r\nContent-Length: 0\r\n\r\n"));
  }

  TcpServer inside_;
};

TEST_F(EngineDestinationTest, ARedirectToAnOpenPlaceIsFollowed) {
  engine_ = *Engine::CreateForTesting(LoopbackToo);
  RedirectedTo(InsideUrl(kInside));
  EXPECT_EQ(inside_.connections(), 1) << "or the tests below could not fail";
}

TEST_F(EngineDestinationTest, ARedirectInsideIsNotFollowedHoweverItIsWritten) {
  const std::vector<std::string> forms = {
      kInside,         "[::ffff:127.0.0.66]", "[::127.0.0.66]", "[64:ff9b::7f00:42]",
      "2130706498",    "0x7f000042",          "0177.0.0.0102",  "127.66",
      "0x7f.0.0.0x42", "127.0.0.66.",         "user@127.0.0.66"};
  for (const std::string& form : forms) {
    const v1::Observation seen = RedirectedTo(InsideUrl(form));
    EXPECT_EQ(inside_.connections(), 0) << form;
    EXPECT_EQ(seen.attempts(0).tls().failure(), "") << form << ": the first hop was proved";
    EXPECT_NE(seen.failure(), "") << form;
  }
  RedirectedTo(std::string("//") + kInside + ":" + std::to_string(inside_.port()) + "/");
  EXPECT_EQ(inside_.connections(), 0);
}

TEST_F(EngineDestinationTest, ANameThatIsLedInsideLater) {
  TcpServer genuine(kGenuine, inside_.port(), HttpsServer(*genuine_, kPage));
  check_.set_port(inside_.port());
  EXPECT_EQ(Letters(Run({{{kGenuine}}}).layers()), "ooooo");
  // The same name, the same engine, another answer.
  const v1::Observation seen = Run({{{kInside}}});
  EXPECT_EQ(seen.dns().responses(0).addresses(0), "127.0.0.66/32") << "told as a range";
  EXPECT_EQ(inside_.connections(), 0);
  // Both at once: only the open one is tried.
  Run({{{kGenuine, kInside}}});
  Run({{{kGenuine}}, {{kInside}}});
  EXPECT_EQ(inside_.connections(), 0);
  EXPECT_GE(genuine.connections(), 3);
}

TEST_F(EngineDestinationTest, APlanThatLeadsInsideIsRefusedAddressByAddress) {
  check_.set_host(kInside);
  check_.set_port(inside_.port());
  Run({});
  check_.set_host(kHost);
  check_.add_genuine_addresses(kInside);
  Run({{{kInside}}});
  EXPECT_EQ(inside_.connections(), 0);
}

}  // namespace
}  // namespace sightline::probe
