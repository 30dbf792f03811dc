#include "agent/probe/dns_wire.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/agent/probe/fake_servers.h"

namespace sightline::probe {
namespace {

constexpr char kHost[] = "web.whatsapp.com";
constexpr uint16_t kId = 0x1234;

std::string Query() { return *PackDnsQuery(kHost, kId); }

TEST(DnsWireTest, QuestionIsRecursiveAndForOneName) {
  const std::string expected = std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) +
                               std::string(
                                   "\x03web\x08whatsapp\x03"
                                   "com\x00\x00\x01\x00\x01",
                                   22);
  EXPECT_EQ(Query(), expected);
}

TEST(DnsWireTest, WhatIsNoNameIsRefused) {
  EXPECT_FALSE(PackDnsQuery(std::string(64, 'a') + ".example", kId).ok());
  EXPECT_FALSE(PackDnsQuery("a..example", kId).ok());
}

TEST(DnsWireTest, AddressesAndLifetimeAreRead) {
  const DnsReply reply =
      ParseDnsReply(PackReply(Query(), {{"31.13.72.53", "31.13.72.54"}}), kHost, kId);
  EXPECT_EQ(reply.match, DnsMatch::kAnswer);
  EXPECT_EQ(reply.rcode, 0U);
  EXPECT_EQ(reply.ttl_min_s, 300U);
  ASSERT_EQ(reply.addresses.size(), 2U);
  EXPECT_EQ(FormatIpAddress(reply.addresses[1]), "31.13.72.54");
}

TEST(DnsWireTest, NameIsComparedWithoutCase) {
  const std::string packet = PackReply(Query(), {{"31.13.72.53"}});
  EXPECT_EQ(ParseDnsReply(packet, "WEB.WhatsApp.com", kId).match, DnsMatch::kAnswer);
}

TEST(DnsWireTest, OtherIdsQuestionsAndQueriesAreToldApart) {
  EXPECT_EQ(ParseDnsReply(PackReply(Query(), {{"1.1.1.1"}}), kHost, kId + 1).match,
            DnsMatch::kWrongId);
  EXPECT_EQ(ParseDnsReply(PackReply(Query(), {{"1.1.1.1"}}), "signal.org", kId).match,
            DnsMatch::kUnrelated);
  EXPECT_EQ(ParseDnsReply(Query(), kHost, kId).match, DnsMatch::kUnrelated);
}

TEST(DnsWireTest, ResponseCodeIsRead) {
  EXPECT_EQ(ParseDnsReply(PackReply(Query(), {{}, 3}), kHost, kId).rcode, 3U);
}

TEST(DnsWireTest, EveryTruncationIsSurvived) {
  const std::string packet = PackReply(Query(), {{"1.1.1.1", "2.2.2.2"}});
  for (size_t size = 0; size < packet.size(); ++size) {
    EXPECT_TRUE(ParseDnsReply(packet.substr(0, size), kHost, kId).addresses.empty()) << size;
  }
}

TEST(DnsWireTest, EveryChangedByteIsSurvived) {
  const std::string packet = PackReply(Query(), {{"1.1.1.1", "2.2.2.2"}});
  for (size_t i = 0; i < packet.size(); ++i) {
    for (const char bits : {'\x01', '\x80', '\xff'}) {
      std::string changed = packet;
      changed[i] = static_cast<char>(changed[i] ^ bits);
      EXPECT_LE(ParseDnsReply(changed, kHost, kId).addresses.size(), 2U) << i;
    }
  }
}

TEST(DnsWireTest, AddressesAreCapped) {
  const DnsReply reply =
      ParseDnsReply(PackReply(Query(), {std::vector<std::string>(40, "1.1.1.1")}), kHost, kId);
  EXPECT_EQ(reply.addresses.size(), static_cast<size_t>(kAddressesPerResponseMax));
}

}  // namespace
}  // namespace sightline::probe
