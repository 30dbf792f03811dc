#include "collector/webhook/http_post.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/agent/probe/certificates.h"
#include "tests/agent/probe/fake_servers.h"
#include "tests/collector/webhook/receiver.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

HttpPostRequest To(const std::string& url, const std::string& body = "{}") {
  return {url, {{"webhook-id", "id"}, {"content-type", "application/json"}}, body};
}

// What comes of a post to a receiver that answers like this.
HttpPostResult PostTo(Receiver& receiver, const std::string& response,
                      const HttpPostOptions& options = {}) {
  receiver.AnswerWith([response](const Received&) { return response; });
  return HttpPost(options, To(receiver.url()));
}

TEST(CheckUrlTest, HttpsAnywhereAndHttpOnLoopback) {
  for (const char* good :
       {"https://hooks.example", "https://hooks.example:8443/a/b?c=d", "https://192.0.2.1/",
        "https://[2001:db8::1]/", "http://localhost:8080/x", "http://127.0.0.1/", "http://[::1]/",
        "http://127.9.8.7:1/"}) {
    EXPECT_TRUE(CheckUrl(good).ok()) << good << CheckUrl(good);
  }
  for (const char* bad :
       {"", "hooks.example", "/path", "https://", "http://hooks.example/", "http://192.0.2.1/",
        "http://127.0.0.1.example/", "http://localhost.example/", "ftp://hooks.example/",
        "file:///etc/passwd", "https://me:secret@hooks.example/", "https://me@hooks.example/",
        "https://hooks.example:99999/", "https://a b/"}) {
    const absl::Status status = CheckUrl(bad);
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << bad;
    EXPECT_EQ(status.message().find("secret"), absl::string_view::npos);
  }
  EXPECT_FALSE(CheckUrl("https://hooks.example/" + std::string(2000, 'x')).ok());
  EXPECT_EQ(HostOf("https://hooks.example:8443/token?secret=1"), "hooks.example");
}

TEST(HttpPostTest, TheBodyAndTheHeadersArrive) {
  Receiver receiver;
  const std::string body(100'000, 'x');
  const HttpPostResult result = HttpPost({}, To(receiver.url(), body));
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.http_status, 200);
  EXPECT_GT(result.duration, absl::ZeroDuration());
  ASSERT_EQ(receiver.received().size(), 1u);
  const Received received = receiver.received()[0];
  EXPECT_EQ(received.body, body);
  EXPECT_EQ(received.headers.at("content-type"), "application/json");
  EXPECT_EQ(received.headers.at("user-agent"), "sightline-collector");
  EXPECT_FALSE(received.headers.contains("expect"));
}

TEST(HttpPostTest, Only2xxIsAnAcknowledgement) {
  Receiver receiver;
  for (const int status : {200, 201, 202, 204, 299}) {
    EXPECT_EQ(PostTo(receiver, Response(status)).error, "") << status;
  }
  for (const int status : {300, 400, 404, 410, 429, 500, 503}) {
    const HttpPostResult result = PostTo(receiver, Response(status));
    EXPECT_EQ(result.http_status, status);
    EXPECT_THAT(result.error, HasSubstr(absl::StrCat("status ", status)));
  }
  EXPECT_EQ(PostTo(receiver, Response(503, "retry-after: 120\r\n")).retry_after,
            absl::Seconds(120));
}

TEST(HttpPostTest, RedirectsAreNotFollowed) {
  Receiver elsewhere;
  Receiver receiver;
  const HttpPostResult result =
      PostTo(receiver, Response(307, absl::StrCat("location: ", elsewhere.url(), "\r\n")));
  EXPECT_EQ(result.http_status, 307);
  EXPECT_THAT(result.error, HasSubstr("redirects are not followed"));
  EXPECT_THAT(elsewhere.received(), IsEmpty());
}

TEST(HttpPostTest, OfALongResponseTheStatusCountsAndTheRestIsNotRead) {
  Receiver receiver;
  const std::string much(10'000'000, 'x');
  const std::string length = absl::StrCat("content-length: ", much.size(), "\r\n\r\n");
  EXPECT_EQ(PostTo(receiver, absl::StrCat("HTTP/1.1 200 OK\r\n", length, much)).error, "");
  EXPECT_THAT(PostTo(receiver, absl::StrCat("HTTP/1.1 500 No\r\n", length, much)).error,
              HasSubstr("status 500"));
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 100'000; ++i) absl::StrAppend(&headers, "x-", i, ": y\r\n");
  EXPECT_EQ(PostTo(receiver, headers).error, "");
}

TEST(HttpPostTest, WithoutAResponseNothingIsAcknowledged) {
  Receiver receiver;
  for (const char* response :
       {"", "HTTP/1.1 200", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nxx"}) {
    const HttpPostResult result = PostTo(receiver, response);
    EXPECT_NE(result.error, "") << response;
  }
  uint16_t port = 0;
  {
    const Receiver gone;
    port = gone.port();
  }
  const HttpPostResult refused = HttpPost({}, To(absl::StrCat("http://127.0.0.1:", port, "/tok")));
  EXPECT_EQ(refused.http_status, 0);
  EXPECT_THAT(refused.error, HasSubstr("connect"));
  EXPECT_EQ(refused.error.find("tok"), std::string::npos) << "a path is nobody's business";
}

TEST(HttpPostTest, AReceiverThatIsSlowTimesOutAndHoldsUpNobody) {
  Receiver slow;
  slow.Hold();
  Receiver quick;
  HttpPostOptions options;
  options.timeout = absl::Seconds(1);
  HttpPoster poster(options);
  poster.Start("slow", To(slow.url()));
  poster.Start("quick", To(quick.url()));
  const std::vector<HttpPoster::Finished> first = poster.Wait(absl::Seconds(20));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].name, "quick");
  EXPECT_EQ(first[0].result.error, "");
  const std::vector<HttpPoster::Finished> second = poster.Wait(absl::Seconds(20));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].name, "slow");
  EXPECT_THAT(second[0].result.error, HasSubstr("no whole response in time"));
  EXPECT_GE(second[0].result.duration, absl::Milliseconds(900));
}

TEST(HttpPostTest, WaitEndsInTimeAndWhenWoken) {
  HttpPoster poster({});
  EXPECT_THAT(poster.Wait(absl::Milliseconds(1)), IsEmpty());
  poster.Wake();
  EXPECT_THAT(poster.Wait(absl::Hours(1)), IsEmpty());
  std::thread waker([&poster] { poster.Wake(); });
  EXPECT_THAT(poster.Wait(absl::Hours(1)), IsEmpty());
  waker.join();
}

TEST(HttpPostTest, WhatIsCancelledNeverComesBack) {
  Receiver receiver;
  receiver.Hold();
  HttpPoster poster({});
  poster.Start("one", To(receiver.url()));
  EXPECT_THAT(poster.Wait(absl::Milliseconds(1)), IsEmpty());
  poster.Cancel();
  receiver.Release();
  EXPECT_THAT(poster.Wait(absl::Milliseconds(50)), IsEmpty());
}

class HttpPostTlsTest : public ::testing::Test {
 protected:
  HttpPostResult Post(const probe::Identity& leaf, const std::string& roots_pem) {
    const probe::TcpServer server(
        "127.0.0.1", 0, probe::HttpsServer(leaf, "HTTP/1.1 204 OK\r\nconnection: close\r\n\r\n"));
    HttpPostOptions options;
    options.roots_pem = roots_pem;
    return HttpPost(options, To(absl::StrCat("https://localhost:", server.port(), "/"), ""));
  }

  const probe::Identity root_ = probe::MakeRoot("root");
  const std::string root_pem_ = probe::ToPem(*root_.certificate);
};

TEST_F(HttpPostTlsTest, TheExpectedCertificateIsTaken) {
  const HttpPostResult result = Post(probe::MakeLeaf(root_, "localhost"), root_pem_);
  EXPECT_EQ(result.error, "");
  EXPECT_EQ(result.http_status, 204);
}

TEST_F(HttpPostTlsTest, EveryOtherOneIsRefused) {
  const probe::Identity other = probe::MakeRoot("other");
  EXPECT_THAT(Post(probe::MakeLeaf(other, "localhost"), root_pem_).error, HasSubstr("certificate"));
  EXPECT_THAT(Post(probe::MakeLeaf(root_, "localhost"), "").error, HasSubstr("certificate"));
  EXPECT_NE(Post(probe::MakeLeaf(root_, "hooks.example"), root_pem_).error, "");
  EXPECT_THAT(Post(probe::MakeLeaf(root_, "localhost", -10, -1), root_pem_).error,
              HasSubstr("expired"));
}

}  // namespace
}  // namespace sightline
