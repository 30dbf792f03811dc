#include "collector/own_certificate.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/certificate.h"
#include "common/files.h"
#include "common/private_file.h"

namespace sightline {
namespace {

absl::Status Annotate(absl::string_view flag, const absl::Status& status) {
  return absl::Status(status.code(), absl::StrCat(flag, ": ", status.message()));
}

}  // namespace

absl::StatusOr<CertificatePair> ReadCertificatePair(const CertificateFiles& files) {
  absl::StatusOr<std::string> certificate = SystemFiles().Read(files.certificate_path);
  if (!certificate.ok()) return Annotate("--tls-cert", certificate.status());
  absl::StatusOr<std::string> key = ReadPrivateFile(files.key_path);
  if (!key.ok()) return Annotate("--tls-key", key.status());
  return CertificatePair{*std::move(certificate), *std::move(key)};
}

absl::Status OwnCertificate::Install(CertificatePair pair) {
  const absl::StatusOr<CertificateFacts> facts = ReadCertificate(pair.certificate_pem);
  if (!facts.ok()) return Annotate("--tls-cert", facts.status());
  const absl::Status fits = CheckKeyFits(pair.certificate_pem, pair.key_pem);
  if (!fits.ok()) return Annotate("--tls-key", fits);
  // First, so that no hello that is bound to it comes too early.
  hashes_.Add(facts->hash);
  const std::lock_guard lock(mutex_);
  current_ = std::make_shared<const CertificatePair>(std::move(pair));
  expire_time_ = facts->expire_time;
  return absl::OkStatus();
}

std::shared_ptr<const CertificatePair> OwnCertificate::Current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

absl::Time OwnCertificate::expire_time() const {
  const std::lock_guard lock(mutex_);
  return expire_time_;
}

}  // namespace sightline
