#include <gtest/gtest.h>

#include <string>

#include "tests/agent/probe/engine_fixture.h"

namespace sightline::probe {
namespace {

using EngineHttpTest = EngineTest;

TEST_F(EngineHttpTest, ServerErrorOverVerifiedTlsIsTheServiceItself) {
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, Page("503 Unavailable")));
  EXPECT_EQ(Letters(seen.layers()), "ooodd");
  EXPECT_EQ(seen.failure(), "http_unexpected_status_code");
}

TEST_F(EngineHttpTest, AnyStatusPassesWhenTheCheckSaysSo) {
  check_.clear_status_min();
  check_.clear_status_max();
  EXPECT_EQ(Letters(RunWith(HttpsServer(*genuine_, Page("503 Unavailable"))).layers()), "ooooo");
}

TEST_F(EngineHttpTest, UnexpectedStatus) {
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, Page("403 Forbidden")));
  EXPECT_EQ(Letters(seen.layers()), "ooobb");
  EXPECT_EQ(seen.failure(), "http_unexpected_status_code");
  EXPECT_EQ(seen.failed_operation(), "http_round_trip");
  EXPECT_EQ(seen.attempts(0).http().failure(), "") << "a response was read";
}

TEST_F(EngineHttpTest, UnexpectedBody) {
  check_.set_body_contains("WhatsApp");
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, Page("200 OK", "blocked")));
  EXPECT_EQ(Letters(seen.layers()), "ooobb");
  EXPECT_EQ(seen.failure(), "http_request_failed");
}

TEST_F(EngineHttpTest, BodyBeyondTheLimitIsLeftUnread) {
  check_.set_body_contains("needle");
  std::string body(700 * 1024, 'x');
  body.replace(512 * 1024 - 6, 6, "needle");
  const v1::Observation found = RunWith(HttpsServer(*genuine_, Page("200 OK", body)));
  EXPECT_EQ(found.attempts(0).http().body_bytes(), 512U * 1024);
  EXPECT_EQ(Letters(found.layers()), "ooooo");

  body.assign(700 * 1024, 'x');
  body.replace(512 * 1024 - 5, 6, "needle");
  const v1::Observation missed = RunWith(HttpsServer(*genuine_, Page("200 OK", body)));
  EXPECT_EQ(Letters(missed.layers()), "ooobb") << "one byte of the text lies beyond the limit";
}

TEST_F(EngineHttpTest, TextAcrossTwoReadsIsFound) {
  check_.set_body_contains("needle");
  std::string body(40 * 1024, 'x');
  body.replace(16 * 1024 - 3, 6, "needle");
  EXPECT_EQ(Letters(RunWith(HttpsServer(*genuine_, Page("200 OK", body))).layers()), "ooooo");
}

TEST_F(EngineHttpTest, AHugeDeclaredLengthCostsNothing) {
  const std::string page = "HTTP/1.1 200 OK\r\nContent-Length: 999999999999999\r\n\r\nshort";
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, page));
  EXPECT_EQ(Letters(seen.layers()), "ooobu");
  EXPECT_EQ(seen.failure(), "eof_error");
}

TEST_F(EngineHttpTest, HeaderBeyondTheLimit) {
  const std::string page = "HTTP/1.1 200 OK\r\nX-Long: " + std::string(20 * 1024, 'x') + "\r\n\r\n";
  const v1::Observation seen = RunWith(HttpsServer(*genuine_, page));
  EXPECT_EQ(Letters(seen.layers()), "ooobu");
  EXPECT_EQ(seen.failure(), "http_request_failed");
}

TEST_F(EngineHttpTest, BodyThatEndsWithTheConnection) {
  check_.set_body_contains("until the end");
  const v1::Observation seen =
      RunWith(HttpsServer(*genuine_, "HTTP/1.1 200 OK\r\n\r\nuntil the end"));
  EXPECT_EQ(Letters(seen.layers()), "ooooo");
}

TEST_F(EngineHttpTest, ResetInPlaceOfTheResponse) {
  const v1::Observation seen = RunWith(ResetAfterRequest(*genuine_));
  EXPECT_EQ(Letters(seen.layers()), "ooobu");
  EXPECT_EQ(seen.failure(), "connection_reset");
  EXPECT_EQ(seen.failed_operation(), "http_round_trip");
}

TEST_F(EngineHttpTest, HttpInTheClearNeverProvesWhoAnswered) {
  check_.set_protocol(v1::CHECK_PROTOCOL_HTTP);
  EXPECT_EQ(Letters(RunWith(HttpServer(kPage)).layers()), "oo-o-");
  const v1::Observation seen = RunWith(HttpServer(Page("503 Unavailable")));
  EXPECT_EQ(Letters(seen.layers()), "oo-b-") << "a censor can send a 503 as well";
  EXPECT_EQ(seen.failure(), "http_unexpected_status_code");
}

}  // namespace
}  // namespace sightline::probe
