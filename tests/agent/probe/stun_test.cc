#include "agent/probe/stun.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace sightline::probe {
namespace {

// RFC 5769 sections 2.2 and 2.3: responses with SOFTWARE, XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and
// FINGERPRINT.
constexpr char kIpv4Response[] =
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220"
    "002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7"
    "80280004c07d4c96";
constexpr char kIpv6Response[] =
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220"
    "002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf1"
    "1784c97c8292c275bfe3ed4180280004c8fb0b4c";
constexpr char kHeader[] = "2112a442b7e7a701bc34d686fa87dfae";
constexpr StunTransactionId kId = {0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34,
                                   0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae};

std::string Parse(absl::string_view hex) {
  const auto address = ParseStunResponse(absl::HexStringToBytes(hex), kId);
  return address.has_value() ? FormatIpAddress(*address) : "none";
}

// A response with the attributes given in hexadecimal.
std::string WithAttributes(absl::string_view attributes) {
  const std::string length = absl::StrCat(absl::Hex(attributes.size() / 2, absl::kZeroPad4));
  return Parse(absl::StrCat("0101", length, kHeader, attributes));
}

TEST(StunTest, RequestIsAHeaderWithoutAttributes) {
  EXPECT_EQ(absl::BytesToHexString(PackStunRequest(kId)), absl::StrCat("00010000", kHeader));
}

TEST(StunTest, ReadsTheResponsesOfRfc5769) {
  EXPECT_EQ(Parse(kIpv4Response), "192.0.2.1");
  EXPECT_EQ(Parse(kIpv6Response), "2001:db8:1234:5678:11:2233:4455:6677");
}

TEST(StunTest, OldServersTellTheAddressInTheClear) {
  EXPECT_EQ(WithAttributes("000100080001a147c0000201"), "192.0.2.1");
  EXPECT_EQ(WithAttributes("000100140002a14720010db8000000000000000000000001"), "2001:db8::1");
  EXPECT_EQ(WithAttributes("000100080001a147c6336401"
                           "002000080001a147e112a643"),
            "192.0.2.1")
      << "a rewriting NAT changes the plain one";
}

TEST(StunTest, FirstOfTwoAddressesCounts) {
  EXPECT_EQ(WithAttributes("002000080001a147e112a643"
                           "002000080001a147e112a644"),
            "192.0.2.1");
}

TEST(StunTest, AnythingElseIsNoAnswer) {
  const struct {
    std::string hex;
    const char* why;
  } kCases[] = {
      {"", "empty"},
      {absl::StrCat("00010000", kHeader), "the request itself, reflected"},
      {absl::StrCat("0111000c", kHeader, "002000080001a147e112a643"), "an error response"},
      {absl::StrCat("0101000c", kHeader), "longer than it is"},
      {absl::StrCat("01010000", kHeader, "002000080001a147e112a643"), "shorter than it is"},
      {"0101000c2112a442b7e7a701bc34d686fa87dfaf002000080001a147e112a643", "another transaction"},
      {"0101000c2112a443b7e7a701bc34d686fa87dfae002000080001a147e112a643", "another cookie"},
      {absl::StrCat("01010000", kHeader), "no address"},
  };
  for (const auto& in : kCases) EXPECT_EQ(Parse(in.hex), "none") << in.why;
  EXPECT_EQ(WithAttributes("0020000c0001a147e112a643"), "none") << "leaves the message";
  EXPECT_EQ(WithAttributes("002000040001a147e112a643"), "none") << "too short for its family";
  EXPECT_EQ(WithAttributes("002000080002a147e112a643"), "none") << "IPv6 of four bytes";
  EXPECT_EQ(WithAttributes("002000080003a147e112a643"), "none") << "unknown family";
  EXPECT_EQ(WithAttributes("7fff0000002000080001a147e112a643"), "none") << "must be understood";
  EXPECT_EQ(WithAttributes("ffff0000002000080001a147e112a643"), "192.0.2.1") << "optional";
}

TEST(StunTest, EveryTruncationIsRefused) {
  for (absl::string_view response : {kIpv4Response, kIpv6Response}) {
    for (size_t size = 0; size < response.size(); size += 2) {
      EXPECT_EQ(Parse(response.substr(0, size)), "none") << size;
    }
  }
}

TEST(StunTest, DamagedResponsesNeverHarm) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  const std::string genuine = absl::HexStringToBytes(kIpv6Response);
  for (int i = 0; i < 20'000; ++i) {
    std::string damaged = genuine;
    for (int j = 0; j < 3; ++j) damaged[random() % damaged.size()] = static_cast<char>(random());
    const bool other_transaction = damaged.substr(4, 16) != genuine.substr(4, 16);
    const auto address = ParseStunResponse(damaged, kId);
    if (other_transaction) {
      EXPECT_FALSE(address.has_value());
    }
  }
}

}  // namespace
}  // namespace sightline::probe
