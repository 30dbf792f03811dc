// What each step leaves behind, one address at a time.

#include "agent/probe/steps.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <fstream>
#include <string>
#include <vector>

#include "agent/probe/failure.h"
#include "agent/probe/trust.h"
#include "tests/agent/probe/engine_fixture.h"

namespace sightline::probe {
namespace {

namespace asio = boost::asio;

// What is left of an attempt.
struct Left {
  v1::Attempt evidence;
  std::optional<bool> timestamps;
  std::string location;
};

asio::awaitable<void> RunSteps(const std::vector<Step>& steps, Connection& connection,
                               TimePoint deadline) {
  for (const Step step : steps) {
    if (!co_await step(connection, deadline)) break;
  }
  NoteBytes(connection);
}

class StepsTest : public EngineTest {
 protected:
  Left Try(Behaviour behaviour, const std::vector<Step>& steps,
           std::chrono::milliseconds patience = std::chrono::seconds(20)) {
    TcpServer server(kGenuine, 0, std::move(behaviour));
    return TryPort(server.port(), steps, patience);
  }

  Left TryPort(uint16_t port, const std::vector<Step>& steps, std::chrono::milliseconds patience) {
    const Request request{check_.protocol(), host_, port, "/", &check_, nullptr};
    asio::io_context io(1);
    Connection connection(io.get_executor(), request, context_, *ParseIpAddress(kGenuine));
    asio::co_spawn(io, RunSteps(steps, connection, SteadyClock::now() + patience),
                   [](const std::exception_ptr& error) { EXPECT_EQ(error, nullptr); });
    io.run();
    return {connection.evidence, connection.timestamps, connection.location};
  }

  TrustCache trust_;
  SSL_CTX* context_ = *trust_.Get(plan_, "test");
  std::string host_ = kHost;
};

const std::vector<Step> kTcp = {ConnectStep};
const std::vector<Step> kTls = {ConnectStep, TlsStep};
const std::vector<Step> kHttp = {ConnectStep, HttpStep};
const std::vector<Step> kHttps = {ConnectStep, TlsStep, HttpStep};

void HoldUntilTheClientCloses(int fd) {
  std::array<char, 4096> bytes{};
  while (recv(fd, bytes.data(), bytes.size(), 0) > 0) {
  }
}

Behaviour AlertAfterClientHello(int level, int code) {
  return [=](int fd) {
    std::array<char, 4096> hello{};
    EXPECT_GT(recv(fd, hello.data(), hello.size(), 0), 0);
    const std::array<char, 7> alert = {
        0x15, 3, 3, 0, 2, static_cast<char>(level), static_cast<char>(code)};
    EXPECT_EQ(send(fd, alert.data(), alert.size(), 0), 7);
  };
}

// Chooses `protocol`, asks for a client's certificate on request, and answers like HttpsServer.
Behaviour PickyServer(const Identity& identity, bool wants_certificate,
                      const std::string& protocol = "http/1.1") {
  return [identity, wants_certificate, protocol](int fd) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate(context.get(), identity.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), identity.key.get());
    if (wants_certificate) {
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    SSL_CTX_set_alpn_select_cb(
        context.get(),
        [](SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned int,
           void* chosen) {
          const auto& name = *static_cast<const std::string*>(chosen);
          *size = static_cast<unsigned char>(name.size());
          *out = reinterpret_cast<const unsigned char*>(name.data());
          return SSL_TLSEXT_ERR_OK;
        },
        const_cast<std::string*>(&protocol));
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), fd);
    if (SSL_accept(ssl.get()) != 1) {
      // Closing with a request unread would send a reset after the alert.
      return HoldUntilTheClientCloses(fd);
    }
    std::array<char, 4096> request{};
    SSL_read(ssl.get(), request.data(), request.size());
    SSL_write(ssl.get(), kPage, sizeof(kPage) - 1);
    SSL_shutdown(ssl.get());
  };
}

TEST_F(StepsTest, AnAlertIsToldWithItsCode) {
  for (const int code : {40, 80, 112}) {
    const v1::TlsEvidence tls = Try(AlertAfterClientHello(2, code), kTls).evidence.tls();
    EXPECT_EQ(tls.failure(), "ssl_failed_handshake");
    EXPECT_EQ(tls.alert(), static_cast<uint32_t>(code));
    EXPECT_EQ(tls.version(), "");
    EXPECT_EQ(tls.server_name(), kHost);
  }
}

TEST_F(StepsTest, WhatIsNoAlert) {
  const auto tls = [&](Behaviour behaviour) { return Try(behaviour, kTls).evidence.tls(); };
  EXPECT_EQ(tls(ResetAfterFirstBytes).failure(), "connection_reset");
  EXPECT_EQ(tls(CloseAfterFirstBytes).failure(), "eof_error");
  EXPECT_EQ(tls(TalkNonsense).failure(), "ssl_failed_handshake");
  EXPECT_EQ(tls(TalkNonsense).alert(), 0U) << "the refusal is ours";
  EXPECT_EQ(tls(ResetAfterFirstBytes).alert(), 0U);
  EXPECT_EQ(tls(CloseAfterFirstBytes).alert(), 0U);
  const SilentServer silent(kGenuine, 0);
  const Left left = TryPort(silent.port(), kTls, std::chrono::milliseconds(200));
  EXPECT_EQ(left.evidence.tls().failure(), "generic_timeout_error");
  EXPECT_EQ(left.evidence.tls().alert(), 0U);
  EXPECT_GT(left.evidence.bytes_sent(), 100U) << "counted before the socket was closed";
}

TEST_F(StepsTest, AlertAfterTheHandshake) {
  const v1::Attempt seen = Try(PickyServer(*genuine_, true), kHttps).evidence;
  EXPECT_TRUE(seen.tls().verified());
  EXPECT_EQ(seen.tls().alert(), 116U) << "certificate required";
  EXPECT_EQ(seen.http().failure(), "http_request_failed");
  EXPECT_FALSE(seen.http().expected());
}

TEST_F(StepsTest, AHandshakeThatProvesNothingIsDescribedAsWell) {
  const v1::TlsEvidence tls = Try(PickyServer(*impostor_, false), kHttps).evidence.tls();
  EXPECT_EQ(tls.failure(), "ssl_invalid_hostname");
  EXPECT_EQ(tls.version(), "TLSv1.3");
  EXPECT_EQ(tls.alpn(), "http/1.1");
  EXPECT_NE(tls.cipher(), "");
  EXPECT_EQ(tls.alert(), 0U) << "the refusal is ours";
}

TEST_F(StepsTest, AProtocolThatIsNoTextDoesNotSpoilTheEvidence) {
  const v1::Attempt seen = Try(PickyServer(*genuine_, false, "h2\xff"), kTls).evidence;
  v1::Attempt copy;
  EXPECT_TRUE(copy.ParseFromString(seen.SerializeAsString())) << seen.DebugString();
  EXPECT_FALSE(IsLocalFailure(seen.tls().failure())) << seen.tls().failure();
}

TEST_F(StepsTest, NobodyIsBelievedForAContrast) {
  context_ = trust_.Nobody();
  ASSERT_NE(context_, nullptr);
  EXPECT_EQ(trust_.Nobody(), context_);
  trust_.Trim(v1::Plan());
  EXPECT_EQ(trust_.Nobody(), context_);
  const v1::TlsEvidence tls = Try(HttpsServer(*genuine_, kPage), kTls).evidence.tls();
  EXPECT_EQ(tls.version(), "TLSv1.3") << "a TLS server answered";
  EXPECT_EQ(tls.failure(), "ssl_unknown_authority");
  EXPECT_FALSE(tls.verified());
  EXPECT_EQ(Try(AlertAfterClientHello(2, 112), kTls).evidence.tls().version(), "");
}

TEST_F(StepsTest, AnAddressIsVerifiedButNeverSentAsAName) {
  host_ = kGenuine;
  const v1::TlsEvidence tls = Try(HttpsServer(*genuine_, kPage), kTls).evidence.tls();
  EXPECT_EQ(tls.server_name(), "");
  EXPECT_EQ(tls.failure(), "ssl_invalid_hostname");
}

TEST_F(StepsTest, BytesAreCountedAsTheKernelDoes) {
  const v1::Attempt tcp = Try(HoldUntilTheClientCloses, kTcp).evidence;
  EXPECT_EQ(tcp.bytes_sent(), 0U) << "the SYN is no payload";
  EXPECT_EQ(tcp.bytes_received(), 0U);
  const std::string page = Page("200 OK", std::string(100'000, 'x'));
  std::string asked;
  const v1::Attempt http =
      Try(
          [&](int fd) {
            std::array<char, 4096> request{};
            const ssize_t got = recv(fd, request.data(), request.size(), 0);
            asked.assign(request.data(), static_cast<size_t>(got));
            EXPECT_EQ(send(fd, page.data(), page.size(), 0), static_cast<ssize_t>(page.size()));
          },
          kHttp)
          .evidence;
  EXPECT_TRUE(http.http().expected());
  EXPECT_EQ(http.bytes_sent(), asked.size());
  EXPECT_GE(http.bytes_received(), page.size());
  EXPECT_LE(http.bytes_received(), page.size() + 1) << "a FIN counts as one";
}

TEST_F(StepsTest, BytesOfASocketThatNeverConnected) {
  uint16_t port = 0;
  { port = SilentServer(kGenuine, 0).port(); }
  const Left refused = TryPort(port, kTcp, std::chrono::seconds(20));
  EXPECT_EQ(refused.evidence.connect_failure(), "connection_refused");
  EXPECT_EQ(refused.evidence.bytes_sent(), 0U);
  EXPECT_EQ(refused.timestamps, std::nullopt);
  const BlackHole hole(kGenuine, 0);
  const Left silent = TryPort(hole.port(), kTcp, std::chrono::milliseconds(100));
  EXPECT_EQ(silent.evidence.connect_failure(), "generic_timeout_error");
  EXPECT_EQ(silent.evidence.bytes_sent(), 0U);
  EXPECT_EQ(silent.timestamps, std::nullopt);
}

TEST_F(StepsTest, TimestampsAsThisMachineHasThem) {
  int setting = 0;
  ASSERT_TRUE(std::ifstream("/proc/sys/net/ipv4/tcp_timestamps") >> setting);
  const Left left = Try(HoldUntilTheClientCloses, kTcp);
  ASSERT_TRUE(left.timestamps.has_value());
  EXPECT_EQ(*left.timestamps, setting != 0);
}

TEST_F(StepsTest, SilenceInTheBody) {
  const v1::Attempt seen =
      Try(
          [](int fd) {
            const std::string half =
                "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n<title>T</title>";
            EXPECT_GT(send(fd, half.data(), half.size(), 0), 0);
            HoldUntilTheClientCloses(fd);
          },
          kHttp, std::chrono::milliseconds(300))
          .evidence;
  EXPECT_EQ(seen.http().failure(), "generic_timeout_error");
  EXPECT_EQ(seen.http().status(), 200U);
  EXPECT_EQ(seen.http().body_bytes(), 16U);
  EXPECT_EQ(seen.http().title(), "T");
  EXPECT_FALSE(seen.http().expected());
  EXPECT_GE(seen.bytes_received(), 50U) << "counted before the socket was closed";
}

TEST_F(StepsTest, LocationIsKeptAsReceivedForTheNextHop) {
  const std::string head =
      "HTTP/1.1 302 Found\r\nLocation: http://b\xc3\xbc"
      "cher.example/";
  const Left left =
      Try(HttpServer(head + std::string(600, 'x') + "\r\nContent-Length: 0\r\n\r\n"), kHttp);
  EXPECT_EQ(left.evidence.http().location().size(), 512U);
  EXPECT_EQ(left.evidence.http().location().substr(0, 14), "http://bcher.e");
  EXPECT_EQ(left.location,
            "http://b\xc3\xbc"
            "cher.example/" +
                std::string(600, 'x'));
}

}  // namespace
}  // namespace sightline::probe
