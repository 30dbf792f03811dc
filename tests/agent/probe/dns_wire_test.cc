#include "agent/probe/dns_wire.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/agent/probe/fake_servers.h"

namespace sightline::probe {
namespace {

constexpr char kHost[] = "web.whatsapp.com";
constexpr uint16_t kId = 0x1234;
constexpr DnsQuery kQuery = {kHost, DnsType::kA, kId};
constexpr DnsQuery kQuery6 = {kHost, DnsType::kAaaa, kId};

std::string Query() { return *PackDnsQuery(kQuery); }

TEST(DnsWireTest, QuestionIsRecursiveAndForOneName) {
  const std::string expected = std::string("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00", 12) +
                               std::string(
                                   "\x03web\x08whatsapp\x03"
                                   "com\x00\x00\x01\x00\x01",
                                   22);
  EXPECT_EQ(Query(), expected);
}

TEST(DnsWireTest, WhatIsNoNameIsRefused) {
  EXPECT_FALSE(PackDnsQuery({std::string(64, 'a') + ".example"}).ok());
  EXPECT_FALSE(PackDnsQuery({"a..example"}).ok());
}

TEST(DnsWireTest, AddressesAndLifetimeAreRead) {
  const DnsReply reply =
      ParseDnsReply(PackReply(Query(), {{"31.13.72.53", "31.13.72.54"}}), kQuery);
  EXPECT_EQ(reply.match, DnsMatch::kAnswer);
  EXPECT_EQ(reply.rcode, 0U);
  EXPECT_EQ(reply.ttl_min_s, 300U);
  ASSERT_EQ(reply.addresses.size(), 2U);
  EXPECT_EQ(FormatIpAddress(reply.addresses[1]), "31.13.72.54");
}

TEST(DnsWireTest, NameIsComparedWithoutCase) {
  const std::string packet = PackReply(Query(), {{"31.13.72.53"}});
  EXPECT_EQ(ParseDnsReply(packet, {"WEB.WhatsApp.com", DnsType::kA, kId}).match, DnsMatch::kAnswer);
}

TEST(DnsWireTest, OtherIdsQuestionsAndQueriesAreToldApart) {
  EXPECT_EQ(ParseDnsReply(PackReply(Query(), {{"1.1.1.1"}}), {kHost, DnsType::kA, kId + 1}).match,
            DnsMatch::kWrongId);
  EXPECT_EQ(
      ParseDnsReply(PackReply(Query(), {{"1.1.1.1"}}), {"signal.org", DnsType::kA, kId}).match,
      DnsMatch::kUnrelated);
  EXPECT_EQ(ParseDnsReply(Query(), kQuery).match, DnsMatch::kUnrelated);
}

TEST(DnsWireTest, AddressesOfSixteenBytesAreAskedForAndRead) {
  const std::string query = *PackDnsQuery(kQuery6);
  EXPECT_EQ(query.substr(query.size() - 4), std::string("\x00\x1c\x00\x01", 4));
  const std::string packet = PackReply(query, {{"2001::1:2", "31.13.72.53"}});
  const DnsReply reply = ParseDnsReply(packet, kQuery6);
  EXPECT_EQ(reply.match, DnsMatch::kAnswer);
  ASSERT_EQ(reply.addresses.size(), 1U);
  EXPECT_EQ(FormatIpAddress(reply.addresses[0]), "2001::1:2");
  EXPECT_EQ(ParseDnsReply(packet, kQuery).match, DnsMatch::kUnrelated);
}

TEST(DnsWireTest, AddressOfTheOtherFamilyIsReadToo) {
  std::string packet = PackReply(Query(), {{"31.13.72.53"}});
  packet[Query().size() - 3] = 28;  // As if AAAA was asked.
  const DnsReply reply = ParseDnsReply(packet, kQuery6);
  EXPECT_EQ(reply.match, DnsMatch::kAnswer);
  ASSERT_EQ(reply.addresses.size(), 1U);
  EXPECT_EQ(FormatIpAddress(reply.addresses[0]), "31.13.72.53");
}

TEST(DnsWireTest, AddressesBehindAnAliasAreRead) {
  std::string packet = PackReply(Query(), {{"31.13.72.53"}});
  const std::string alias("\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x06\x03mmx\xc0\x10", 18);
  packet.insert(Query().size(), alias);
  packet[7] = 2;
  const size_t owner = Query().size() + alias.size();
  packet[owner + 1] = static_cast<char>(Query().size() + 12);  // The alias's target.
  const DnsReply reply = ParseDnsReply(packet, kQuery);
  ASSERT_EQ(reply.addresses.size(), 1U);
  EXPECT_EQ(FormatIpAddress(reply.addresses[0]), "31.13.72.53");
  EXPECT_EQ(reply.ttl_min_s, 60U);
}

TEST(DnsWireTest, TruncationIsTold) {
  EXPECT_FALSE(ParseDnsReply(PackReply(Query(), {}), kQuery).truncated);
  FakeReply cut;
  cut.truncated = true;
  EXPECT_TRUE(ParseDnsReply(PackReply(Query(), cut), kQuery).truncated);
}

TEST(DnsWireTest, BareHeaderIsAnAnswerOnlyWhenItRefuses) {
  std::string header = PackReply(Query(), {{}, 5}).substr(0, 12);
  header[5] = 0;
  EXPECT_EQ(ParseDnsReply(header, kQuery).match, DnsMatch::kAnswer);
  EXPECT_EQ(ParseDnsReply(header, kQuery).rcode, 5U);
  header[3] = '\x80';
  EXPECT_EQ(ParseDnsReply(header, kQuery).match, DnsMatch::kUnrelated);
}

TEST(DnsWireTest, ResponseCodeIsRead) {
  EXPECT_EQ(ParseDnsReply(PackReply(Query(), {{}, 3}), kQuery).rcode, 3U);
}

TEST(DnsWireTest, EveryTruncationIsSurvived) {
  const std::string packet = PackReply(Query(), {{"1.1.1.1", "2.2.2.2"}});
  for (size_t size = 0; size < packet.size(); ++size) {
    EXPECT_TRUE(ParseDnsReply(packet.substr(0, size), kQuery).addresses.empty()) << size;
  }
}

TEST(DnsWireTest, EveryChangedByteIsSurvived) {
  const std::string packet = PackReply(Query(), {{"1.1.1.1", "2.2.2.2"}});
  for (size_t i = 0; i < packet.size(); ++i) {
    for (const char bits : {'\x01', '\x80', '\xff'}) {
      std::string changed = packet;
      changed[i] = static_cast<char>(changed[i] ^ bits);
      EXPECT_LE(ParseDnsReply(changed, kQuery).addresses.size(), 2U) << i;
    }
  }
}

TEST(DnsWireTest, AddressesAreCapped) {
  const DnsReply reply =
      ParseDnsReply(PackReply(Query(), {std::vector<std::string>(40, "1.1.1.1")}), kQuery);
  EXPECT_EQ(reply.addresses.size(), static_cast<size_t>(kAddressesPerResponseMax));
}

}  // namespace
}  // namespace sightline::probe
