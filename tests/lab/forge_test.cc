#include "deploy/lab/forge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

// Last: it redefines false and true, which breaks the standard headers.
#include <ldns/ldns.h>
#undef false
#undef true

namespace sightline::lab {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr size_t kIpBytes = 20;
constexpr size_t kUdpBytes = 8;
const std::vector<std::string> kForged = {"45.70.0.1", "45.70.0.2"};
const NameSet kNames = {"web.whatsapp.com"};

// An IPv4 packet with a query from 30.11.1.2:40000 to 45.60.53.53:53; no checksums.
std::vector<uint8_t> QueryPacket(const std::string& name, ldns_rr_type type) {
  ldns_pkt* query = nullptr;
  EXPECT_EQ(ldns_pkt_query_new_frm_str(&query, name.c_str(), type, LDNS_RR_CLASS_IN, LDNS_RD),
            LDNS_STATUS_OK);
  ldns_pkt_set_id(query, 0x1234);
  uint8_t* wire = nullptr;
  size_t size = 0;
  EXPECT_EQ(ldns_pkt2wire(&wire, query, &size), LDNS_STATUS_OK);
  const size_t total = kIpBytes + kUdpBytes + size;
  std::vector<uint8_t> packet = {0x45, 0,
                                 0,    static_cast<uint8_t>(total),
                                 0,    0,
                                 0x40, 0,
                                 64,   17,
                                 0,    0,
                                 30,   11,
                                 1,    2,
                                 45,   60,
                                 53,   53,
                                 0x9c, 0x40,
                                 0,    53,
                                 0,    static_cast<uint8_t>(kUdpBytes + size),
                                 0,    0};
  packet.insert(packet.end(), wire, wire + size);
  free(wire);
  ldns_pkt_free(query);
  return packet;
}

std::vector<std::vector<uint8_t>> Forge(const std::vector<uint8_t>& packet) {
  return ForgeAnswers(packet.data(), packet.size(), kNames, kForged);
}

// One's complement sum of big-endian words, zero when the range holds a right checksum.
uint16_t ChecksumRest(std::vector<uint8_t> bytes) {
  if (bytes.size() % 2 == 1) bytes.push_back(0);
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 2)
    sum += static_cast<uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

// Type, identifier and first answer's data of the DNS message in `packet`.
std::string Answer(const std::vector<uint8_t>& packet) {
  ldns_pkt* dns = nullptr;
  EXPECT_EQ(ldns_wire2pkt(&dns, packet.data() + kIpBytes + kUdpBytes,
                          packet.size() - kIpBytes - kUdpBytes),
            LDNS_STATUS_OK);
  EXPECT_TRUE(ldns_pkt_qr(dns));
  EXPECT_EQ(ldns_pkt_id(dns), 0x1234);
  EXPECT_EQ(ldns_pkt_ancount(dns), 1);
  char* text = ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(ldns_pkt_answer(dns), 0), 0));
  std::string result = text;
  free(text);
  ldns_pkt_free(dns);
  return result;
}

TEST(ForgeTest, ListedNameGetsOneAnswerPerAddressFromTheResolver) {
  const auto answers = Forge(QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_A));
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(Answer(answers[0]), "45.70.0.1");
  EXPECT_EQ(Answer(answers[1]), "45.70.0.2");
  const std::vector<uint8_t> addresses(answers[0].begin() + 12, answers[0].begin() + 24);
  EXPECT_EQ(addresses, (std::vector<uint8_t>{45, 60, 53, 53, 30, 11, 1, 2, 0, 53, 0x9c, 0x40}));
}

TEST(ForgeTest, ChecksumsMatch) {
  for (const auto& answer : Forge(QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_A))) {
    EXPECT_EQ(ChecksumRest({answer.begin(), answer.begin() + kIpBytes}), 0);
    std::vector<uint8_t> covered(answer.begin() + 12, answer.end());
    covered.insert(covered.end(), {0, 17, answer[24], answer[25]});
    EXPECT_EQ(ChecksumRest(covered), 0);
  }
}

TEST(ForgeTest, AaaaIsForgedBelowTeredoPrefix) {
  const auto answers = Forge(QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_AAAA));
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(Answer(answers[0]).substr(0, 5), "2001:");
}

TEST(ForgeTest, NxdomainDeniesEveryTypeWithoutRecords) {
  for (const ldns_rr_type type : {LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA}) {
    const std::vector<uint8_t> query = QueryPacket("web.whatsapp.com.", type);
    const auto answers = ForgeAnswers(query.data(), query.size(), kNames, {kNxdomain});
    ASSERT_THAT(answers, SizeIs(1));
    const std::vector<uint8_t> dns(answers[0].begin() + kIpBytes + kUdpBytes, answers[0].end());
    EXPECT_EQ(dns[3] & 0x0f, LDNS_RCODE_NXDOMAIN);
    EXPECT_EQ(dns[7], 0) << "records in the answer";
  }
}

TEST(ForgeTest, WhoeverIsAskedSeemsToAnswer) {
  std::vector<uint8_t> query = QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_A);
  query[19] = 99;  // Last byte of the destination: nobody lives there.
  const auto answers = Forge(query);
  ASSERT_THAT(answers, SizeIs(2));
  EXPECT_EQ(answers[0][15], 99);
}

TEST(ForgeTest, OtherNamesAndTypesPass) {
  EXPECT_THAT(Forge(QueryPacket("www.example.com.", LDNS_RR_TYPE_A)), IsEmpty());
  EXPECT_THAT(Forge(QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_TXT)), IsEmpty());
}

TEST(ForgeTest, NamesMatchOnLabelsInAnyCase) {
  EXPECT_TRUE(IsForged(kNames, "WEB.WhatsApp.com."));
  EXPECT_TRUE(IsForged(kNames, "a.web.whatsapp.com"));
  EXPECT_FALSE(IsForged(kNames, "aweb.whatsapp.com"));
  EXPECT_FALSE(IsForged(kNames, "whatsapp.com"));
  EXPECT_FALSE(IsForged(kNames, ""));
}

TEST(ForgeTest, EveryTruncationIsIgnored) {
  const std::vector<uint8_t> packet = QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_A);
  for (size_t size = 0; size < packet.size(); ++size) {
    const std::vector<uint8_t> cut(packet.begin(),
                                   packet.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THAT(Forge(cut), IsEmpty()) << size;
  }
}

TEST(ForgeTest, EveryChangedByteIsSafe) {
  const std::vector<uint8_t> packet = QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_A);
  for (size_t i = 0; i < packet.size(); ++i) {
    for (int value = 0; value < 256; ++value) {
      std::vector<uint8_t> changed = packet;
      changed[i] = static_cast<uint8_t>(value);
      EXPECT_LE(Forge(changed).size(), kForged.size());
    }
  }
}

TEST(ForgeTest, FragmentsAnswersAndOtherPortsAreIgnored) {
  std::vector<uint8_t> fragment = QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_A);
  fragment[6] = 0x20;
  EXPECT_THAT(Forge(fragment), IsEmpty());
  std::vector<uint8_t> answer = QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_A);
  answer[kIpBytes + kUdpBytes + 2] |= 0x80;
  EXPECT_THAT(Forge(answer), IsEmpty());
  std::vector<uint8_t> port = QueryPacket("web.whatsapp.com.", LDNS_RR_TYPE_A);
  port[23] = 54;
  EXPECT_THAT(Forge(port), IsEmpty());
}

}  // namespace
}  // namespace sightline::lab
