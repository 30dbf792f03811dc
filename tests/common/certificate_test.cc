#include "common/certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/crypto.h"
#include "tests/agent/test_certificate.h"

namespace sightline {
namespace {

using ::testing::HasSubstr;

// From `openssl x509 -fingerprint -sha256`.
constexpr const char kCertificate[] =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBMjCB5aADAgECAhRRVlg5zCsaLQcCgLVRK1eXjBOvXTAFBgMrZXAwDzENMAsG\n"
    "A1UEAwwEdGVzdDAeFw0yNjExMjkxMzEwNTdaFw0zNjExMjYxMzEwNTdaMA8xDTAL\n"
    "BgNVBAMMBHRlc3QwKjAFBgMrZXADIQA9qfG7l0LGnqouZ9E2agcmaBhP+jbzq5Mx\n"
    "vP/j0O+v2aNTMFEwHQYDVR0OBBYEFERklhvKvyhb6sUe8jOm5JB0f4elMB8GA1Ud\n"
    "IwQYMBaAFERklhvKvyhb6sUe8jOm5JB0f4elMA8GA1UdEwEB/wQFMAMBAf8wBQYD\n"
    "K2VwA0EAf31Ec/wk5Pvd+lKIVHr6Z0UzVbbfm04hY3vBk6sLVB+dbSeVZ4fvixMM\n"
    "hL6FjuwqX+mrS+KmHjHNuhzw+QSHCQ==\n"
    "-----END CERTIFICATE-----\n";
constexpr const char kFingerprint[] =
    "b5f8eb577f3c03d6ebf8cdbaad924d89bb9d2121ee4f368c70a9cbe2384d92fb";

TEST(CertificateTest, HashIsTheFingerprintThatOpensslShows) {
  const auto facts = ReadCertificate(kCertificate);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(absl::BytesToHexString(facts->hash), kFingerprint);
  EXPECT_EQ(absl::FormatTime("%Y-%m-%d", facts->expire_time, absl::UTCTimeZone()), "2036-11-26");
}

TEST(CertificateTest, TheFirstOfAChainCounts) {
  const auto leaf = agent::MakeTestCertificate("IP:127.0.0.1", 3600);
  const auto root = agent::MakeTestCertificate("IP:127.0.0.2", 7200);
  const auto chain = ReadCertificate(absl::StrCat(leaf.certificate_pem, root.certificate_pem));
  ASSERT_TRUE(chain.ok()) << chain.status();
  EXPECT_EQ(chain->hash, ReadCertificate(leaf.certificate_pem)->hash);
  EXPECT_NE(chain->hash, ReadCertificate(root.certificate_pem)->hash);
  EXPECT_LT(chain->expire_time, absl::Now() + absl::Seconds(3601));
  EXPECT_GT(chain->expire_time, absl::Now() + absl::Seconds(3500));
}

TEST(CertificateTest, KeyOfAnotherCertificateDoesNotFit) {
  const auto one = agent::MakeTestCertificate();
  const auto two = agent::MakeTestCertificate();
  EXPECT_TRUE(CheckKeyFits(one.certificate_pem, one.key_pem).ok());
  EXPECT_THAT(std::string(CheckKeyFits(one.certificate_pem, two.key_pem).message()),
              HasSubstr("do not belong together"));
  // Another kind of key.
  EXPECT_FALSE(CheckKeyFits(one.certificate_pem, SigningKey::Generate().ToPem()).ok());
}

TEST(CertificateTest, WhatIsNoneIsRefusedInWords) {
  const auto good = agent::MakeTestCertificate();
  for (const std::string& text :
       {std::string(), std::string("hello"), good.key_pem, good.certificate_pem.substr(0, 200)}) {
    EXPECT_THAT(std::string(ReadCertificate(text).status().message()), HasSubstr("no certificate"));
  }
  EXPECT_THAT(std::string(CheckKeyFits(good.certificate_pem, good.certificate_pem).message()),
              HasSubstr("no private key"));
}

TEST(CertificateTest, NobodyIsAskedForAPassword) {
  const auto good = agent::MakeTestCertificate();
  const std::string locked =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgW0YROLR6u0wICCAAw\n"
      "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEEexc7stmymahGuXUT836DkEQMBv\n"
      "PaZ5g7ykF7vD3c+tah+A7nwvrdIGO3qFMvimYxWMBwwO673VQH97oGD2XH4bIYWT\n"
      "bJQ5jnz4185Q4gSveXo=\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  EXPECT_THAT(std::string(CheckKeyFits(good.certificate_pem, locked).message()),
              HasSubstr("behind a password"));
}

}  // namespace
}  // namespace sightline
