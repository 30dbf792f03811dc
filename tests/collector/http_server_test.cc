#include "collector/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Bounds what takes milliseconds.
constexpr int kPatienceMs = 20'000;

// A client that says what it likes.
class RawClient {
 public:
  explicit RawClient(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawClient() { close(socket_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // Whether all of it went out.
  bool Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // Whether the server closes, or says anything, in that time.
  bool ClosesWithin(int milliseconds) {
    pollfd waiting = {socket_, POLLIN, 0};
    return poll(&waiting, 1, milliseconds) == 1;
  }

  // What comes until `enough`, or until the server closes. Fails when neither happens.
  template <typename Enough>
  std::string ReceiveUntil(Enough enough) {
    std::string all;
    char piece[4096];
    while (!enough(all)) {
      pollfd waiting = {socket_, POLLIN, 0};
      if (poll(&waiting, 1, kPatienceMs) != 1) {
        ADD_FAILURE() << "nothing more came, and the server did not close: " << all;
        break;
      }
      const ssize_t received = recv(socket_, piece, sizeof(piece), 0);
      if (received <= 0) break;
      all.append(piece, static_cast<size_t>(received));
    }
    return all;
  }

  std::string ReceiveAll() {
    return ReceiveUntil([](const std::string&) { return false; });
  }

  // One response with a body that ends with "\n".
  std::string ReceiveOne() {
    return ReceiveUntil([](const std::string& text) {
      const size_t body = text.find("\r\n\r\n");
      return body != std::string::npos && body + 4 < text.size() && text.back() == '\n';
    });
  }

 private:
  const int socket_;
};

long ResidentKib() {
  std::ifstream statm("/proc/self/statm");
  long pages = 0;
  long resident = 0;
  statm >> pages >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

class HttpServerTest : public ::testing::Test {
 protected:
  void Start(HttpOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto server = HttpServer::Start(options, [this](const HttpRequest& request) -> HttpResponse {
      ++handled_;
      const auto agent = request.headers.find("user-agent");
      return {request.path == "/teapot" ? 418 : 200,
              "text/plain",
              absl::StrCat(request.method, " ", request.path, " ", request.query, " ",
                           agent == request.headers.end() ? "" : agent->second, "\n"),
              {}};
    });
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  // Sends it on a connection of its own and hears all that comes until the server closes.
  std::string Exchange(absl::string_view request) {
    RawClient client(server_->port());
    client.Send(request);
    return client.ReceiveAll();
  }

  void ExpectServes() {
    EXPECT_THAT(Exchange("GET /ok HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
                AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\nGET /ok  \n")));
  }

  std::atomic<int> handled_ = 0;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, GetGetsWhatTheHandlerSays) {
  Start();
  EXPECT_THAT(
      Exchange("GET /a/b-c_d.e?x=%41&y HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\nConnection: close"
               "\r\n\r\n"),
      AllOf(StartsWith("HTTP/1.1 200 OK\r\n"), HasSubstr("\r\nContent-Type: text/plain\r\n"),
            HasSubstr("\r\nContent-Length: 26\r\n"), HasSubstr("\r\nDate: "),
            HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"),
            EndsWith("\r\n\r\nGET /a/b-c_d.e x=%41&y me\n")));
  EXPECT_THAT(Exchange("GET /teapot HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 418 "));
}

TEST_F(HttpServerTest, HeadGetsTheLengthAlone) {
  Start();
  EXPECT_THAT(Exchange("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("\r\nContent-Length: 10\r\n"),
                    EndsWith("\r\n\r\n")));
}

TEST_F(HttpServerTest, ConnectionServesSeveralRequestsAndNoMoreThanItsLimit) {
  HttpOptions options;
  options.requests_max = 3;
  Start(options);
  RawClient client(server_->port());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(client.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
    EXPECT_THAT(client.ReceiveOne(), Not(HasSubstr("Connection: close")));
  }
  ASSERT_TRUE(client.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /a HTTP/1.1\r\n\r\n"));
  EXPECT_THAT(client.ReceiveAll(), HasSubstr("Connection: close"));
  EXPECT_EQ(handled_, 3);
}

TEST_F(HttpServerTest, OtherMethodsAreRefused) {
  Start();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW"}) {
    EXPECT_THAT(Exchange(absl::StrCat(method, " /a HTTP/1.1\r\nHost: x\r\n\r\n")),
                AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("\r\nAllow: GET, HEAD\r\n"),
                      HasSubstr("\r\nConnection: close\r\n")))
        << method;
  }
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, PathsThatAreNotPlainNeverReachTheHandler) {
  Start();
  for (const char* path : {"/../etc/passwd", "/a/../b", "/./a", "/..", "/.git/config", "//a",
                           "/a//b", "/a/", "/%2e%2e/etc/passwd", "/..%2fetc", "/a%00", "/a\\b",
                           "/..;/a", "a", "*", "http://other/a", "/\xc3\xa4", "/a<b>"}) {
    EXPECT_THAT(Exchange(absl::StrCat("GET ", path, " HTTP/1.1\r\nConnection: close\r\n\r\n")),
                StartsWith("HTTP/1.1 40"))
        << path;
  }
  EXPECT_THAT(Exchange(absl::StrCat("GET /", std::string(2000, 'a'), " HTTP/1.1\r\n\r\n")),
              StartsWith("HTTP/1.1 414 "));
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, WhatIsNoHttpIsRefused) {
  Start();
  for (const char* bytes :
       {"hello\r\n\r\n", "GET\r\n\r\n", "GET /a\r\n\r\n", "GET /a HTTP/9.9\r\n\r\n",
        "\x16\x03\x01\x02\x01\x01\xfc\x03\x03 a TLS hello \r\n\r\n",
        "GET /a HTTP/1.1\r\nno colon\r\n\r\n", "GET /a HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        "GET /a HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    EXPECT_THAT(Exchange(bytes), StartsWith("HTTP/1.1 400 ")) << bytes;
  }
  EXPECT_EQ(handled_, 0);
  ExpectServes();
}

TEST_F(HttpServerTest, BodiesAreRefusedUnread) {
  Start();
  EXPECT_THAT(Exchange("GET /a HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\nx"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(Exchange("GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
              StartsWith("HTTP/1.1 413 "));
  // The last chunk in two pieces is what Beast's parser asserts on.
  EXPECT_THAT(Exchange("GET /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, EndlessHeadersEndSoonAndTakeNoMemory) {
  Start();
  const std::string line = absl::StrCat("X-Filler: ", std::string(1000, 'x'), "\r\n");
  const long before = ResidentKib();
  for (int round = 0; round < 20; ++round) {
    RawClient client(server_->port());
    client.Send("GET /a HTTP/1.1\r\n");
    size_t sent = 0;
    while (sent < (256 << 20) && client.Send(line)) sent += line.size();
    // What the sockets hold on both sides, not what the server keeps.
    EXPECT_LT(sent, 16u << 20);
  }
  EXPECT_LT(ResidentKib() - before, 4096);
  EXPECT_THAT(Exchange(absl::StrCat("GET /a HTTP/1.1\r\n", line, line, line, line, line, line, line,
                                    line, line, "\r\n")),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(handled_, 0);
  ExpectServes();
}

TEST_F(HttpServerTest, SlowClientIsCutAtTheDeadlineHoweverBusyItLooks) {
  HttpOptions options;
  options.deadline = absl::Milliseconds(300);
  Start(options);
  RawClient client(server_->port());
  const absl::Time start = absl::Now();
  ASSERT_TRUE(client.Send("GET /a HTTP/1.1\r\nX: "));
  // A byte every millisecond for as long as the server takes them.
  bool open = true;
  while (open && absl::Now() - start < absl::Milliseconds(kPatienceMs)) {
    open = !client.ClosesWithin(1) && client.Send("x");
  }
  EXPECT_FALSE(open);
  EXPECT_GE(absl::Now() - start, options.deadline);
  EXPECT_EQ(handled_, 0);
}

TEST_F(HttpServerTest, SilentClientAndIdleConnectionAreCutAtTheDeadline) {
  HttpOptions options;
  options.deadline = absl::Milliseconds(100);
  Start(options);
  EXPECT_EQ(Exchange(""), "");
  EXPECT_THAT(Exchange("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, ClientThatDoesNotReadIsCutAtTheDeadline) {
  HttpOptions options;
  options.deadline = absl::Milliseconds(200);
  options.listen = "127.0.0.1:0";
  auto server = HttpServer::Start(options, [](const HttpRequest&) -> HttpResponse {
    return {200, "text/plain", std::string(32 << 20, 'x'), {}};
  });
  ASSERT_TRUE(server.ok()) << server.status();
  RawClient client((*server)->port());
  ASSERT_TRUE(client.Send("GET /a HTTP/1.1\r\nHost: x\r\n\r\n"));
  RawClient idle((*server)->port());
  // This one began later, so the deadline of the first has passed when it is cut.
  EXPECT_EQ(idle.ReceiveAll(), "");
  EXPECT_LT(client.ReceiveAll().size(), 32u << 20);
}

TEST_F(HttpServerTest, ManyConnectionsPushOutTheOldestAndNotTheNew) {
  HttpOptions options;
  options.connections_max = 8;
  options.deadline = absl::Seconds(60);
  Start(options);
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<RawClient>(server_->port()));
    clients.back()->Send("GET /slow HTTP/1.1\r\nX: ");
  }
  ExpectServes();
  // All but the last seven were cut, and one of those had to go for the request above.
  for (size_t i = 0; i < 92; ++i) EXPECT_EQ(clients[i]->ReceiveAll(), "") << i;
  // The last are still served.
  EXPECT_TRUE(clients.back()->Send("y\r\n\r\n"));
  EXPECT_THAT(clients.back()->ReceiveOne(), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpServerTest, EndsAtOnceWithConnectionsOpen) {
  HttpOptions options;
  options.deadline = absl::Seconds(600);
  Start(options);
  RawClient idle(server_->port());
  RawClient busy(server_->port());
  busy.Send("GET /a HTTP/1.1\r\nX: ");
  ExpectServes();
  const absl::Time start = absl::Now();
  server_ = nullptr;
  EXPECT_LT(absl::Now() - start, absl::Seconds(10));
  EXPECT_EQ(busy.ReceiveAll(), "");
}

TEST_F(HttpServerTest, AddressesThatAreNoneAreRefusedAndNamed) {
  for (const char* listen : {"", "9464", "localhost:9464", "127.0.0.1:", "127.0.0.1:99999"}) {
    HttpOptions options;
    options.listen = listen;
    const auto server = HttpServer::Start(options, nullptr);
    EXPECT_TRUE(absl::IsInvalidArgument(server.status())) << listen << server.status();
  }
  Start();
  HttpOptions options;
  options.listen = absl::StrCat("127.0.0.1:", server_->port());
  const auto second = HttpServer::Start(options, nullptr);
  EXPECT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_THAT(std::string(second.status().message()), HasSubstr(options.listen));
  options.listen = "[::1]:0";
  EXPECT_TRUE(HttpServer::Start(options, nullptr).ok());
}

}  // namespace
}  // namespace sightline
