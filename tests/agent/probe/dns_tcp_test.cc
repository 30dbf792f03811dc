#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "agent/probe/dns_lookup.h"
#include "tests/agent/probe/fake_servers.h"

namespace sightline::probe {
namespace {

constexpr char kServer[] = "127.0.0.51";

v1::DnsEvidence Ask(uint16_t port, std::chrono::milliseconds timeout = std::chrono::minutes(1)) {
  const NamedResolver resolver{{*ParseIpAddress(kServer), port}, "the resolver"};
  const DestinationPolicy policy = ReservedRange;
  const std::vector<AddressRange> forged = {*ParseAddressRange("31.13.94.0/24")};
  const AnswerRules rules{policy, forged};
  const Lookup lookup{"web.whatsapp.com", &resolver, v1::DNS_SOURCE_PLAN, v1::DNS_QUESTION_A,
                      rules};
  v1::DnsEvidence evidence;
  boost::asio::io_context io(1);
  boost::asio::co_spawn(io, AskOverTcp(lookup, SteadyClock::now() + timeout, &evidence),
                        [](const std::exception_ptr& error) { ASSERT_EQ(error, nullptr); });
  io.run();
  return evidence;
}

v1::DnsEvidence AskServer(Behaviour behaviour) {
  const TcpServer server(kServer, 0, std::move(behaviour));
  return Ask(server.port());
}

// As sent over TCP: a reply that is `message`, whatever the question.
FakeReply Raw(std::string message) {
  FakeReply reply;
  reply.raw = std::move(message);
  return reply;
}

TEST(DnsTcpTest, AnswerIsRead) {
  const v1::DnsEvidence seen = AskServer(DnsOverTcp({{"157.240.1.1", "31.13.94.37"}}));
  EXPECT_EQ(seen.resolver(), "the resolver");
  EXPECT_EQ(seen.source(), v1::DNS_SOURCE_PLAN);
  EXPECT_EQ(seen.transport(), v1::DNS_TRANSPORT_TCP);
  EXPECT_EQ(seen.question(), v1::DNS_QUESTION_A);
  EXPECT_EQ(seen.failure(), "");
  ASSERT_EQ(seen.responses_size(), 1);
  EXPECT_EQ(seen.responses(0).addresses_size(), 2);
  EXPECT_EQ(seen.responses(0).forged_range(), "31.13.94.0/24");
  EXPECT_GT(seen.responses(0).delay_us(), 0U);
}

TEST(DnsTcpTest, AnswerThatIsCutAtAnyLengthIsAnEarlyEnd) {
  size_t size = 1;
  FakeReply reply{{"157.240.1.1"}};
  for (size_t cut = 0; cut < size; ++cut) {
    const v1::DnsEvidence seen = AskServer([&](int fd) {
      // The length as it would be without the cut.
      size = Framed(PackReply(*PackDnsQuery({"web.whatsapp.com"}), reply)).size();
      DnsOverTcp(reply, cut)(fd);
    });
    EXPECT_EQ(seen.failure(), "eof_error") << cut;
    EXPECT_EQ(seen.responses_size(), 0) << cut;
  }
  EXPECT_EQ(size, 2U + 34 + 16);
}

TEST(DnsTcpTest, Failures) {
  struct Case {
    Behaviour server;
    const char* failure;
  };
  const std::string another = PackReply(*PackDnsQuery({"signal.org"}), {{"157.240.1.1"}});
  const std::vector<Case> cases = {
      {ResetAfterFirstBytes, "connection_reset"},
      {CloseAfterFirstBytes, "eof_error"},
      {DnsOverTcp({{}, 3}), "dns_nxdomain_error"},
      {DnsOverTcp({{}, 0}), "dns_no_answer"},
      {DnsOverTcp({{"10.10.34.35"}}), "dns_bogon_error"},
      {DnsOverTcp({{"157.240.1.1"}, 0, true}), "dns_reply_with_wrong_query_id"},
      {DnsOverTcp(Raw(another)), "dns_server_misbehaving"},
      {DnsOverTcp(Raw("220 mail.example ready")), "dns_server_misbehaving"},
      {DnsOverTcp(Raw(std::string(kDnsMessageBytesMax, '\0'))), "dns_server_misbehaving"},
      // Announced, never sent in full, and not waited for.
      {DnsOverTcp(Raw(std::string(kDnsMessageBytesMax + 1, '\0')), 2), "dns_server_misbehaving"},
      // Text reads as a length, and ends before it.
      {TalkNonsense, "eof_error"},
  };
  for (const Case& in : cases) {
    const v1::DnsEvidence seen = AskServer(in.server);
    EXPECT_EQ(seen.failure(), in.failure);
    EXPECT_EQ(seen.transport(), v1::DNS_TRANSPORT_TCP) << in.failure;
  }
}

TEST(DnsTcpTest, NobodyListens) {
  uint16_t port = 0;
  {
    const SilentServer gone(kServer, 0);
    port = gone.port();
  }
  EXPECT_EQ(Ask(port).failure(), "connection_refused");
}

TEST(DnsTcpTest, SilenceAndBlackHolesTimeOut) {
  const SilentServer silent(kServer, 0);
  EXPECT_EQ(Ask(silent.port(), std::chrono::milliseconds(50)).failure(), "generic_timeout_error");
  const BlackHole hole(kServer, 0);
  EXPECT_EQ(Ask(hole.port(), std::chrono::milliseconds(50)).failure(), "generic_timeout_error");
}

}  // namespace
}  // namespace sightline::probe
