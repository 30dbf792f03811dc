#include "collector/certificate_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "common/certificate.h"
#include "common/crypto.h"
#include "common/files.h"
#include "tests/agent/test_certificate.h"
#include "tests/common/temp_folder.h"

namespace sightline {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string HashOf(const agent::TestCertificate& certificate) {
  return ReadCertificate(certificate.certificate_pem)->hash;
}

class CertificateWatchTest : public ::testing::Test {
 protected:
  CertificateWatchTest() {
    Write(first_);
    const absl::Status loaded = watch_.Load();
    EXPECT_TRUE(loaded.ok()) << loaded;
  }
  void WriteFile(const std::string& path, const std::string& text) {
    ASSERT_TRUE(SystemFiles().WriteAtomically(path, text, 0600).ok());
  }
  void Write(const agent::TestCertificate& certificate) {
    WriteFile(certificate_path_, certificate.certificate_pem);
    WriteFile(key_path_, certificate.key_pem);
  }
  std::string InForce() const { return certificate_.hashes().Get().at(0); }
  double Installed() { return metrics_.TlsReloaded("installed").Value(); }
  double Refused() { return metrics_.TlsReloaded("refused").Value(); }

  const TempFolder folder_;
  const std::string certificate_path_ = folder_ / "cert.pem";
  const std::string key_path_ = folder_ / "key.pem";
  const agent::TestCertificate first_ = agent::MakeTestCertificate();
  const agent::TestCertificate second_ = agent::MakeTestCertificate("IP:127.0.0.1", 7200);
  Metrics metrics_;
  OwnCertificate certificate_;
  CertificateWatch watch_{{certificate_path_, key_path_}, certificate_, metrics_};
};

TEST_F(CertificateWatchTest, ANewPairIsTakenOnceItHasSettled) {
  watch_.Look();
  Write(second_);
  watch_.Look();
  EXPECT_EQ(InForce(), HashOf(first_));
  watch_.Look();
  EXPECT_EQ(InForce(), HashOf(second_));
  EXPECT_EQ(certificate_.Current()->key_pem, second_.key_pem);
  EXPECT_EQ(Installed(), 1);
  EXPECT_EQ(metrics_.tls_certificate_expire_time.Value(),
            absl::ToDoubleSeconds(ReadCertificate(second_.certificate_pem)->expire_time -
                                  absl::UnixEpoch()));
  // Hellos that are bound to the one before hold.
  EXPECT_THAT(certificate_.hashes().Get(), ElementsAre(HashOf(second_), HashOf(first_)));
  watch_.Look();
  EXPECT_EQ(Installed(), 1);
  EXPECT_EQ(Refused(), 0);
}

TEST_F(CertificateWatchTest, ReloadTakesItAtOnce) {
  Write(second_);
  watch_.Reload();
  EXPECT_EQ(InForce(), HashOf(second_));
  EXPECT_EQ(Installed(), 1);
}

TEST_F(CertificateWatchTest, HalfOfARenewalIsNoError) {
  watch_.Look();
  WriteFile(certificate_path_, second_.certificate_pem);
  watch_.Look();
  WriteFile(key_path_, second_.key_pem);
  watch_.Look();
  watch_.Look();
  EXPECT_EQ(InForce(), HashOf(second_));
  EXPECT_EQ(Refused(), 0);
}

TEST_F(CertificateWatchTest, APairThatDoesNotBelongTogetherIsRefusedOnceAndTheOldOneStays) {
  WriteFile(certificate_path_, second_.certificate_pem);
  for (int i = 0; i < 5; ++i) watch_.Look();
  EXPECT_EQ(InForce(), HashOf(first_));
  EXPECT_EQ(certificate_.Current()->certificate_pem, first_.certificate_pem);
  EXPECT_EQ(Refused(), 1);
  // What is put right is taken.
  WriteFile(key_path_, second_.key_pem);
  for (int i = 0; i < 2; ++i) watch_.Look();
  EXPECT_EQ(InForce(), HashOf(second_));
  EXPECT_EQ(Installed(), 1);
}

TEST_F(CertificateWatchTest, FilesThatCannotBeUsedAreRefusedAndTheOldPairStays) {
  const std::function<void()> damages[] = {
      [&] { ASSERT_TRUE(SystemFiles().Remove(key_path_).ok()); },
      [&] { ASSERT_TRUE(SystemFiles().Remove(certificate_path_).ok()); },
      [&] { WriteFile(certificate_path_, "nonsense"); }, [&] { WriteFile(key_path_, ""); },
      [&] {
        Write(second_);
        ASSERT_EQ(chmod(key_path_.c_str(), 0644), 0);
      }};
  double refused = 0;
  for (const auto& damage : damages) {
    damage();
    for (int i = 0; i < 3; ++i) watch_.Look();
    EXPECT_EQ(Refused(), ++refused);
    EXPECT_EQ(InForce(), HashOf(first_));
    Write(first_);
    for (int i = 0; i < 3; ++i) watch_.Look();
  }
}

TEST_F(CertificateWatchTest, AtTheStartEveryProblemNamesItsFlag) {
  const auto load = [&] {
    OwnCertificate certificate;
    CertificateWatch watch({certificate_path_, key_path_}, certificate, metrics_);
    return std::string(watch.Load().message());
  };
  EXPECT_EQ(load(), "");
  ASSERT_EQ(chmod(key_path_.c_str(), 0640), 0);
  EXPECT_THAT(load(), AllOf(HasSubstr("--tls-key: "), HasSubstr("chmod 600")));
  WriteFile(key_path_, second_.key_pem);
  ASSERT_EQ(chmod(key_path_.c_str(), 0600), 0);
  EXPECT_THAT(load(), AllOf(HasSubstr("--tls-key: "), HasSubstr("do not belong together")));
  WriteFile(certificate_path_, "nonsense");
  EXPECT_THAT(load(), AllOf(HasSubstr("--tls-cert: "), HasSubstr("no certificate")));
  ASSERT_TRUE(SystemFiles().Remove(certificate_path_).ok());
  EXPECT_THAT(load(), AllOf(HasSubstr("--tls-cert: "), HasSubstr("cert.pem")));
}

TEST_F(CertificateWatchTest, TheThreadLooksByItself) {
  watch_.Start(std::chrono::milliseconds(1));
  Write(second_);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (Installed() == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(InForce(), HashOf(second_));
}

TEST(CertificateHashesTest, TheLastFourCountTheNewestFirst) {
  CertificateHashes hashes;
  EXPECT_THAT(hashes.Get(), ElementsAre());
  for (const char* hash : {"a", "b", "c", "d", "e"}) hashes.Add(hash);
  EXPECT_THAT(hashes.Get(), ElementsAre("e", "d", "c", "b"));
  hashes.Add("c");
  EXPECT_THAT(hashes.Get(), ElementsAre("c", "e", "d", "b"));
}

}  // namespace
}  // namespace sightline
