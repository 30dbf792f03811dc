#ifndef SIGHTLINE_TESTS_AGENT_PROBE_ENGINE_FIXTURE_H_
#define SIGHTLINE_TESTS_AGENT_PROBE_ENGINE_FIXTURE_H_

// A plan with one check, and an engine that may go to loopback.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/probe/engine.h"
#include "tests/agent/probe/certificates.h"
#include "tests/agent/probe/fake_servers.h"
#include "tests/agent/probe/layer_letters.h"

namespace sightline::probe {

inline constexpr char kHost[] = "web.whatsapp.com";
inline constexpr char kOther[] = "www.example.com";
inline constexpr char kGenuine[] = "127.0.0.2";
inline constexpr char kForged[] = "127.0.0.3";
inline constexpr char kPage[] = "HTTP/1.1 200 OK\r\nContent-Length: 14\r\n\r\n<html>WhatsApp";

// As the programs' policy, but with loopback.
inline absl::string_view LoopbackToo(const IpAddress& address) {
  return !address.v6 && address.bytes[0] == 127 ? absl::string_view() : ReservedRange(address);
}

inline std::string Page(const std::string& status, const std::string& body = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         body;
}

class EngineTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new Identity(MakeRoot("Test root"));
    genuine_ = new Identity(MakeLeaf(*root_, kHost));
    impostor_ = new Identity(MakeLeaf(*root_, kOther));
  }
  static void TearDownTestSuite() {
    delete root_;
    delete genuine_;
    delete impostor_;
  }

  EngineTest() {
    v1::RootSet* roots = plan_.add_root_sets();
    roots->set_name("test");
    roots->set_pem(ToPem(*root_->certificate));
    plan_.mutable_check_timeout()->set_seconds(20);
    SetHold(50);
    check_.set_check_id("whatsapp-web");
    check_.set_protocol(v1::CHECK_PROTOCOL_HTTPS);
    check_.set_host(kHost);
    check_.set_root_set("test");
    check_.set_path("/");
    check_.set_status_min(200);
    check_.set_status_max(299);
    engine_ = *Engine::CreateForTesting(LoopbackToo);
  }

  void SetHold(int ms) { plan_.mutable_dns_hold()->set_nanos(ms * 1'000'000); }
  void SetTimeout(int ms) {
    plan_.mutable_check_timeout()->set_seconds(ms / 1000);
    plan_.mutable_check_timeout()->set_nanos(ms % 1000 * 1'000'000);
  }

  v1::Observation Run(std::vector<FakeReply> replies) {
    DnsServer dns(std::move(replies));
    plan_.clear_resolvers();
    plan_.add_resolvers(dns.address());
    return engine_->RunRound(plan_, {&check_}, RoundOptions()).observations.at(0);
  }

  // With one server that the name leads to.
  v1::Observation RunWith(Behaviour behaviour) {
    TcpServer server(kGenuine, 0, std::move(behaviour));
    check_.set_port(server.port());
    return Run({{{kGenuine}}});
  }

  inline static const Identity* root_ = nullptr;
  inline static const Identity* genuine_ = nullptr;
  inline static const Identity* impostor_ = nullptr;

  v1::Plan plan_;
  v1::Check check_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace sightline::probe

#endif  // SIGHTLINE_TESTS_AGENT_PROBE_ENGINE_FIXTURE_H_
