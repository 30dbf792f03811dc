#include <gtest/gtest.h>
#include <sys/socket.h>

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

TEST_F(EngineHttpTest, AStoreSaysWhetherItListsAnApp) {
  check_.set_count_member("resultCount");
  const auto seen_with = [&](const std::string& status, const std::string& body) {
    return RunWith(HttpsServer(*genuine_, Page(status, body)));
  };
  const std::string one = "\n\n{\n \"resultCount\":1,\n \"results\": [{\"resultCount\":0}]\n}\n";
  const v1::Observation listed = seen_with("200 OK", one);
  EXPECT_EQ(Letters(listed.layers()), "ooooo");
  EXPECT_EQ(listed.listing(), v1::LISTING_PRESENT);
  const v1::Observation absent = seen_with("200 OK", R"({"resultCount":0, "results": []})");
  EXPECT_EQ(Letters(absent.layers()), "ooooo") << "the store answered";
  EXPECT_EQ(absent.listing(), v1::LISTING_ABSENT);
  EXPECT_EQ(seen_with("200 OK", "<html>").listing(), v1::LISTING_UNSPECIFIED);
  EXPECT_EQ(seen_with("200 OK", R"({"resultCount":0)").listing(), v1::LISTING_UNSPECIFIED);
  EXPECT_EQ(seen_with("403 Forbidden", one).listing(), v1::LISTING_UNSPECIFIED);
  const std::string huge = R"({"resultCount":0, "rest": ")" + std::string(600 * 1024, 'x') + "\"}";
  EXPECT_EQ(seen_with("200 OK", huge).listing(), v1::LISTING_UNSPECIFIED) << "not read to its end";
  check_.clear_count_member();
  EXPECT_EQ(seen_with("200 OK", one).listing(), v1::LISTING_UNSPECIFIED) << "nobody asked";
}

TEST_F(EngineHttpTest, AnImpostorsListCountsForNothing) {
  check_.set_count_member("resultCount");
  const v1::Observation seen =
      RunWith(HttpsServer(*impostor_, Page("200 OK", R"({"resultCount":0})")));
  EXPECT_EQ(Letters(seen.layers()).substr(2, 1), "b");
  EXPECT_EQ(seen.listing(), v1::LISTING_UNSPECIFIED);
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

TEST_F(EngineHttpTest, ResetInTheBody) {
  check_.set_protocol(v1::CHECK_PROTOCOL_HTTP);
  const v1::Observation seen = RunWith([](int fd) {
    char request[4096];
    EXPECT_GT(recv(fd, request, sizeof(request), 0), 0);
    const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf";
    EXPECT_GT(send(fd, half.data(), half.size(), 0), 0);
    const linger reset{1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  });
  EXPECT_EQ(Letters(seen.layers()), "oo-b-");
  EXPECT_EQ(seen.failure(), "connection_reset");
  EXPECT_EQ(seen.attempts(0).http().status(), 200U);
}

TEST_F(EngineHttpTest, ThePageIsDescribed) {
  const std::string body = "<html><TITLE>\n WhatsApp  Web\xff</TITLE>";
  const v1::HttpEvidence seen =
      RunWith(HttpsServer(*genuine_,
                          "HTTP/1.1 302 Found\r\nLocation: /login\x80\r\nDate: Sun, 06 "
                          "Nov 1994 08:49:37 GMT\r\n\r\n" +
                              body))
          .attempts(0)
          .http();
  EXPECT_EQ(seen.status(), 302U);
  EXPECT_EQ(seen.title(), "WhatsApp Web\xef\xbf\xbd");
  EXPECT_EQ(seen.location(), "/login");
  EXPECT_EQ(seen.date_s(), 784111777);
  EXPECT_EQ(seen.body_bytes(), body.size());
  EXPECT_EQ(seen.body_sha256_prefix().size(), 8U);
  EXPECT_EQ(seen.failure(), "");
}

TEST_F(EngineHttpTest, TitleAndSizeAreExpectationsToo) {
  const auto letters = [&](const std::string& body) {
    return Letters(RunWith(HttpsServer(*genuine_, Page("200 OK", body))).layers());
  };
  check_.set_title_contains("WhatsApp");
  check_.set_body_bytes_min(30);
  check_.set_body_bytes_max(40);
  EXPECT_EQ(letters("<title>WhatsApp Web</title>12345"), "ooooo");
  EXPECT_EQ(letters("<title>Access denied</title>12345"), "ooobb");
  EXPECT_EQ(letters("<title>WhatsApp Web</title>"), "ooobb") << "too short";
  EXPECT_EQ(letters("<title>WhatsApp Web</title>1234567890ABCDE"), "ooobb") << "too long";
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
