#include "agent/probe/xeddsa.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/agent/probe/noise_server.h"

namespace sightline::probe {
namespace {

// 2^255 - 19 + `offset`, little-endian; offset at least -1.
std::string PrimePlus(int offset) {
  std::string bytes(32, '\xff');
  bytes.front() = static_cast<char>(0xed + offset);
  bytes.back() = '\x7f';
  return bytes;
}

TEST(XeddsaTest, SignaturesOfEitherSignAreVerified) {
  int negative = 0;
  for (int i = 0; i < 20; ++i) {
    const XeddsaKey key("key " + std::to_string(i));
    const std::string signature = key.Sign("message");
    negative += (signature.back() & 0x80) != 0 ? 1 : 0;
    EXPECT_TRUE(VerifyXeddsa(key.public_key(), "message", signature)) << i;
    EXPECT_FALSE(VerifyXeddsa(key.public_key(), "massage", signature)) << i;
    EXPECT_FALSE(VerifyXeddsa(XeddsaKey("other").public_key(), "message", signature)) << i;
  }
  EXPECT_GT(negative, 0);
  EXPECT_LT(negative, 20);
}

TEST(XeddsaTest, EveryFlippedBitOfTheSignatureIsRefused) {
  const XeddsaKey key("key");
  for (size_t bit = 0; bit < 8 * kXeddsaSignatureBytes; ++bit) {
    std::string signature = key.Sign("message");
    signature[bit / 8] = static_cast<char>(signature[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(VerifyXeddsa(key.public_key(), "message", signature)) << bit;
  }
}

TEST(XeddsaTest, EveryFlippedBitOfTheKeyIsRefused) {
  const XeddsaKey key("key");
  const std::string signature = key.Sign("message");
  for (size_t bit = 0; bit < 8 * key.public_key().size(); ++bit) {
    std::string other = key.public_key();
    other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(VerifyXeddsa(other, "message", signature)) << bit;
  }
}

TEST(XeddsaTest, OtherSizesAreRefused) {
  const XeddsaKey key("key");
  const std::string signature = key.Sign("message");
  EXPECT_FALSE(VerifyXeddsa("", "message", signature));
  EXPECT_FALSE(VerifyXeddsa(key.public_key().substr(1), "message", signature));
  EXPECT_FALSE(VerifyXeddsa("\x05" + key.public_key(), "message", signature));
  EXPECT_FALSE(VerifyXeddsa(key.public_key(), "message", ""));
  EXPECT_FALSE(VerifyXeddsa(key.public_key(), "message", signature.substr(0, 63)));
  EXPECT_FALSE(VerifyXeddsa(key.public_key(), "message", signature + '\0'));
}

TEST(XeddsaTest, AScalarBeyondTheGroupOrderIsRefused) {
  const XeddsaKey key("key");
  std::string signature = key.Sign("message");
  // s + L fits as well as s, were it let through.
  const std::string order(
      "\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14"
      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x10",
      32);
  const auto sign = static_cast<unsigned char>(signature.back() & 0x80);
  signature.back() = static_cast<char>(signature.back() & 0x7f);
  unsigned carry = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    carry += static_cast<unsigned char>(signature[32 + i]);
    carry += static_cast<unsigned char>(order[i]);
    signature[32 + i] = static_cast<char>(carry);
    carry >>= 8U;
  }
  signature.back() = static_cast<char>(signature.back() | sign);
  EXPECT_FALSE(VerifyXeddsa(key.public_key(), "message", signature));
}

// The point of order 2 makes R = identity, s = 0 fit every second message.
TEST(XeddsaTest, KeysForWhichAnyoneCanSignAreRefused) {
  std::string signature(64, '\0');
  signature.front() = '\x01';
  std::string one(32, '\0');
  one.front() = '\x01';
  const std::string zero(32, '\0');
  for (const std::string& key : {zero, one}) {
    for (const char sign : {'\0', '\x80'}) {
      signature.back() = sign;
      for (int i = 0; i < 64; ++i) {
        EXPECT_FALSE(VerifyXeddsa(key, std::to_string(i), signature)) << i;
      }
    }
  }
}

TEST(XeddsaTest, NumbersThatAreNoKeyAreRefused) {
  std::string signature(64, '\0');
  signature.front() = '\x01';
  for (int offset = -1; offset <= 18; ++offset) {
    for (int i = 0; i < 16; ++i) {
      EXPECT_FALSE(VerifyXeddsa(PrimePlus(offset), std::to_string(i), signature)) << offset;
    }
  }
}

}  // namespace
}  // namespace sightline::probe
