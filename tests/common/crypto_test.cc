#include "common/crypto.h"

#include <gtest/gtest.h>

#include <random>

#include "absl/strings/escaping.h"
#include "tests/agent/test_certificate.h"

namespace sightline {
namespace {

// RFC 8032, section 7.1, test 2.
constexpr char kRfcPublicKey[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
constexpr char kRfcSignature[] =
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

TEST(CryptoTest, VerifiesThePublishedVector) {
  const auto key = VerifyKey::FromRaw(absl::HexStringToBytes(kRfcPublicKey));
  ASSERT_TRUE(key.ok());
  EXPECT_TRUE(key->Verify("", "\x72", absl::HexStringToBytes(kRfcSignature)));
  EXPECT_FALSE(key->Verify("", "\x73", absl::HexStringToBytes(kRfcSignature)));
}

TEST(CryptoTest, ASeedGivesTheKeyOfThePublishedVector) {
  const auto key = SigningKey::FromSeed(
      absl::HexStringToBytes("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(absl::BytesToHexString(key->public_key().raw()), kRfcPublicKey);
  EXPECT_EQ(absl::BytesToHexString(key->Sign("", "\x72")), kRfcSignature);
  EXPECT_FALSE(SigningKey::FromSeed("short").ok());
}

TEST(CryptoTest, HashesThePublishedVectors) {
  EXPECT_EQ(absl::BytesToHexString(Sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2.
  EXPECT_EQ(absl::BytesToHexString(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(CryptoTest, ASignatureHoldsForItsDomainAndDataOnly) {
  const SigningKey key = SigningKey::Generate();
  const std::string signature = key.Sign("a\0", "data");
  EXPECT_TRUE(key.public_key().Verify("a\0", "data", signature));
  EXPECT_FALSE(key.public_key().Verify("b\0", "data", signature));
  EXPECT_FALSE(key.public_key().Verify("a\0", "dat", signature));
  EXPECT_FALSE(key.public_key().Verify("a\0", "data", signature.substr(1)));
  EXPECT_FALSE(SigningKey::Generate().public_key().Verify("a\0", "data", signature));
}

bool OpenSslVerifies(const std::string& raw, const std::string& message,
                     const std::string& signature) {
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  const EvpKey key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(raw), raw.size()));
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const bool fits = EVP_DigestVerifyInit(context, nullptr, nullptr, nullptr, key.get()) == 1 &&
                    EVP_DigestVerify(context, bytes(signature), signature.size(), bytes(message),
                                     message.size()) == 1;
  EVP_MD_CTX_free(context);
  return fits;
}

TEST(CryptoTest, GoodAndSpoiltSignaturesAreJudgedAsOpenSslJudgesThem) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 200; ++i) {
    const SigningKey key = SigningKey::Generate();
    const std::string raw = key.public_key().raw();
    const std::string message = RandomBytes(random() % 300);
    std::string signature = key.Sign("", message);
    ASSERT_TRUE(key.public_key().Verify("", message, signature));
    ASSERT_TRUE(OpenSslVerifies(raw, message, signature));
    signature[random() % signature.size()] ^= static_cast<char>(1U << (random() % 8));
    ASSERT_FALSE(key.public_key().Verify("", message, signature));
    ASSERT_FALSE(OpenSslVerifies(raw, message, signature));
  }
}

TEST(CryptoTest, AKeyOfSmallOrderThatWouldFitAnyMessageIsRefused) {
  // The neutral element as key and as R, with S = 0, fits every message by the bare equation.
  const std::string neutral = std::string(1, '\x01') + std::string(31, '\0');
  const std::string signature = neutral + std::string(32, '\0');
  EXPECT_TRUE(OpenSslVerifies(neutral, "any", signature));
  EXPECT_FALSE(VerifyKey::FromRaw(neutral)->Verify("", "any", signature));
}

TEST(CryptoTest, KeysSurvivePem) {
  const SigningKey key = SigningKey::Generate();
  const auto again = SigningKey::FromPem(key.ToPem());
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->public_key().raw(), key.public_key().raw());
  const auto public_key = VerifyKey::FromPem(key.public_key().ToPem());
  ASSERT_TRUE(public_key.ok());
  EXPECT_EQ(public_key->Id(), key.public_key().Id());
}

TEST(CryptoTest, DamagedKeysAreRefusedInWords) {
  EXPECT_EQ(VerifyKey::FromRaw("short").status().message(),
            "a public key has 32 bytes, this one has 5");
  EXPECT_FALSE(VerifyKey::FromPem("nonsense").ok());
  EXPECT_FALSE(SigningKey::FromPem(SigningKey::Generate().public_key().ToPem()).ok());
}

TEST(CryptoTest, WholeCertificatesAreCounted) {
  const std::string one = agent::MakeTestCertificate().certificate_pem;
  EXPECT_EQ(CountCertificates(one), 1);
  EXPECT_EQ(CountCertificates("Words before\n" + one + "and between\n" + one), 2);
  EXPECT_EQ(CountCertificates(""), std::nullopt);
  EXPECT_EQ(CountCertificates("words"), std::nullopt);
  EXPECT_EQ(CountCertificates(one.substr(0, one.size() / 2)), std::nullopt);
  EXPECT_EQ(CountCertificates(one + one.substr(0, one.size() / 2)), std::nullopt);
}

}  // namespace
}  // namespace sightline
