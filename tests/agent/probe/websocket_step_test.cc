// WebSocketStep against servers that refuse; noise_responder_test.py has one that agrees.

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "agent/probe/failure.h"
#include "tests/agent/probe/fake_servers.h"
#include "tests/agent/probe/step_fixture.h"

namespace sightline::probe {
namespace {

constexpr char kAddress[] = "127.0.0.2";
constexpr char kName[] = "web.whatsapp.com";

class WebSocketStepTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    root_ = new Identity(MakeRoot("Test root"));
    leaf_ = new Identity(MakeLeaf(*root_, kName));
  }
  static void TearDownTestSuite() {
    delete root_;
    delete leaf_;
  }

  static StepRun RunAgainst(uint16_t port, std::chrono::milliseconds timeout) {
    v1::Check check;
    check.set_protocol(v1::CHECK_PROTOCOL_WEBSOCKET);
    check.set_host(kName);
    check.set_port(port);
    check.set_path("/ws/chat");
    check.set_origin("https://web.whatsapp.com");
    return RunSteps(check, nullptr, ToPem(*root_->certificate), kAddress, timeout);
  }

  static v1::WebSocketEvidence Answered(const std::string& response) {
    return After(HttpsServer(*leaf_, response));
  }

  static v1::WebSocketEvidence After(Behaviour behaviour) {
    const TcpServer server(kAddress, 0, std::move(behaviour));
    const StepRun run = RunAgainst(server.port(), std::chrono::seconds(20));
    EXPECT_FALSE(run.passed);
    EXPECT_TRUE(run.evidence.tls().verified());
    return run.evidence.websocket();
  }

  inline static const Identity* root_ = nullptr;
  inline static const Identity* leaf_ = nullptr;
};

TEST_F(WebSocketStepTest, ARefusalKeepsItsStatus) {
  const v1::WebSocketEvidence evidence =
      Answered("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  EXPECT_EQ(evidence.status(), 403U);
  EXPECT_EQ(evidence.failure(), kHttpUnexpectedStatus);
}

TEST_F(WebSocketStepTest, ARefusalKeepsItsStatusWhateverItsBody) {
  for (const std::string& body : {std::string(), std::string(1'000'000, 'x')}) {
    const v1::WebSocketEvidence evidence =
        Answered("HTTP/1.1 503 Busy\r\nContent-Length: 9000000\r\n\r\n" + body);
    EXPECT_EQ(evidence.status(), 503U);
    EXPECT_EQ(evidence.failure(), kHttpUnexpectedStatus);
  }
}

TEST_F(WebSocketStepTest, AnOrdinaryPageIsNoUpgrade) {
  const v1::WebSocketEvidence evidence = Answered("HTTP/1.1 200 OK\r\n\r\n<html>");
  EXPECT_EQ(evidence.status(), 200U);
  EXPECT_EQ(evidence.failure(), kHttpUnexpectedStatus);
}

TEST_F(WebSocketStepTest, AnUpgradeWithoutProofIsRefused) {
  const v1::WebSocketEvidence evidence = Answered(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  EXPECT_EQ(evidence.status(), 101U);
  EXPECT_EQ(evidence.failure(), kHttpRequestFailed);
}

TEST_F(WebSocketStepTest, ALongHeadIsReadUpTo16KiB) {
  const std::string start = "HTTP/1.1 400 Bad\r\nX: ";
  EXPECT_EQ(Answered(start + std::string(15'000, 'x') + "\r\n\r\n").status(), 400U);
  const v1::WebSocketEvidence evidence = Answered(start + std::string(40'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(evidence.status(), 0U);
  EXPECT_EQ(evidence.failure(), kHttpRequestFailed);
}

TEST_F(WebSocketStepTest, WhatIsNoHttpFails) {
  const v1::WebSocketEvidence evidence = Answered("220 mail.example\r\n\r\n");
  EXPECT_EQ(evidence.status(), 0U);
  EXPECT_EQ(evidence.failure(), kHttpRequestFailed);
}

TEST_F(WebSocketStepTest, TheEndInsideTheHeadIsTheEndOfTheStream) {
  EXPECT_EQ(Answered("").failure(), kEof);
  EXPECT_EQ(Answered("HTTP/1.1 101 Swi").failure(), kEof);
}

TEST_F(WebSocketStepTest, AResetIsToldAsSuch) {
  EXPECT_EQ(After(ResetAfterRequest(*leaf_)).failure(), kConnectionReset);
}

}  // namespace
}  // namespace sightline::probe
